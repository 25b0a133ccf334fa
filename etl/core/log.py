"""What a person or a log file gets to read: bars and short lines on a terminal, stamped lines under cron."""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from config.redacted import redact
from etl.core.safe_text import safe_lines

log = logging.getLogger("etl")
filed = logging.getLogger("etl.filed")
"""What only the night's file gets: standard error has it in other words."""
filed.addHandler(logging.NullHandler())
filed.propagate = False

_STAMPED = "%(asctime)sZ %(levelname)s %(message)s"
_ENTRY = re.compile(r"^\S+Z ([A-Z]+) (.*?)(?=^\S+Z [A-Z]+ |\Z)", re.MULTILINE | re.DOTALL)

FILE, FORMAT = "ETL_NIGHT_LOG", "LOG_FORMAT"
"""Where `etl night` tells its stages, in the environment, the path of the night's log and how its lines are written."""


class _Told(logging.Formatter):
    """What a line says, without secrets, and so that no data in it can pass for a line of its own."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return safe_lines(redact(super().format(record)))


class _Json(logging.Formatter):
    """A line as a JSON object, for what collects logs: time (UTC), level, message; without secrets, like the others."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = redact(super().format(record))
        return json.dumps({"time": at, "level": record.levelname, "message": message}, ensure_ascii=False)


def _formatter(log_format: str | None) -> logging.Formatter:
    return _Json() if log_format == "json" else _Told(_STAMPED)


class _CurrentStderr(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment: a bar that is shown takes it over, to keep lines above itself."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # as the standard library does for its last resort
        return sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the base class calls by this name
        """Let a line be lost for which there is no room: it must not hide what the work itself says."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


class _NightsFile(logging.FileHandler):
    """Writes to the night's log, as long as there is room for it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or lose it: standard error has it too."""
        with suppress(OSError):  # of opening the file
            super().emit(record)

    handleError = _CurrentStderr.handleError  # noqa: N815


def set_up(level: str, log_format: str = "text") -> None:
    """Send the log to standard error, every line stamped (UTC) unless a person watches; and to the night's file.

    log_format: text or json, of what no person watches.
    """
    handler = _CurrentStderr()
    handler.setFormatter(_Told("%(message)s") if sys.stderr.isatty() else _formatter(log_format))
    if logging.lastResort:  # what libraries log for want of a better place
        logging.lastResort.setFormatter(_Told("%(message)s"))
    log.handlers[:] = [handler, *(own for own in filed.handlers if isinstance(own, _NightsFile))]
    log.setLevel(level)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the block's remarks on a night to itself, where there is none: errors are raised."""
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def to_file(path: Path | None) -> None:
    """Write the log to this file as well, from now on; by default to the one that the night names."""
    path = path or (Path(os.environ[FILE]) if FILE in os.environ else None)
    if path is None:
        return
    handler = _NightsFile(path, encoding="utf-8", errors="backslashreplace", delay=True)
    handler.setFormatter(_formatter(os.environ.get(FORMAT)))
    filed.handlers[:] = [handler]
    filed.setLevel(logging.DEBUG)


def end_file() -> None:
    """Write no more to the file: its last line is written."""
    for handler in filed.handlers:
        log.removeHandler(handler)
    filed.handlers[:] = [logging.NullHandler()]


def entries(text: str) -> Iterator[tuple[str, str]]:
    """Read a log, whichever way its lines are written: each entry's level and message."""
    for found in _ENTRY.finditer(text):
        yield found[1], found[2].rstrip("\n")
    for line in text.splitlines():
        if line.startswith('{"time"'):
            with suppress(ValueError):
                entry = json.loads(line)
                yield str(entry["level"]), str(entry["message"])


Advance = Callable[[int], None]


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """Show a bar while the block runs, on a terminal only (under cron the log has a line a table).

    Gives the function that adds to the work done. total: in the same unit, None where it is not known.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda amount: bar.advance(task, amount)
