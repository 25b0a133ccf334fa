"""A file of SQLite as a source."""

from collections.abc import Iterator
from pathlib import Path

from etl.doctor.check import Finding, check, ok, warning
from etl.doctor.source import SeenSource


@check(finds="writers that wait for the night")
def journal(seen: SeenSource) -> Iterator[Finding]:
    """Ask how the file keeps readers and writers apart."""
    [(mode,)] = seen.asking.ask("PRAGMA journal_mode")
    if str(mode).lower() == "wal":
        yield ok("The file is in WAL mode: nobody waits for the night.")
    else:
        yield warning(
            f"The file's journal is {mode}: whoever writes to it waits while the night reads.",
            "PRAGMA journal_mode = WAL, once; or let the night read a copy.",
        )


@check(finds="how large the file is")
def sizes(seen: SeenSource) -> Iterator[Finding]:
    """Take the whole file for each query, for the estimate of the night: nothing says how large a table is."""
    size = Path(seen.url.database or "").stat().st_size
    for number, query in enumerate(seen.queries):
        seen.figures[query.name] = 0 if number else size
    yield ok(f"The file has {size / 1e6:,.1f} MB.")
