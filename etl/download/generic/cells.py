"""The cells of a raw CSV, a column at a time: what a driver returned, written as `values` writes it, by Arrow.

Arrow takes the classes that nearly all values have; a column of others is written value by value.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import CursorResult
from sqlalchemy.exc import DBAPIError

from etl.core.arrow_types import arrow_type
from etl.core.manifest import RawColumn
from etl.download.generic.values import UnknownClass, Write, day, number, plain, writers

BATCH_BYTES = 512 * 1024
"""About how much is asked for at once: more takes memory and no less time."""
_FIRST, _MOST = 256, 1024
"""Rows that are asked for at first, and at the most."""
_PLAIN = 1e-4, 1e15
"""Between these, Arrow and Python write a float with the same digits and without an exponent."""


def strings(texts: Sequence[str | None]) -> pa.Array:
    """Return texts as an array; pa.array and pa.scalar would import pandas, which takes 50 MB.

    Raises TypeError if one of them is something else.
    """
    there: Any = texts
    try:
        joined = "".join(there)
    except TypeError:
        there = ["" if text is None else text for text in texts]
        joined = "".join(there)
    lengths = map(len, there) if joined.isascii() else (len(text.encode()) for text in there)
    sizes, offsets = np.fromiter(lengths, np.int32, len(texts)), np.zeros(len(texts) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    flags = sizes > 0
    for place in () if there is texts else np.flatnonzero(~flags).tolist():
        flags[place] = texts[place] is not None
    buffers = [None if there is texts else valid(flags), pa.py_buffer(offsets), pa.py_buffer(joined.encode())]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def valid(flags: Any) -> pa.Buffer | None:
    """Return which values are there as Arrow marks it. flags: an array of numpy's."""
    return None if flags.all() else pa.py_buffer(np.packbits(flags, bitorder="little"))


def _numbers(values: Sequence[Any], *, are_floats: bool) -> pa.Array | None:
    """Write numbers, of which some are None; None where Arrow would write one in another way than Python."""
    there = values if None not in values else [0 if value is None else value for value in values]
    try:
        numbers = np.array(there, np.float64 if are_floats else np.int64)
    except OverflowError:
        return None
    if are_floats:
        sizes = np.abs(numbers)
        if not ((sizes == 0) | ((sizes >= _PLAIN[0]) & (sizes < _PLAIN[1]))).all():
            return None
    flags = None if there is values else valid(np.fromiter((v is not None for v in values), bool, len(values)))
    kind = pa.float64() if are_floats else pa.int64()
    return pa.Array.from_buffers(kind, len(values), [flags, pa.py_buffer(numbers)]).cast(pa.string())


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
    write, size, cursor = writer_of(columns), _FIRST, result.cursor
    rows: Sequence[Any] = result.fetchmany(1)  # SQLAlchemy may hold it already; its rows are slow
    while rows and cursor:
        with _without_collector():
            batch = write(rows)
        yield batch
        size = max(1, min(_MOST, 2 * size, BATCH_BYTES * len(rows) // max(batch.nbytes, 1)))
        with _without_collector(), as_sqlalchemy(result, cursor):
            rows = cursor.fetchmany(size)


@contextmanager
def as_sqlalchemy(result: CursorResult[Any], cursor: Any) -> Iterator[None]:
    """Raise what the driver raises as SQLAlchemy does."""
    error_class = result.dialect.loaded_dbapi.Error
    try:
        yield
    except error_class as error:
        cut = result.dialect.is_disconnect(error, None, cursor)
        raise DBAPIError.instance(None, None, error, error_class, connection_invalidated=cut) from error


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep Python from looking for cycles among the rows of a batch, which takes a fifth of the time; it has none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
    is_text, is_number = pa.types.is_string(kind) or write in (plain, day), write is number
    takes_floats = is_number and not pa.types.is_integer(kind)

    def cells(values: Sequence[Any]) -> pa.Array:
        if is_text:
            try:
                return quoted(strings(values))
            except TypeError:  # a value of another class
                pass
        elif is_number:
            classes = set(map(type, values)) - {type(None)}
            if classes == {int} or (takes_floats and classes <= {int, float}):
                found = _numbers(values, are_floats=float in classes)
                if found is not None:
                    return found
        return strings(list(map(write, values)))

    return cells


def _holds(texts: pa.Array, byte: int) -> bool:
    """Whether a character is in any of the texts."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return False
    begin, end = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return bool((np.frombuffer(data, np.uint8)[begin:end] == byte).any())
