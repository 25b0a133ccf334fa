"""What databases and their drivers raise, as sentences: whether a retry may cure it, and what a person does."""

from pathlib import Path
from shlex import quote

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from config.paths import IS_CLONE, ROOT
from etl.company.queries import Query
from etl.core.errors import EtlError, SourceError, UsageError
from etl.download.generic.faults import Faults

DRIVER_FAULTS = (SQLAlchemyError, TypeError, ValueError, AttributeError, LookupError, OSError, RuntimeError)
"""What is raised where a connection is made: drivers refuse an option of a URL in whatever way Python refuses it."""


_SET_UP = (
    f"{quote(str(ROOT / 'setup.sh'))} --env with that file" if IS_CLONE else "pip install -r with that requirements.txt"
)


class DriverError(Exception):
    """A fault of the driver's, its cause, where a connection is made."""


def no_driver(name: str, error: NoSuchModuleError | ImportError) -> UsageError:
    """Explain that a source's driver is not there."""
    return UsageError(
        f"SOURCE_{name.upper()}_URL needs a database driver that is not installed: {error}.",
        "Write the driver into requirements.txt beside the settings file (in the engine's folder, requirements-own.txt)"
        f" unless it is there, and run {_SET_UP}; docs/sources.md names the drivers.",
    )


def unreachable(faults: Faults, error: BaseException, name: str, where: str, seconds: float | None) -> EtlError:
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
    reason, cure = faults.reason(error), faults.cure(error, setting)
    if not isinstance(error, DBAPIError):
        return UsageError(
            f"{setting} cannot be used: its driver says {reason}",
            cure or "Look at the options behind the ? of the URL: the driver's documentation names them.",
        )
    if faults.refuses(error):
        cure = (
            cure or f"Look whether user and database in {setting} are right, and the password there or in its setting."
        )
        return SourceError(f"The source {name} at {where} refused us: {reason}", cure)
    cure = cure or f"Look whether it runs and {setting} is right."
    return SourceError(f"The source {name} at {where} cannot be reached: {reason}", cure, transient=True)


def fault_of(faults: Faults, error: Exception, query: Query, source: str, cut: str | None) -> SourceError:
    """Explain a fault of a query. source: its name; cut: why we ended it ourselves, None if we did not."""
    setting = f"SOURCE_{source.upper()}_URL"
    if cut:
        return SourceError(
            f"{query.path}: the connection to the source {source} was cut: {cut}.",
            "Make the query lighter, or raise the setting."
            if "SOURCE_" in cut
            else "Look whether the server runs, and what is in between: a firewall, a tunnel, a proxy.",
            transient="SOURCE_" not in cut,
        )
    transient = faults.passes(error)
    line = "" if transient else faults.line_of(error, query.sql.count("\n") + 1)
    cure = faults.cure(error, setting) or (
        f"Look into the log of the source {source}; SOURCE_PATIENCE is how long we try again."
        if transient
        else "Run the query in the database with the account of the settings: it gets the same answer."
    )
    return SourceError(f"{query.path}{line}: {faults.reason(error)}", cure, transient=transient)


def unwritable(query: Query, kind: str, column: str) -> SourceError:
    """Explain which column it is whose value cannot be written. kind: the value's class."""
    return SourceError(
        f"{query.path}: {column} holds a value of Python's class {kind}, which has no text of its own.",
        f"Cast it in the query: CAST({column} AS CHAR) AS {column}, or as this database writes it.",
    )


def check_file(name: str, url: URL, where: str) -> None:
    """Refuse a file, or a folder of files, that is not there: it would be made."""
    file, is_folder = url.database or ":memory:", url.drivername == "file"
    if not file.startswith((":", "file:")) and not (Path(file).is_dir() if is_folder else Path(file).is_file()):
        what = "folder" if is_folder else "file"
        raise SourceError(
            f"The source {name} at {where} cannot be reached: there is no {what} {Path(file).absolute()}.",
            f"Look whether SOURCE_{name.upper()}_URL is right.",
        )
