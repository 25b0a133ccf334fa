"""Computing receipts from Arrow tables, and adding up those of a table's parts."""

from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.core.manifest import ColumnReceipt, TableReceipt


def receipt_of(table: pa.Table) -> TableReceipt:
    """Compute the receipt of a table or of a part of it."""
    columns = {name: _column(table.column(name)) for name in table.column_names}
    return TableReceipt(rows=table.num_rows, columns=columns)


def add(parts: list[TableReceipt], schema: pa.Schema) -> TableReceipt:
    """Add the receipts of a table's parts up. schema: the table's, which tells how a text compares."""
    columns = {field.name: _add([p.columns[field.name] for p in parts], field.type) for field in schema}
    return TableReceipt(rows=sum(p.rows for p in parts), columns=columns)


def has_sum(kind: pa.DataType) -> bool:
    """Whether a column of this type has an exact sum."""
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def has_range(kind: pa.DataType) -> bool:
    """Whether a column of this type has a least and a greatest value that every warehouse agrees on."""
    return has_sum(kind) or bool(pa.types.is_temporal(kind))


def canonical(value: object) -> str | None:
    """Write a value the same way whatever computed it: plain integers, decimals without trailing zeros, ISO times.

    >>> canonical(Decimal("12.50"))
    '12.5'
    """
    if value is None:
        return None
    if isinstance(value, Decimal):
        text = format(abs(value) if value == 0 else value, "f")  # there is but one zero
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):  # one without a zone is UTC, whatever the machine's zone
        return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _column(column: pa.ChunkedArray) -> ColumnReceipt:
    kind = column.type
    limits = pc.min_max(column).as_py() if has_range(kind) else {"min": None, "max": None}
    return ColumnReceipt(
        nulls=column.null_count,
        sum=canonical(pc.sum(column.cast(_wide(column, limits["min"], limits["max"]))).as_py())
        if has_sum(kind)
        else None,
        min=canonical(limits["min"]),
        max=canonical(limits["max"]),
    )


def _wide(column: pa.ChunkedArray, least: Any, greatest: Any) -> pa.DataType:
    """Choose the narrowest, hence fastest, type in which the sum cannot overflow: Arrow's sums wrap around."""
    kind = column.type
    if pa.types.is_integer(kind):
        fits = least is None or len(column) * max(-least, greatest) < 2**63
        return pa.int64() if fits else pa.decimal128(38, 0)
    return pa.decimal128(38, kind.scale) if kind.precision <= 28 else pa.decimal256(76, kind.scale)


def _add(parts: list[ColumnReceipt], kind: pa.DataType) -> ColumnReceipt:
    sums = [Decimal(p.sum) for p in parts if p.sum is not None]
    with localcontext(prec=100):  # the usual 28 digits would round
        total = canonical(sum(sums)) if sums else None
    order = Decimal if has_sum(kind) else str
    return ColumnReceipt(
        nulls=sum(p.nulls for p in parts),
        sum=total,
        min=min((p.min for p in parts if p.min is not None), key=order, default=None),
        max=max((p.max for p in parts if p.max is not None), key=order, default=None),
    )
