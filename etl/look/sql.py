"""A query over the published tables, for a person at a terminal."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.types as kinds

import config
from etl.core.errors import UsageError
from etl.core.safe_text import safe
from etl.load.open import open_warehouse
from etl.look import grid
from etl.look.grid import Block, Cells
from etl.look.screen import console
from etl.receipts.arrow import canonical


def show(settings_file: Path, query: str) -> None:
    """Run a query over the published tables and print its rows, NULL as ∅; raise UsageError where it does more."""
    if not query.strip(" ;\n\t"):
        raise UsageError("The query is empty.", 'Write e.g. "SELECT * FROM etl_runs".')
    with open_warehouse(config.load(settings_file)) as warehouse:
        warehouse.check_reads(query)
        with closing(warehouse.batches(query)) as batches:
            first = next(batches)
            screen = console()
            grid.show(
                [safe(name) for name in first.schema.names],
                _blocks(first, batches),
                screen.width if screen.is_terminal else None,
            )


def _blocks(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[Block]:
    yield [_cells(column) for column in first.columns]
    for batch in rest:
        yield [_cells(column) for column in batch.columns]


def _cells(column: pa.Array) -> Cells:
    """Write a column's values, each different one once: there are few of them in most columns."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    values, codes = column, range(len(column))
    if not kinds.is_nested(column.type) and _is_pythons(column.type):
        encoded = column.dictionary_encode(null_encoding="encode")
        values, codes = encoded.dictionary, encoded.indices.to_pylist()
    return Cells(["∅" if text is None else safe(text) for text in texts(values)], codes)


def texts(column: pa.Array) -> list[str | None]:
    """Write a column's values as text; None for NULL.

    Python has no infinite dates, no year 12000 or 44 BC, no intervals of months, no 24:00: DuckDB has, in lists too.
    """
    if not _is_pythons(column.type):
        return _by_duckdb(column)
    try:
        return [canonical(value) for value in column.to_pylist()]
    except (OverflowError, ValueError):
        return _by_duckdb(column)


def _is_pythons(kind: pa.DataType) -> bool:
    if kinds.is_nested(kind):
        return all(_is_pythons(kind.field(number).type) for number in range(kind.num_fields))
    return not (kinds.is_interval(kind) or kinds.is_time(kind) or (kinds.is_timestamp(kind) and kind.unit == "ns"))


def _by_duckdb(column: pa.Array) -> list[str | None]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("given", pa.table({"x": column}))
        found: list[str | None] = connection.sql("SELECT x::VARCHAR FROM given").to_arrow_table().column(0).to_pylist()
    return found
