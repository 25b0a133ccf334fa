"""The faults of SQLite, by their numbers and by what it says."""

from typing import Any

from etl.download.generic.faults import Faults

_BUSY, _LOCKED, _PROTOCOL, _SCHEMA = 5, 6, 15, 17


class _Sqlite(Faults):
    def number(self, original: Any) -> int | None:
        """Return the number without what details it."""
        code = getattr(original, "sqlite_errorcode", None)
        return None if code is None else int(code) & 0xFF


FAULTS = _Sqlite(
    passing=frozenset((_BUSY, _LOCKED, _PROTOCOL, _SCHEMA)),
    refused="unable to open database|not a database",
    cures={
        _BUSY: "Somebody writes to the file: PRAGMA journal_mode = WAL lets both work, else we wait"
        " SOURCE_LOCK_SECONDS."
    },
    cures_said=(
        (
            "no such table",
            "Write the table's name as .tables shows it, and look whether {setting} names the right file.",
        ),
        ("no such column", "Write the column's name as .schema shows it."),
        ("decode to utf-8", "Read the column as it is: CAST(name AS BLOB) AS name."),
        ("not a database", "Write the path of the database's file into {setting}."),
        ("unable to open", "Look at the file's path in {setting}, and whether we may read it and its folder."),
    ),
)
