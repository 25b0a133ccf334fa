"""What PostgreSQL and the way to it raise, as sentences: where in the file, whether a retry may cure it, and how."""

import re

import psycopg2

from etl.company.queries import Query
from etl.core.errors import SourceError

_PASSING = ("08", "40001", "40P01", "53300", "55P03", "57P0")
"""How the codes begin of faults that pass: connections, conflicts, deadlocks, slots, locks, shutdowns."""

_REFUSED = (
    *("authentication failed", "no password", "no pg_hba.conf entry", "does not exist"),
    *("not permitted to log in", "permission denied for database"),
)
"""What a server says who is reached and lets nobody in; such a fault has no code."""

_CURES = (
    (
        "statement timeout",
        "Make the query lighter, or raise SOURCE_STATEMENT_SECONDS (of the role: ALTER ROLE … SET statement_timeout).",
    ),
    ("transaction timeout", "Let the role's transactions last: ALTER ROLE … SET transaction_timeout = 0."),
    ("lock timeout", "Look who holds the lock (pg_locks); SOURCE_LOCK_SECONDS is how long we wait for it."),
    (
        "conflict with recovery",
        "The standby gave way to its primary: turn hot_standby_feedback on, or raise max_standby_streaming_delay.",
    ),
    ("terminating connection", "The server was shut down, or somebody ended the session; look into its log."),
    (
        "out of shared memory",
        "Raise max_locks_per_transaction at the server: every table, partition and index is locked.",
    ),
    ("too many", "Raise the server's or the role's connection limit, or lower WORKERS."),
    ("connection slots", "Raise the server's connection limit, or lower WORKERS."),
    ("user request", "Somebody cancelled the query at the server; run it again."),
    (
        "row-level security policy",
        "Policies hide rows of that table from this role. ALTER ROLE … BYPASSRLS, or, if it is meant to see only its"
        " part, write `-- row security: expected` into the query's header.",
    ),
)

_ENCODING = ("22021", "22P05")
_SAY_THE_ENCODING = (
    "Say in the query how they are written, e.g. in LATIN1:"
    " convert_from(convert(convert_to(name, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'UTF8') AS name."
)

_CURES_BY_CODE = (
    (
        "42501",
        "Let the role read it: GRANT SELECT ON … TO it, and GRANT USAGE ON SCHEMA … where the schema is its own.",
    ),
    ("42P01", "Look whether the table was renamed or dropped, and write its schema: schema.table."),
    ("42703", "Look whether the column was renamed or dropped at the source."),
    ("42", "Correct the query at that line."),
    ("22012", "Divide by NULLIF(…, 0)."),
    ("22003", "Compute in a wider type: write ::bigint or ::numeric before the arithmetic."),
    (_ENCODING, "Look which text cannot be written in UTF-8, and convert it in the query."),
    (
        "22",
        "A row holds what cannot be converted: convert only what fits, CASE WHEN x ~ '^[0-9]+$' THEN x::int END.",
    ),
    ("25006", "A source is only read: leave out of the query what writes, also within functions."),
    ("53", "The server has run out of disk or memory: make the query lighter (fewer sorts), or look into its log."),
)
"""How codes begin, and what cures such a fault."""

_LIKE_US = "Run it in psql as the same role, after SET TimeZone = 'UTC', as it is run here."


def fault_of(
    error: psycopg2.Error, query: Query, locked: type[SourceError] = SourceError, encoding: str = "UTF8"
) -> SourceError:
    """Explain an error that the server sent about a query.

    locked: its kind where a lock was not to be had; encoding: the database's.
    """
    code = error.pgcode or ""
    transient = code.startswith(_PASSING)
    blamed = f"{query.path}{'' if transient else _line_of(error, query)}"
    kind = locked if code == "55P03" else SourceError
    reason = first_line(error)
    if code == "P0001" and query.is_personal:
        reason = "a function of the source raised an error, whose text may hold personal data."
    if code in _ENCODING and encoding == "SQL_ASCII":
        told = f"{reason[:-1]}; the database's encoding is SQL_ASCII, which does not say how its texts are written."
        return kind(f"{blamed}: {told}", _SAY_THE_ENCODING)
    return kind(f"{blamed}: {reason}", _hint_of(error), transient=transient)


def lost(error: psycopg2.Error, name: str, where: str, query: Query | None) -> SourceError:
    """Explain an error without a word of the server's about the statement: there is no connection, or no longer.

    name, where: the source; query: the one that it was for.
    """
    reason = " ".join(str(error).split()).rstrip(".") + "."
    if "no message from the libpq" in reason:  # what the driver says of a COPY whose connection breaks
        reason = "it was cut in the midst of an answer."
    setting = f"SOURCE_{name.upper()}_URL"
    if any(mark in reason for mark in _REFUSED):
        return SourceError(
            f"The source {name} at {where} refused us: {reason}",
            f"Correct the user or the database in {setting}, or the password there or in"
            f" SOURCE_{name.upper()}_PASSWORD.",
        )
    what = (
        f"{query.path}: the connection to the source {name} at {where} failed"
        if query
        else (f"The source {name} at {where} cannot be reached")
    )
    hint = _cure_of(error) or (
        f"Look whether it runs and {setting} is right. (The sample's runs within `python -m sample run …`.)"
    )
    return SourceError(f"{what}: {reason}", hint, transient=True)


def first_line(error: psycopg2.Error) -> str:
    """Return what the server said, as a sentence."""
    return (error.diag.message_primary or str(error)).partition("\n")[0].rstrip(".") + "."


def _line_of(error: psycopg2.Error, query: Query) -> str:
    """Find the .sql file's line: our own text puts one line before the file's first, and one after its last."""
    match = re.search(r"^LINE (\d+):", str(error), re.MULTILINE)
    if match is None or error.diag.statement_position is None:  # without it, the line is one of a function's
        return ""
    return f":{min(int(match[1]) - 1, query.sql.count(chr(10)) + 1)}"


def _hint_of(error: psycopg2.Error) -> str:
    code = error.pgcode or ""
    by_code = next((cure for begin, cure in _CURES_BY_CODE if code.startswith(begin)), None)
    return _cure_of(error) or error.diag.message_hint or by_code or _LIKE_US


def _cure_of(error: psycopg2.Error) -> str | None:
    return next((cure for mark, cure in _CURES if mark in str(error)), None)
