"""What databases and their drivers raise, as sentences: whether a retry may cure it, and how a person does."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from etl.company.queries import Query
from etl.core.errors import EtlError, SourceError, UsageError
from etl.download.source import Plan

DRIVER_FAULTS = (SQLAlchemyError, TypeError, ValueError, AttributeError, LookupError, OSError, RuntimeError)
"""What is raised where a connection is made: drivers refuse an option of a URL in whatever way Python refuses it."""


class DriverError(Exception):
    """A fault of the driver's, its cause, where a connection is made."""


_PASSING = frozenset(
    (
        *(1040, 1203, 1226),  # no more connections just now
        *(1205, 1213, 1412),  # a lock, a deadlock, a table that was altered: "please retry transaction"
        *(1317, 1927),  # somebody killed the query, or the connection
        *(1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 4031),  # shutdowns, cut connections
        *(2002, 2003, 2005, 2006, 2013, 2055),  # what clients say of a server that is not there, or no longer
    )
)
"""Numbers of faults of MySQL and MariaDB that pass."""

_BUSY, _LOCKED, _PROTOCOL, _SCHEMA = 5, 6, 15, 17
_PASSING_IN_SQLITE = frozenset((_BUSY, _LOCKED, _PROTOCOL, _SCHEMA))

_CONNECTION = "08"
_PASSING_STATES = (_CONNECTION, "40001", "40P01", "53300", "57P0", "HYT0")
"""How the SQLSTATEs begin of faults that pass."""

_PASSING_TEXTS = re.compile("could not set lock|connection not available|lost connection|gone away", re.IGNORECASE)
"""What drivers say without a number when a file is taken or a connection is gone."""

_REFUSED = re.compile(
    r"character set|access denied"
    r"|login failed|logon denied|password|authenti|not allowed to connect|is blocked|unknown database"
    r"|cannot open database|does not exist|unable to open database|not a database"
    r"|ORA-0(?:1017|1045)|ORA-2800[01]|ORA-12514",
    re.IGNORECASE,
)
"""What a server says that is reached and lets nobody in; trying it again may lock the account."""
_REFUSALS = frozenset(
    (1044, 1045, 1049, 1130, 1129, 1227, 1251, 1698, 1820, 1862, 2019, 2026, 2049, 2054, 2059, 2061, 3118)
)

_CURES: dict[int | str, str] = {
    1044: "Let the database's owner GRANT SELECT on it, or write its right name into {setting}.",
    1045: "Write the right user and password into {setting}.",
    1698: "Write the right user and password into {setting}; root may sign in over the socket only.",
    1049: "Write the database's right name into {setting}.",
    1130: "Let the account sign in from this machine: CREATE USER 'name'@'host'.",
    1054: "Write the column's name as DESCRIBE shows it.",
    1060: "Give each column a name of its own (AS).",
    1064: "Write it as this version of the database knows it.",
    1142: "Let the table's owner GRANT SELECT on it to the account of {setting}.",
    1143: "Let the table's owner GRANT SELECT on it to the account of {setting}.",
    1146: "Write the table's name as SHOW TABLES shows it, with its database before it: shop.orders.",
    1205: "Look who holds the lock (SHOW ENGINE INNODB STATUS); SOURCE_LOCK_SECONDS is how long we wait for it.",
    1317: "Somebody killed the query at the server; run it again.",
    1412: "A table was altered during the night; run it again.",
    1969: "Make the query lighter, or raise SOURCE_STATEMENT_SECONDS.",
    _BUSY: "Somebody writes to the file: PRAGMA journal_mode = WAL lets both work, else we wait SOURCE_LOCK_SECONDS.",
}
_CURES[3024] = _CURES[1969]

_BY_TEXT = (
    ("no such table", "Write the table's name as .tables shows it, and look whether {setting} names the right file."),
    ("no such column", "Write the column's name as .schema shows it."),
    ("decode to utf-8", "Read the column as it is: CAST(name AS BLOB) AS name."),
    ("not a database", "Write the path of the database's file into {setting}."),
    ("unable to open", "Look at the file's path in {setting}, and whether we may read it and its folder."),
    ("set lock", "Somebody has the file open to write; SOURCE_PATIENCE is how long we try again."),
    ("pytz", "Install it: .venv/bin/pip install pytz."),
)
_CRYPTO = "cryptography"


def no_driver(name: str, error: NoSuchModuleError | ImportError) -> UsageError:
    """Explain that a source's driver is not there."""
    return UsageError(
        f"SOURCE_{name.upper()}_URL needs a database driver that is not installed: {error}.",
        "Write the driver into a file requirements-own.txt, and run .venv/bin/pip install -r requirements-own.txt, as"
        " nightly.sh does by itself; docs/sources.md names the drivers.",
    )


