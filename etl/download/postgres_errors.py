"""What PostgreSQL and the way to it raise, as sentences: where in the file, whether a retry may cure it, and how."""

import re

import psycopg2

from etl.core.errors import SourceError
from etl.download.query import Query

_PASSING = ("08", "40001", "40P01", "53300", "55P03", "57P0")
"""How the codes begin of faults that pass: connections, conflicts, deadlocks, slots, locks, shutdowns."""

_CURES = (
    ("statement timeout", "Raise it for the role (ALTER ROLE … SET statement_timeout), or make the query lighter."),
    ("lock timeout", "Look who holds the lock (pg_locks); SOURCE_LOCK_SECONDS is how long we wait for it."),
    (
        "conflict with recovery",
        "The standby gave way to its primary: turn hot_standby_feedback on, or raise max_standby_streaming_delay.",
    ),
    ("too many", "Raise the server's or the role's connection limit, or lower WORKERS."),
    ("user request", "Somebody cancelled the query at the server; run it again."),
)


def fault_of(error: psycopg2.Error, query: Query) -> SourceError:
    """Explain an error that the server sent about a query. Raises nothing."""
    code = error.pgcode or ""
    transient = code.startswith(_PASSING)
    blamed = f"{query.path}{'' if transient else _line_of(error, query)}"
    return SourceError(f"{blamed}: {_first_line(error)}", _hint_of(error), transient=transient)


def _first_line(error: psycopg2.Error) -> str:
    return (error.diag.message_primary or str(error)).partition("\n")[0].rstrip(".") + "."


def _line_of(error: psycopg2.Error, query: Query) -> str:
    """Find the .sql file's line: our own text puts one line before the file's first, and one after its last."""
    match = re.search(r"^LINE (\d+):", str(error), re.MULTILINE)
    if match is None or error.diag.statement_position is None:  # without it, the line is one of a function's
        return ""
    return f":{min(int(match[1]) - 1, query.sql.count(chr(10)) + 1)}"


def _hint_of(error: psycopg2.Error) -> str:
    cures = (cure for mark, cure in _CURES if mark in str(error))
    return next(cures, None) or error.diag.message_hint or "Run the query in psql; the source may have been changed."
