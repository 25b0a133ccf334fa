"""The hash over rows that are in memory: numbers by numpy, texts by DuckDB's MD5."""

import functools
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.receipts import rows
from etl.receipts.duckdb import DUCKDB
from etl.receipts.rows import BITS, PRIMES, is_number, is_text
from etl.receipts.slices import cube_of, eighth_of, slice_of
from etl.receipts.sql import joined_texts

if TYPE_CHECKING:
    import duckdb

Numbers = npt.NDArray[np.int64]

_DIGITS = 18
"""Of a decimal whose integer has 64 bits."""
_SMALL = 2**BITS
_SAMPLE, _FEW, _MANY = 500, 50, 2**16
"""Texts are hashed once for each combination of values, where the first rows show few values and there are not many."""


def row_hash(table: pa.Table, schema: pa.Schema, key: Collection[str] = (), number: int | None = None) -> int:
    """Compute the hash over the rows of a table, or over those in slice `number` of its key. schema: its columns."""
    if number is not None:
        keys = pa.schema([schema.field(name) for name in key])
        table = table.filter(pa.array(_in_slice(table, keys, number)))
    if not table.num_rows:
        return 0
    return _joined(*(int(lane.sum()) for lane in _lanes(table, schema)))


def hashes_of_runs(table: pa.Table, schema: pa.Schema, begins: Numbers) -> list[int]:
    """Compute the hash over the rows of each run. begins: where the runs begin that a table is parted into."""
    return list(map(_joined, *(np.add.reduceat(lane, begins).tolist() for lane in _lanes(table, schema))))


def _joined(a: int, b: int) -> int:
    return (a << BITS) + b


def _lanes(table: pa.Table, schema: pa.Schema) -> tuple[Numbers, Numbers]:
    """Return both numbers of each row."""
    texts = _text_hashes(table, schema)
    lanes = [np.zeros(table.num_rows, dtype=np.int64) for _ in PRIMES]
    terms = 0
    for place, field in enumerate(schema, start=1):
        if is_number(field):
            terms += 1
            _add(lanes, place, table.column(field.name), full=terms % (rows.TERMS - 1) == 0)
    if texts is not None:
        for lane, bits in enumerate(rows.text_lanes(texts)):
            lanes[lane] += bits * rows.factor(lane, rows.TEXTS)
    return rows.scattered(*(np.remainder(lane, prime) for lane, prime in zip(lanes, PRIMES, strict=True)))


def _add(lanes: list[Numbers], place: int, column: pa.ChunkedArray, *, full: bool) -> None:
    """Add a column's term to each lane. full: whether the lanes hold as many terms as 64 bits take."""
    missing = column.is_null().to_numpy() if column.null_count else None
    for lane, values in enumerate(_residues(column)):
        if full:
            np.remainder(lanes[lane], PRIMES[lane], out=lanes[lane])
        lanes[lane] += values * rows.factor(lane, place)
        if missing is not None:
            lanes[lane][missing] += rows.null(lane, place)


def _residues(column: pa.ChunkedArray) -> Iterator[Numbers]:
    """Give what the values count in each lane, NULL as 0: small numbers themselves, for a division costs more."""
    numbers = _numbers(column)
    if isinstance(numbers, tuple):
        high, low = numbers
        for prime in PRIMES:
            upper = np.remainder(high, prime) * (2**64 % prime)
            yield np.remainder(upper + np.remainder(low, np.uint64(prime)).astype(np.int64), prime)
        return
    is_small = not len(numbers) or (numbers.min() >= -_SMALL and numbers.max() <= _SMALL)
    for prime in PRIMES:
        yield numbers if is_small else np.remainder(numbers, prime)