def unreachable(error: BaseException, name: str, where: str, seconds: float | None) -> EtlError:
    """Explain why there is no connection. seconds: after how many it was given up, None if it was not."""
    setting = f"SOURCE_{name.upper()}_URL"
    if seconds is not None:
        return SourceError(
            f"The source {name} at {where} cannot be reached: it did not answer within {seconds:.0f} seconds.",
            "Check that it is running, and that no firewall, tunnel or proxy blocks the connection.",
            transient=True,
        )
    if isinstance(error, ImportError):
        return no_driver(name, error)
    reason, code = reason_of(error), _code(error)
    if not isinstance(error, DBAPIError):
        cure = f"Install what the driver asks for: .venv/bin/pip install {_CRYPTO}." if _CRYPTO in reason else ""
        return UsageError(
            f"{setting} cannot be used: its driver says {reason}",
            cure or "Look at the options behind the ? of the URL: the driver's documentation names them.",
        )
    if code in _REFUSALS or (code not in _PASSING and not _passes(error) and _REFUSED.search(reason)):
        cure = _cure(error, setting) or f"Look whether user, password and database in {setting} are right."
        return SourceError(f"The source {name} at {where} refused us: {reason}", cure)
    cure = _cure(error, setting) or f"Look whether it runs and {setting} is right."
    return SourceError(f"The source {name} at {where} cannot be reached: {reason}", cure, transient=True)


def fault_of(error: Exception, query: Query, source: str, cut: str | None) -> SourceError:
    """Explain a fault of a query. source: its name; cut: why we ended it ourselves, None if we did not."""
    setting = f"SOURCE_{source.upper()}_URL"
    if cut:
        return SourceError(
            f"{query.path}: the connection to the source {source} was cut: {cut}.",
            "Make the query lighter, or raise the setting."
            if "SOURCE_" in cut
            else "Look whether the server runs, and what stands between: a firewall, a tunnel, a proxy.",
            transient="SOURCE_" not in cut,
        )
    transient = _passes(error)
    line = "" if transient else _line_of(error, query)
    cure = _cure(error, setting) or (
        f"Look into the log of the source {source}; SOURCE_PATIENCE is how long we try again."
        if transient
        else "Run the query at the database as the account of the settings, to which it says so."
    )
    return SourceError(f"{query.path}{line}: {reason_of(error)}", cure, transient=transient)


def unwritable(plan: Plan, row: Any, kind: str) -> SourceError:
    """Say which column it is whose value cannot be written."""
    found = (c.name for c, value in zip(plan.columns, row, strict=True) if type(value).__name__ == kind)
    name = next(found, "a column")
    return SourceError(
        f"{plan.query.path}: {name} holds a value of Python's class {kind}, which has no text of its own.",
        f"Cast it in the query: CAST({name} AS CHAR) AS {name}, or as this database writes it.",
    )


def check_file(name: str, url: URL, where: str) -> None:
    """Refuse a file that is not there: it would be made."""
    file = url.database or ":memory:"
    if not file.startswith((":", "file:")) and not Path(file).is_file():
        raise SourceError(
            f"The source {name} at {where} cannot be reached: there is no file {Path(file).absolute()}.",
            f"Look whether SOURCE_{name.upper()}_URL is right.",
        )


def reason_of(error: BaseException) -> str:
    """Give what the database or its driver said, as a sentence."""
    original: Any = error.orig if isinstance(error, DBAPIError) else error
    args: tuple[Any, ...] = getattr(original, "args", ())
    numbered = len(args) > 1 and isinstance(args[0], int) and isinstance(args[1], str)
    text = getattr(original, "msg", None) or (args[1] if numbered else str(original)) or type(original).__name__
    code = _code(error)
    told = " ".join(str(text).split()).rstrip(".")
    return f"{told}{f' (error {code})' if code and code > 999 else ''}."


def _passes(error: BaseException) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original: Any = error.orig
    if (sqlite := getattr(original, "sqlite_errorcode", None)) is not None:
        return (sqlite & 0xFF) in _PASSING_IN_SQLITE
    state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
    return _code(error) in _PASSING or state.startswith(_PASSING_STATES) or bool(_PASSING_TEXTS.search(str(original)))


def _code(error: BaseException) -> int | None:
    """Give the number of a fault of MySQL's, or of SQLite's, as its driver tells it."""
    original: Any = error.orig if isinstance(error, DBAPIError) else None
    for code in (getattr(original, "errno", None), *getattr(original, "args", ())[:1]):
        if isinstance(code, int) and code > 0:
            return code
    sqlite = getattr(original, "sqlite_errorcode", None)
    return None if sqlite is None else int(sqlite) & 0xFF


def _cure(error: BaseException, setting: str) -> str | None:
    text = reason_of(error).lower()
    found = _CURES.get(_code(error) or 0) or next((cure for mark, cure in _BY_TEXT if mark in text), None)
    return found.format(setting=setting) if found else None


def _line_of(error: BaseException, query: Query) -> str:
    """Find the .sql file's line: our own text puts one line before the file's first, and one after its last."""
    match = re.search(r"at line (\d+)$", reason_of(error).partition(" (error")[0])
    return f":{min(max(int(match[1]) - 1, 1), query.sql.count(chr(10)) + 1)}" if match else ""
