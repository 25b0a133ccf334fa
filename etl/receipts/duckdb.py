"""The hash over rows that are in memory, computed by DuckDB; and the part of it that is hashed, where it is not all."""

import functools
import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa

from etl.core.manifest import TableReceipt
from etl.receipts.arrow import receipt_of
from etl.receipts.sql import Dialect, row_hash_sql

if TYPE_CHECKING:
    import duckdb

_WHOLE_DIGITS = 18
"""Decimals of up to so many digits DuckDB multiplies as 64-bit integers, and raises where the product has more."""


class DuckDB(Dialect):
    """DuckDB's words, for Arrow tables and for the embedded warehouse."""

    def text(self, field: pa.Field, name: str) -> str:
        """Write a value's canonical text."""
        kind = field.type
        if pa.types.is_decimal(kind):
            if kind.precision + kind.scale <= _WHOLE_DIGITS:
                return f"({name} * {10**kind.scale})::BIGINT::VARCHAR"
            return f"replace({name}::VARCHAR, '.', '')::HUGEINT::VARCHAR"
        if pa.types.is_timestamp(kind):
            return f"epoch_us({name})::VARCHAR"
        if pa.types.is_boolean(kind):
            return f"left({name}::VARCHAR, 1)"
        if pa.types.is_string(kind):
            return f"length({name}) || ':' || {name}"
        return f"{name}::VARCHAR"

    def extreme(self, field: pa.Field, name: str, function: str) -> str:
        """Write the least or greatest value."""
        found = super().extreme(field, name, function)
        return f"left({found}, 64)" if pa.types.is_string(field.type) else found

    def hash_number(self, text: str) -> str:
        """Write the first 60 bits of a text's MD5; DuckDB sums them as HUGEINT."""
        return f"('0x' || left(md5({text}), 15))::BIGINT"


DUCKDB = DuckDB()


def row_hash(table: pa.Table, schema: pa.Schema, where: str | None = None) -> int:
    """Compute the hash over the rows of a table, or over those for which a condition holds. schema: its columns."""
    connection = _connection()
    connection.register("hashed_rows", table)
    try:
        # no FILTER: DuckDB would hash all rows, and filter then
        some = f" WHERE {where}" if where else ""
        answer = connection.execute(f"SELECT {row_hash_sql(schema, DUCKDB)} FROM hashed_rows{some}").fetchall()
    finally:
        connection.unregister("hashed_rows")
    return int(answer[0][0])


def receipt_at(level: str, table: pa.Table, schema: pa.Schema) -> TableReceipt:
    """Compute the receipt of a star table, or of a part of it, as the setting RECEIPTS wants it: if off, its rows."""
    if level == "off":
        return TableReceipt(rows=table.num_rows, columns={})
    receipt = receipt_of(table, schema)
    if level == "columns":
        return receipt
    return receipt.model_copy(update={"row_hash": str(row_hash(table, schema))})


def hash_of(text: str) -> int:
    """Give one row's hash of its canonical text."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16)


@functools.cache
def _connection() -> "duckdb.DuckDBPyConnection":
    """Open DuckDB in memory, once a process, as one thread: the workers are the threads."""
    import duckdb

    return duckdb.connect(config={"threads": 1, "memory_limit": "200MB"})
