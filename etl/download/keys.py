"""By what the rows of a layer are told apart: a Parquet file with their keys, in the order of the rows."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.company.queries import Query
from etl.core import arrow_csv
from etl.core.arrow_types import arrow_type
from etl.core.folders import for_arrow
from etl.core.manifest import RawTable, rows_of
from etl.core.raw_lines import lines_of

DELETED, LINE = "deleted", "line"
"""Beside k0, k1, …: the files' columns have names of their own, for a query's may be any."""
_BYTES_OF_A_LINE = 16


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
        return pa.schema([f for f in pq.read_schema(source) if f.name not in (DELETED, LINE)]).remove_metadata()


def write_keys(
    folder: Path, table: RawTable, query: Query, target: Path, schema: pa.Schema, *, hashed: bool = False
) -> None:
    """Write by what the rows of a layer are told apart, and whether they were deleted.

    hashed: whether to write the hash of each row's line, by which a row is told that comes again as it was.
    """
    named = [(name, schema.field(place).type) for place, name in enumerate(told_apart_by(table))]
    kept = schema.append(pa.field(DELETED, pa.bool_()))
    if hashed:
        kept = kept.append(pa.field(LINE, pa.binary(_BYTES_OF_A_LINE)))
    with for_arrow(target, "wb") as sink, pq.ParquetWriter(sink, kept, compression="zstd") as writer:
        for block, rows in zip(table.blocks, columns_of(folder, table, pa.schema(named)), strict=True):
            columns = rows.rename_columns(schema.names).append_column(DELETED, pa.repeat(False, len(rows)))
            if hashed:
                columns = columns.append_column(LINE, _hashes(rows_of(folder, table, block), block.rows, table.file))
            writer.write_table(columns.cast(kept))
    if query.deleted:  # as a text: whatever it is, it is NULL or not
        _mark_deleted(folder, table, query.deleted, target)


def _mark_deleted(folder: Path, table: RawTable, column: str, target: Path) -> None:
    marks = pa.concat_tables(columns_of(folder, table, pa.schema([(column, pa.string())]))).column(0).is_valid()
    with for_arrow(target, "rb") as source:
        keys = pq.read_table(source)
    place = keys.column_names.index(DELETED)
    with for_arrow(target, "wb") as sink:
        pq.write_table(keys.set_column(place, DELETED, marks), sink, compression="zstd")


def _hashes(data: bytes, rows: int, file: str) -> pa.Array:
    """Hash each row of a block as it was written."""
    view, places = memoryview(data), zip(*(ends.tolist() for ends in lines_of(data, rows, file)), strict=True)
    lines = [hashlib.blake2b(view[begin:end], digest_size=_BYTES_OF_A_LINE).digest() for begin, end in places]
    return pa.array(lines, pa.binary(_BYTES_OF_A_LINE))


def columns_of(folder: Path, table: RawTable, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read some columns of a table's blocks, one after the other."""
    names = [column.name for column in table.columns]
    for block in table.blocks:
        yield arrow_csv.read(pa.py_buffer(rows_of(folder, table, block)), schema, header=False, names=names)
