"""What DuckDB computes of rows: of the embedded warehouse's, and the hash over rows that are in memory."""

import functools
from collections.abc import Collection
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from etl.receipts.rows import PRIMES
from etl.receipts.sql import Dialect, slice_sql

if TYPE_CHECKING:
    import duckdb

_DIGITS = 18
"""Of a decimal that DuckDB keeps, and multiplies, as an integer of 64 bits."""


class DuckDB(Dialect):
    """DuckDB's words, for Arrow tables and for the embedded warehouse."""

    def extreme(self, field: pa.Field, name: str, function: str) -> str:
        """Write the least or greatest value."""
        found = super().extreme(field, name, function)
        return f"left({found}, 64)" if pa.types.is_string(field.type) else found

    def number(self, field: pa.Field, name: str) -> str:
        """Write a value's number."""
        kind = field.type
        if pa.types.is_decimal(kind):
            return _scaled(name, kind.precision, kind.scale)
        if pa.types.is_date(kind):
            return f"({name} - DATE '1970-01-01')"
        has_clock = pa.types.is_timestamp(kind) or pa.types.is_time(kind)
        return f"epoch_us({name})" if has_clock else f"{name}::BIGINT"

    def residue(self, field: pa.Field, name: str, lane: int) -> str:
        """Write what a value counts; a decimal of more than 18 digits is an integer of 128 bits, and slow."""
        kind = field.type
        if not pa.types.is_decimal(kind) or kind.precision <= _DIGITS:
            return super().residue(field, name, lane)
        if kind.scale >= _DIGITS:
            return f"({_digits(name)} % {PRIMES[lane]})::BIGINT"
        limit = f"1{'0' * (_DIGITS - kind.scale)}"
        short = _scaled(f"{name}::DECIMAL({_DIGITS}, {kind.scale})", _DIGITS, kind.scale)
        return (
            f"CASE WHEN {name} > -{limit} AND {name} < {limit} THEN {short} % {PRIMES[lane]}"
            f" ELSE ({_digits(name)} % {PRIMES[lane]})::BIGINT END"
        )

    def texts(self, field: pa.Field, name: str) -> list[str]:
        """Write a value's texts."""
        return [f"strlen({name})", "':'", name] if pa.types.is_string(field.type) else [f"{name}::VARCHAR"]

    def text_hash(self, text: str) -> str:
        """Write the first 60 bits of a text's MD5; `md5_number` would be slower."""
        return f"('0x' || left(md5({text}), 15))::BIGINT"

    def xor(self, left: str, right: str) -> str:
        """Write the exclusive or."""
        return f"xor({left}, {right})"


DUCKDB = DuckDB()


def _scaled(name: str, precision: int, scale: int) -> str:
    """Write a decimal of up to 18 digits times 10 to its scale; as one product it would have too many digits."""
    if not scale:
        return f"{name}::BIGINT"
    if precision + scale <= _DIGITS:
        return f"({name} * {10**scale})::BIGINT"
    if scale > _DIGITS // 2:
        return f"{_digits(name)}::BIGINT"
    whole = f"trunc({name})"
    return f"({whole}::BIGINT * {10**scale} + (({name} - {whole})::DECIMAL({_DIGITS}, {scale}) * {10**scale})::BIGINT)"


def _digits(name: str) -> str:
    return f"replace({name}::VARCHAR, '.', '')::HUGEINT"


class _InMemory(DuckDB):
    """DuckDB's words for integers whose values are known. small: the columns of which all have 31 bits and a sign."""

    def __init__(self, small: frozenset[str]) -> None:
        self._small = small

    def residue(self, field: pa.Field, name: str, lane: int) -> str:
        """Write what a value counts: a small one itself, for a division costs more than all the rest."""
        return self.number(field, name) if field.name in self._small else super().residue(field, name, lane)


def row_hash(table: pa.Table, schema: pa.Schema, key: Collection[str] = (), number: int | None = None) -> int:
    """Compute the hash over the rows of a table, or over those in slice `number` of its key. schema: its columns."""
    names = [f"c{place}" for place in range(len(schema))]  # DuckDB would take "ID" for id
    ready = pa.table([_integers(table.column(field.name)) for field in schema], names=names)
    small = frozenset(field.name for field in ready.schema if _is_small(ready.column(field.name)))
    words = _InMemory(small)
    where = None
    if number is not None:
        where = slice_sql(pa.schema([ready.schema.field(schema.get_field_index(name)) for name in key]), words, number)
    connection = _connection()
    connection.register("hashed_rows", ready)
    try:
        relation, hashed = words.hashed(ready.schema, "hashed_rows", where)
        answer = connection.execute(f"SELECT {hashed} FROM {relation}").fetchall()
    finally:
        connection.unregister("hashed_rows")
    return int(answer[0][0])


def _integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return decimals that fit into 64 bits as the integers which they are in memory."""
    kind = column.type
    if not pa.types.is_decimal(kind):
        return column
    try:
        short = column.cast(pa.decimal64(_DIGITS, kind.scale))
    except pa.ArrowInvalid:
        return column
    return pa.chunked_array([chunk.view(pa.int64()) for chunk in short.chunks], pa.int64())


def _is_small(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_integer(column.type):
        return False
    limits = pc.min_max(column).as_py()
    return limits["min"] is None or (limits["min"] >= -(2**31) and limits["max"] <= 2**31)


@functools.cache
def _connection() -> "duckdb.DuckDBPyConnection":
    """Open DuckDB in memory, once a process, as one thread: the workers are the threads."""
    import duckdb

    return duckdb.connect(config={"threads": 1, "memory_limit": "200MB"})
