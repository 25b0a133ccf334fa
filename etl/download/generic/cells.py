"""The cells of a raw CSV, a column at a time: what a driver returned, written as `values` writes it, by Arrow.

Arrow takes the classes that nearly all values have; a column of others is written value by value.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import CursorResult

from etl.core.arrow_types import arrow_type
from etl.core.manifest import RawColumn
from etl.download.generic.values import UnknownClass, Write, number, writers

BATCH_BYTES = 512 * 1024
"""About how much is asked for at once: more takes memory and no less time."""
_FIRST, _MOST = 256, 4096
"""Rows that are asked for at first, and at the most."""


def strings(texts: Sequence[str | None]) -> pa.Array:
    """Return texts as an array; pa.array and pa.scalar would import pandas, which takes 50 MB."""
    joined = "".join([text or "" for text in texts])
    counted: Any = map(len, (text or "" for text in texts))
    if not joined.isascii():
        counted = (len((text or "").encode()) for text in texts)
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum(np.fromiter(counted, np.int32, len(texts)), out=offsets[1:])
    there = valid(np.fromiter((text is not None for text in texts), bool, len(texts)))
    buffers = [there, pa.py_buffer(offsets), pa.py_buffer(joined.encode())]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def valid(flags: Any) -> pa.Buffer | None:
    """Return which values are there as Arrow marks it. flags: an array of numpy's."""
    return None if flags.all() else pa.py_buffer(np.packbits(flags, bitorder="little"))


_QUOTE, _COMMA, _BREAK, _NOTHING = strings(['"', ",", "\n", ""])


def constant(text: str) -> pa.Scalar:
    """Return a text that stands beside each of an array's."""
    return strings([text])[0]


def lines(cells: Sequence[pa.Array]) -> pa.Array:
    """Return the lines of some rows, each with its line break. cells: of each column; a null is nothing."""
    *others, last = cells
    ended = pc.binary_join_element_wise(last, _BREAK, _NOTHING, null_handling="replace")
    return pc.binary_join_element_wise(*others, ended, _COMMA, null_handling="replace") if others else ended


def quoted(texts: pa.Array) -> pa.Array:
    """Return texts in quotes, those inside doubled; a null stays one."""
    if _holds(texts, ord('"')):
        texts = pc.replace_substring(texts, '"', '""')
    return pc.binary_join_element_wise(_QUOTE, texts, _QUOTE, _NOTHING)


def decoded(texts: pa.Array) -> pa.Array:
    """Return bytes as texts, without a copy. Raises UnicodeDecodeError."""
    try:
        return texts.cast(pa.string())
    except pa.ArrowInvalid:
        for value in texts.to_pylist():
            (value or b"").decode()
        raise


def of_distinct(values: pa.Array, write: Write) -> pa.Array:
    """Write each different value once."""
    encoded = values.dictionary_encode()
    return strings(list(map(write, encoded.dictionary.to_pylist()))).take(encoded.indices)


def batches(result: CursorResult[Any], columns: Sequence[RawColumn]) -> Iterator[pa.Array]:
    """Yield what a query returns as lines of a CSV, about BATCH_BYTES at a time. Raises UnknownClass."""
    write, size = writer_of(columns), _FIRST
    while rows := result.fetchmany(size):
        batch = write(rows)
        yield batch
        size = max(1, min(_MOST, 2 * size, BATCH_BYTES * len(rows) // max(batch.nbytes, 1)))


def writer_of(columns: Sequence[RawColumn]) -> Callable[[Sequence[Any]], pa.Array]:
    """Return what writes rows as lines of a CSV. It raises UnknownClass, its arguments the class and the column."""
    write = [_cells(column, one) for column, one in zip(columns, writers(columns), strict=True)]

    def written(rows: Sequence[Any]) -> pa.Array:
        cells = []
        for column, one, values in zip(columns, write, zip(*rows, strict=True), strict=True):
            try:
                cells.append(one(values))
            except UnknownClass as found:
                raise UnknownClass(*found.args, column.name) from None
        return lines(cells)

    return written


def _cells(column: RawColumn, write: Write) -> Callable[[Sequence[Any]], pa.Array]:
    """Return what writes a column's values. write: writes one."""
    kind = arrow_type(column.type)
    is_text, is_number = pa.types.is_string(kind), write is number

    def cells(values: Sequence[Any]) -> pa.Array:
        classes = set(map(type, values)) - {type(None)}
        if classes == {str} and is_text:
            return quoted(strings(values))
        if classes == {int} and is_number:
            return strings([None if value is None else str(value) for value in values])
        return strings(list(map(write, values)))

    return cells


def _holds(texts: pa.Array, byte: int) -> bool:
    """Whether a character is in any of the texts."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return False
    begin, end = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return bool((np.frombuffer(data, np.uint8)[begin:end] == byte).any())
