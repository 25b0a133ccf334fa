"""What DuckDB computes of rows."""

import pyarrow as pa

from etl.receipts.rows import PRIMES
from etl.receipts.sql import Dialect

_DIGITS = 18
"""Of a decimal that DuckDB keeps, and multiplies, as an integer of 64 bits."""


class DuckDB(Dialect):
    """DuckDB's words, for the embedded warehouse and for texts in memory."""

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
