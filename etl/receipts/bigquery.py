"""What BigQuery computes of rows."""

import pyarrow as pa

from etl.receipts.sql import Dialect

_INT64_DIGITS = 18
"""Digits that every INT64 has."""


def quoted(name: str) -> str:
    """Write a name, or several joined by points."""
    return f"`{name}`"


class BigQuery(Dialect):
    """BigQuery's words."""

    def quoted(self, name: str) -> str:
        """Write a name, or several joined by points."""
        return quoted(name)

    def exact_sum(self, field: pa.Field, name: str) -> str:
        """Write the sum of a column, in a type that it does not leave."""
        return f"SUM(CAST({name} AS {sum_type(field.type)}))"

    def extreme(self, field: pa.Field, name: str, function: str) -> str:
        """Write the least or greatest value."""
        found = super().extreme(field, name, function)
        return f"LEFT({found}, 64)" if pa.types.is_string(field.type) else found

    def number(self, field: pa.Field, name: str) -> str:
        """Write a value's number."""
        kind = field.type
        if pa.types.is_decimal(kind):
            if kind.precision <= _INT64_DIGITS:
                return f"CAST({name} * {10**kind.scale} AS INT64)"
            return f"CAST({name} AS BIGNUMERIC) * {10**kind.scale}"
        if pa.types.is_date(kind):
            return f"UNIX_DATE({name})"
        if pa.types.is_time(kind):
            return f"TIME_DIFF({name}, TIME '00:00:00', MICROSECOND)"
        return f"UNIX_MICROS({name})" if pa.types.is_timestamp(kind) else f"CAST({name} AS INT64)"

    def residue(self, field: pa.Field, name: str, lane: int) -> str:
        """Write what a value counts, as INT64."""
        found = super().residue(field, name, lane)
        wide = pa.types.is_decimal(field.type) and field.type.precision > _INT64_DIGITS
        return f"CAST({found} AS INT64)" if wide else found

    def texts(self, field: pa.Field, name: str) -> list[str]:
        """Write a value's texts; CONCAT gives NULL for one NULL."""
        if not pa.types.is_string(field.type):
            return [f"IFNULL(CAST({name} AS STRING), '')"]
        return [f"IFNULL(CAST(BYTE_LENGTH({name}) AS STRING), '')", "':'", f"IFNULL({name}, '')"]

    def text_hash(self, text: str) -> str:
        """Write the first 60 bits of a text's MD5."""
        return f"CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5({text})), 1, 15)) AS INT64)"

    def xor(self, left: str, right: str) -> str:
        """Write the exclusive or."""
        return f"({left} ^ {right})"

    def sum_of_hashes(self, name: str) -> str:
        """Write the sum as NUMERIC, because one of INT64 is full after two rows."""
        return f"SUM(CAST({name} AS NUMERIC))"


BIGQUERY = BigQuery()


def sum_type(kind: pa.DataType) -> str:
    """Choose the type of a sum: NUMERIC holds 29 digits before the point."""
    wide = pa.types.is_decimal(kind) and kind.precision - kind.scale > _INT64_DIGITS
    return "BIGNUMERIC" if wide else "NUMERIC"
