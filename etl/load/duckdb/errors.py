"""DuckDB's errors as sentences."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from etl.core.errors import WarehouseError
from etl.core.personal import without_values

_NO_ROOM = "DuckDB's memory limit was reached"
_SHORTEN = "Shorten the longest texts of the tables in build."
_KNOWN = (
    ("set lock on file", "another program has it open for writing", "Close it there, or open it read-only."),
    ("not a valid DuckDB", "it is not a DuckDB file", "Name another file in DUCKDB_FILE, or move that one away."),
    ("version number", "a newer DuckDB wrote it", "Update DuckDB here, or move the file away."),
    ("serialization version", "a newer DuckDB wrote it", "Update DuckDB here, or move the file away."),
    ("Corrupt database file", "it is damaged", "Move it away: it is filled again from the star."),
    ("No space left", "the disk is full", "Make room on that disk."),
    (
        "Constraint Error",
        "a constraint or unique index that somebody added to a published table does not allow the new rows",
        "Look at duckdb_constraints() and duckdb_indexes() in that file, and drop it.",
    ),
    ("Permission denied", "this user may not", "Let this user read and write there."),
    ("could not allocate", _NO_ROOM, _SHORTEN),
    ("Out of Memory", _NO_ROOM, _SHORTEN),
)

_OF_SQL = ("Catalog Error", "Parser Error", "Binder Error")
"""What DuckDB says of a query that it cannot run."""

_SYSTEM = ("pg_", "duckdb_", "sqlite_", "pragma_", "information_schema", "system.")
"""How the names begin of tables of DuckDB's own, which nobody means."""

_ABOUT_VALUES = ("Conversion Error", "Constraint Error", "Invalid Input Error", "Out of Range Error")
"""What may quote a value of the data, which may be personal."""


READING = "reading"
"""What is done to the file when a query is run that only reads."""


class NoRoomError(WarehouseError):
    """DuckDB found no memory, be it when it committed."""


@contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turn what DuckDB or the file system raises into a WarehouseError. doing: e.g. "reading"."""
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        if doing == READING and str(error).startswith(_OF_SQL):
            raise _of_sql(str(error)) from None
        why, hint = _reason(str(error))
        kind = NoRoomError if why == _NO_ROOM else WarehouseError
        raise kind(f"The DuckDB file failed while {doing} {path}: {why}.", hint) from None
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        why, hint = _reason(said)
        hint = hint if why != said else "Choose a folder that this user may write in."
        raise WarehouseError(f"The DuckDB file failed while {doing} {path}: {why}.", hint) from None


def _of_sql(message: str) -> WarehouseError:
    """Explain a query that somebody wrote; DuckDB knows names that are like the wrong one."""
    said = message.partition("\n")[0].partition(": ")[2].rstrip(".!")
    meant = re.search(r"(?:Did you mean|Candidate bindings:) \"?([^\n]*?)\"?\??$", message, re.MULTILINE)
    hint = "Did you mean {}?".format(meant[1].replace('"', "")) if meant else "Correct the SQL; it is DuckDB's."
    if meant and meant[1].startswith(_SYSTEM):
        hint = "SELECT DISTINCT table_name FROM etl_runs names the published tables."
    return WarehouseError(f"The query cannot be run: {said}.", hint)


def _reason(message: str) -> tuple[str, str]:
    for mark, why, hint in _KNOWN:
        if mark in message:
            return why, hint
    said = message.partition("\n")[0].rstrip(".!")
    return without_values(said) if said.startswith(_ABOUT_VALUES) else said, "Read what DuckDB says."
