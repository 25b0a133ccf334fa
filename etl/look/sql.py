"""A query over the published tables, for a person at a terminal or for a program that reads what is printed."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.types as kinds

import config
from etl.core import arrow_csv
from etl.core.errors import UsageError
from etl.core.safe_text import safe
from etl.core.start import fault_of
from etl.load.open import open_warehouse
from etl.look import grid, vertical
from etl.look.grid import Block, Cells
from etl.look.screen import console
from etl.look.values import for_csv, for_json, is_pythons, texts

Batches = Iterator[pa.RecordBatch]
"""The rows of a query's answer, as they come; there is at least one batch, which may be empty."""

_NARROWEST = 6
"""Characters of a column, on average, below which a table on a terminal is printed row by row."""


def show(settings_file: Path, given: str, style: str | None = None, limit: int | None = None) -> None:
    """Run a query over the published tables and print its rows; raise UsageError where it does more than read.

    given: SQL, a file of it that ends with .sql, or "-" for standard input; style: csv, json or vertical, None for a
    table with NULL as ∅; limit: the most rows that are printed.
    """
    query = _query(given)
    if not query.strip(" ;\n\t"):
        raise UsageError("The query is empty.", 'Write e.g. "SELECT * FROM etl_runs".')
    with open_warehouse(config.load(settings_file)) as warehouse:
        warehouse.check_reads(query)
        with closing(warehouse.batches(query)) as batches:
            _STYLES[style](batches if limit is None else _first(batches, limit))


def _query(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if not given.endswith(".sql"):
        return given
    try:
        return Path(given).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"The file {given} cannot be read: {said}.", "Name a file of SQL, or write the query."
        ) from None


def _first(batches: Batches, limit: int) -> Batches:
    """Return the first rows, and say on standard error whether there are more."""
    left = limit
    for batch in batches:
        if left < batch.num_rows:
            yield batch.slice(0, left)
            print(f"There are more rows than these {limit:,} (--limit).", file=sys.stderr)
            return
        left -= batch.num_rows
        yield batch


def _table(batches: Batches) -> None:
    """Print a table; where a terminal is too narrow for its columns, row by row."""
    first = next(batches)
    names, blocks = _names(first), _blocks(first, batches)
    screen = console()
    width = screen.width if screen.is_terminal else None
    if width is not None and len(names) * (_NARROWEST + 3) > width:
        vertical.show(names, blocks)
    else:
        grid.show(names, blocks, width)


def _vertical(batches: Batches) -> None:
    first = next(batches)
    vertical.show(_names(first), _blocks(first, batches))


def _csv(batches: Batches) -> None:
    """Print CSV as the project's: NULL is nothing, an empty text "", decimals with all their places."""
    _in_utf8()
    header = True
    for batch in batches:
        columns = [for_csv(column) for column in batch.columns]
        numbered = pa.table(columns, [str(number) for number in range(len(columns))])  # names may occur twice
        rows = arrow_csv.write(numbered, header=False).decode()
        if header:
            names = pa.table([pa.array([name]) for name in batch.schema.names], numbered.column_names)
            rows, header = arrow_csv.write(names, header=False).decode() + rows, False
        sys.stdout.write(rows if not sys.stdout.isatty() else "".join(f"{safe(row)}\n" for row in rows.splitlines()))
        if fault_of(sys.stdout):
            return


def _json(batches: Batches) -> None:
    """Print an object a line, which is JSON of its own."""
    _in_utf8()
    for batch in batches:
        names = for_json(pa.array(batch.schema.names, pa.string()))
        columns = [for_json(column) for column in batch.columns]
        for row in zip(*columns, strict=True):
            pairs = ", ".join(f"{name}: {value}" for name, value in zip(names, row, strict=True))
            line = f"{{{pairs}}}"
            sys.stdout.write(f"{safe(line) if sys.stdout.isatty() else line}\n")
        if fault_of(sys.stdout):
            return


def _in_utf8() -> None:
    """Write what a program will read in UTF-8, whatever this machine's terminals speak: no character is lost."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")


_STYLES: dict[str | None, Callable[[Batches], None]] = {None: _table, "vertical": _vertical, "csv": _csv, "json": _json}
STYLES = tuple(style for style in _STYLES if style)


def _names(batch: pa.RecordBatch) -> list[str]:
    return [safe(name) for name in batch.schema.names]


def _blocks(first: pa.RecordBatch, rest: Batches) -> Iterator[Block]:
    yield [_cells(column) for column in first.columns]
    for batch in rest:
        yield [_cells(column) for column in batch.columns]


def _cells(column: pa.Array) -> Cells:
    """Write a column's values, each different one once: there are few of them in most columns."""
    if kinds.is_dictionary(column.type):
        column = column.dictionary_decode()
    values, codes = column, range(len(column))
    if not kinds.is_nested(column.type) and is_pythons(column.type):
        encoded = column.dictionary_encode(null_encoding="encode")
        values, codes = encoded.dictionary, encoded.indices.to_pylist()
    return Cells(["∅" if text is None else safe(text) for text in texts(values)], codes)
