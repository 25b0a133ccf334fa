"""What a person or a log file gets to read: bars and short lines on a terminal, stamped lines under cron."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

log = logging.getLogger("etl")


class _CurrentStderr(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment: a bar that is shown takes it over, to keep lines above itself."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # as the standard library does for its last resort
        return sys.stderr


def set_up(level: str) -> None:
    """Send the log to standard error; every line stamped (UTC) unless a person watches."""
    handler = _CurrentStderr()
    watched = sys.stderr.isatty()
    handler.setFormatter(logging.Formatter("%(message)s" if watched else "%(asctime)sZ %(levelname)s %(message)s"))
    if handler.formatter:
        handler.formatter.converter = time.gmtime
        handler.formatter.default_time_format = "%Y-%m-%dT%H:%M:%S"
        handler.formatter.default_msec_format = ""
    log.handlers[:] = [handler]
    log.setLevel(level)


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