def _numbers(column: pa.ChunkedArray) -> Numbers | tuple[Numbers, npt.NDArray[np.uint64]]:
    """Return the numbers that stand for values; of long decimals the upper and the lower 64 bits."""
    kind, values = column.type, column.combine_chunks()
    if pa.types.is_decimal(kind):
        try:
            values = values.cast(pa.decimal64(_DIGITS, kind.scale)).view(pa.int64())
        except pa.ArrowInvalid:
            bits = np.frombuffer(values.buffers()[1], dtype="<i8")[
                2 * values.offset : 2 * (values.offset + len(values))
            ]
            known = values.is_valid().to_numpy(zero_copy_only=False)
            return np.where(known, bits[1::2], 0), np.where(known, bits[0::2], 0).view(np.uint64)
    elif pa.types.is_date(kind):
        values = values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
    else:
        values = values.cast(pa.int64())
    found: Numbers = (pc.fill_null(values, 0) if values.null_count else values).to_numpy()
    return found


def _in_slice(table: pa.Table, key: pa.Schema, number: int) -> npt.NDArray[np.bool_]:
    """Say of each row whether it is in a slice of the key; of texts those alone are hashed that may be."""
    residues = [_without_sign(table.column(field.name)) for field in key if is_number(field)]
    if not any(map(is_text, key)):
        return np.broadcast_to(slice_of(residues, None) == number, table.num_rows)
    if not residues:
        return np.asarray(slice_of([], _text_hashes(table, key)) == number)
    cubes = cube_of(residues)
    found: npt.NDArray[np.bool_] = cubes >> (BITS - 3) == number % 8
    texts = _text_hashes(table.filter(pa.array(found)), key)
    found[found] = eighth_of(cubes[found], texts) == number // 8
    return found


def _without_sign(column: pa.ChunkedArray) -> Numbers:
    """Return what is left of numbers, without their sign, when the first prime divides them."""
    numbers, prime = _numbers(column), PRIMES[0]
    if isinstance(numbers, tuple):
        rest = next(_residues(column))
        return np.where(numbers[0] < 0, (prime - rest) % prime, rest)
    return np.abs(np.fmod(numbers, prime))


def _text_hashes(table: pa.Table, schema: pa.Schema) -> Numbers | None:
    """Return the hash of each row's texts; None where no column counts as text."""
    columns = [table.column(field.name).combine_chunks() for field in schema if is_text(field)]
    if not columns:
        return None
    repeated = _combinations(columns)
    if repeated is None:
        return _hashed(columns)
    examples, combination = repeated
    return _hashed([column.take(pa.array(examples)) for column in columns])[combination]


def _combinations(columns: Sequence[pa.Array]) -> tuple[Numbers, Numbers] | None:
    """Return a row of each combination of values, and of each row its combination; None where there are many."""
    if any(pc.count_distinct(column.slice(0, _SAMPLE), mode="all").as_py() > _FEW for column in columns):
        return None
    codes, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        encoded = column.dictionary_encode(null_encoding="encode")
        size *= len(encoded.dictionary)
        if size > _MANY:
            return None
        codes = codes * len(encoded.dictionary) + encoded.indices.to_numpy()
    example = np.full(size, -1)
    example[codes] = np.arange(len(codes))
    there = np.flatnonzero(example >= 0)
    number = np.zeros(size, dtype=np.int64)
    number[there] = np.arange(len(there))
    return example[there], number[codes]


def _hashed(columns: Sequence[pa.Array]) -> Numbers:
    table = pa.table(columns, names=[f"c{place}" for place in range(len(columns))])  # DuckDB would take "ID" for id
    query = f"SELECT {DUCKDB.text_hash(str(joined_texts(table.schema, DUCKDB)))} AS hashed FROM texts"
    connection = _connection()
    connection.register("texts", table)
    try:
        found: Numbers = connection.sql(query).to_arrow_table().column(0).to_numpy()
    finally:
        connection.unregister("texts")
    return found


@functools.cache
def _connection() -> "duckdb.DuckDBPyConnection":
    """Open DuckDB in memory, once a process, as one thread: the workers are the threads."""
    import duckdb

    return duckdb.connect(config={"threads": 1, "async_threads": 0, "memory_limit": "200MB"})
