"""By what the rows of a layer are told apart: a Parquet file with their keys, in the order of the rows."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.company.queries import Query
from etl.core import arrow_csv
from etl.core.arrow_types import arrow_type
from etl.core.folders import for_arrow
from etl.core.manifest import RawTable, rows_of

DELETED = "deleted"
"""Beside k0, k1, …: the files' columns have names of their own, for a query's may be any."""


def told_apart_by(table: RawTable) -> list[str]:
    """Name the columns by which rows are told apart, k0 being the first: their keys and groups."""
    return list(dict.fromkeys([*table.key, *table.group_by]))


def key_schema(table: RawTable) -> pa.Schema:
    """Return what the columns of a file of keys are, by the types of the table's."""
    types = {column.name: arrow_type(column.type) for column in table.columns}
    return pa.schema([(f"k{place}", types[name]) for place, name in enumerate(told_apart_by(table))])


def stored_schema(path: Path) -> pa.Schema:
    """Return as what the keys of a layer were written."""
    with for_arrow(path, "rb") as source:
        return pa.schema([field for field in pq.read_schema(source) if field.name != DELETED]).remove_metadata()


def write_keys(folder: Path, table: RawTable, query: Query, target: Path, schema: pa.Schema) -> None:
    """Write by what the rows of a layer are told apart, and whether they were deleted."""
    named = [(name, schema.field(place).type) for place, name in enumerate(told_apart_by(table))]
    kept = schema.append(pa.field(DELETED, pa.bool_()))
    with for_arrow(target, "wb") as sink, pq.ParquetWriter(sink, kept, compression="zstd") as writer:
        for rows in columns_of(folder, table, pa.schema(named)):
            columns = rows.rename_columns(schema.names)
            writer.write_table(columns.append_column(DELETED, pa.repeat(False, len(rows))).cast(kept))
    if query.deleted:  # as a text: whatever it is, it is NULL or not
        _mark_deleted(folder, table, query.deleted, target)


def _mark_deleted(folder: Path, table: RawTable, column: str, target: Path) -> None:
    marks = pa.concat_tables(columns_of(folder, table, pa.schema([(column, pa.string())]))).column(0).is_valid()
    with for_arrow(target, "rb") as source:
        keys = pq.read_table(source)
    with for_arrow(target, "wb") as sink:
        pq.write_table(keys.set_column(keys.num_columns - 1, DELETED, marks), sink, compression="zstd")


def columns_of(folder: Path, table: RawTable, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read some columns of a table's blocks, one after the other."""
    names = [column.name for column in table.columns]
    for block in table.blocks:
        yield arrow_csv.read(pa.py_buffer(rows_of(folder, table, block)), schema, header=False, names=names)
