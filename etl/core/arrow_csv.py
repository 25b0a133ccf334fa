"""The CSV of this house, read and written: NULL is nothing, an empty string is "", and "NA" is a text.

A value may hold line breaks. Booleans are t and f in raw files, as PostgreSQL writes them, and true and false in the
star. Times are UTC.
"""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from etl.core.folders import for_arrow

_PARSE = pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
_AT_ONCE = 4 * 1024 * 1024
"""Bytes of a file that are read at a time, unless a row is longer."""
_LONGEST_ROW = 64 * 1024 * 1024

_BOM = codecs.BOM_UTF8


def read(data: pa.Buffer, schema: pa.Schema, *, header: bool, names: list[str] | None = None) -> pa.Table:
    """Read CSV bytes whose columns are exactly those of `schema`. Raises pyarrow.ArrowInvalid where a value is not.

    names: all columns that bytes without a header have, where `schema` is of some of them.
    """
    options = pacsv.ReadOptions(
        column_names=None if header else names or schema.names, use_threads=False, block_size=max(len(data), 1) + 1
    )
    if not header and not len(data):
        return schema.empty_table()
    if not header and bytes(memoryview(data)[: len(_BOM)]) == _BOM:
        data = pa.py_buffer(_BOM + data.to_pybytes())  # Arrow takes one away, but these bytes are a text's
    table = pacsv.read_csv(pa.BufferReader(data), options, _PARSE, _convert(schema))
    return table.cast(schema) if table.schema != schema else table


def read_file(path: Path, schema: pa.Schema) -> pa.Table:
    """Read the columns of `schema` from a whole file with its header, never holding all of its text."""
    return pa.concat_tables([schema.empty_table(), *batches(path, schema)])


def batches(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read a whole file with its header, a part of some megabytes at a time."""
    given = 0
    for size in (_AT_ONCE, _LONGEST_ROW):
        seen = 0
        try:
            with _opened(path, schema, size) as reader:
                for batch in reader:
                    again, seen = max(given - seen, 0), seen + len(batch)
                    if again < len(batch):
                        given = seen
                        yield pa.Table.from_batches([batch.slice(again)]).cast(schema)
        except pa.ArrowInvalid as error:
            if size == _LONGEST_ROW or "straddl" not in str(error):
                raise
        else:
            return


def write(table: pa.Table, *, header: bool = True) -> bytes:
    """Write a table as CSV: a text quoted where it must be, NULL never.

    By polars, to which Arrow's columns are given as they are: in two fifths of the time that Arrow's writer takes.
    It is imported here, as it begins threads: whoever only reads CSV may be forked.
    """
    import polars as pl

    out = io.BytesIO()
    columns = {name: pl.Series(values=_as_written(table.column(name))) for name in table.column_names}
    pl.DataFrame(columns).write_csv(out, include_header=header)
    return out.getvalue()


def _as_written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    has_clock = pa.types.is_temporal(column.type) and not pa.types.is_date(column.type)  # polars writes it otherwise
    return column.cast(pa.string()) if has_clock else column


@contextmanager
def _opened(path: Path, schema: pa.Schema, size: int) -> Iterator[pacsv.CSVStreamingReader]:
    options = pacsv.ReadOptions(use_threads=False, block_size=size)
    with for_arrow(path, "rb") as source, pacsv.open_csv(source, options, _PARSE, _convert(schema)) as reader:
        yield reader


def _convert(schema: pa.Schema) -> pacsv.ConvertOptions:
    return pacsv.ConvertOptions(
        column_types=schema,
        include_columns=schema.names,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t", "true"],
        false_values=["f", "false"],
    )
