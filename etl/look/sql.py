"""A query over the published tables, for a person at a terminal."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.types as kinds

import config
from etl.core.errors import UsageError
from etl.core.safe_text import safe
from etl.load.open import open_warehouse
from etl.look.screen import console, table
from etl.receipts.arrow import canonical


def show(settings_file: Path, query: str) -> None:
    """Run a query over the published tables and print its rows, NULL as ∅; raise UsageError where it does more."""
    if not query.strip(" ;\n\t"):
        raise UsageError("The query is empty.", 'Write e.g. "SELECT * FROM etl_runs".')
    with open_warehouse(config.load(settings_file)) as warehouse:
        warehouse.check_reads(query)
        result = warehouse.read(query)
    lines = table(*map(safe, result.column_names))
    for row in zip(*map(texts, result.columns), strict=True):
        lines.add_row(*("∅" if text is None else safe(text) for text in row))
    console().print(lines)


def texts(column: pa.ChunkedArray) -> list[str | None]:
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


def _by_duckdb(column: pa.ChunkedArray) -> list[str | None]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("given", pa.table({"x": column}))
        found: list[str | None] = connection.sql("SELECT x::VARCHAR FROM given").to_arrow_table().column(0).to_pylist()
    return found
