"""Computing receipts from Arrow tables, and adding up those of a table's parts."""

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.core.arrow_types import arrow_type
from etl.core.manifest import RawTable
from etl.core.receipt import ColumnReceipt, TableReceipt

PERSONAL = {b"personal": b"yes"}
"""Marks the field of a column of personal data, of which a receipt tells no value."""

_RUN = "=run"
"""The name of a column that none has."""
_TEXT = 64
"""Characters of a text that a receipt tells."""


def raw_schema(table: RawTable) -> pa.Schema:
    """Return the columns of a query, those of personal data marked."""
    return pa.schema(
        [pa.field(c.name, arrow_type(c.type), metadata=PERSONAL if c.personal else None) for c in table.columns]
    )


def without_personal(receipt: TableReceipt, personal: Collection[str]) -> TableReceipt:
    """Return a source's receipt without sums, least and greatest values of personal columns."""
    columns = {
        name: column.model_copy(update={"sum": None, "min": None, "max": None}) if name in personal else column
        for name, column in receipt.columns.items()
    }
    return receipt.model_copy(update={"columns": columns})


def receipt_of(table: pa.Table, schema: pa.Schema | None = None) -> TableReceipt:
    """Compute the receipt of a table or of a part of it. schema: its columns, where the table's own says less."""
    columns = {field.name: _column(table.column(field.name), field) for field in schema or table.schema}
    return TableReceipt(rows=table.num_rows, columns=columns)


def receipts_of_runs(table: pa.Table, schema: pa.Schema, begins: npt.NDArray[np.int64]) -> list[TableReceipt]:
    """Compute the receipts of the runs of rows that a table is parted into, without least and greatest values.

    begins: where each begins.
    """
    rows = np.diff(np.append(begins, len(table)))
    nulls = {f.name: np.add.reduceat(table.column(f.name).is_null().to_numpy(), begins, dtype=np.int64) for f in schema}
    summed = {field.name: widened(table.column(field.name)) for field in schema if is_summed(field)}
    runs = pa.table({**summed, _RUN: np.repeat(np.arange(len(begins)), rows)}).group_by(_RUN, use_threads=False)
    added = runs.aggregate([(name, "sum") for name in summed])
    sums = {name: list(map(canonical, added.column(f"{name}_sum").to_pylist())) for name in summed}
    nothing = [None] * len(begins)
    columns = {
        name: [
            ColumnReceipt(nulls=null, sum=total)
            for null, total in zip(each.tolist(), sums.get(name, nothing), strict=True)
        ]
        for name, each in nulls.items()
    }
    return [
        TableReceipt(rows=count, columns={name: each[run] for name, each in columns.items()})
        for run, count in enumerate(rows.tolist())
    ]


def add(parts: list[TableReceipt], schema: pa.Schema) -> TableReceipt:
    """Add the receipts of a table's parts up. schema: the table's, which tells how a text compares."""
    columns = {
        field.name: _add([p.columns[field.name] for p in parts], field.type)
        for field in schema
        if all(field.name in p.columns for p in parts)
    }
    hashes = [p.hash_sum for p in parts if p.hash_sum is not None]
    return TableReceipt(
        rows=sum(p.rows for p in parts),
        columns=columns,
        hash_sum=str(sum(map(int, hashes))) if hashes and len(hashes) == len(parts) else None,
    )


def without_limits(receipt: TableReceipt) -> TableReceipt:
    """Return a receipt without least and greatest values."""
    columns = {name: each.model_copy(update={"min": None, "max": None}) for name, each in receipt.columns.items()}
    return receipt.model_copy(update={"columns": columns})


def less(whole: TableReceipt, part: TableReceipt) -> TableReceipt:
    """Return the receipt of what is left of a whole without a part; least and greatest values stay the whole's."""
    rows = whole.rows - part.rows
    columns = {name: _less(mine, part.columns[name], rows) for name, mine in whole.columns.items()}
    is_hashed = whole.hash_sum is not None and part.hash_sum is not None
    left = str(int(whole.hash_sum or 0) - int(part.hash_sum or 0)) if is_hashed else None
    return TableReceipt(rows=rows, columns=columns, hash_sum=left)


def _less(whole: ColumnReceipt, part: ColumnReceipt, rows: int) -> ColumnReceipt:
    """Take a part away from a column's receipt. rows: those that are left."""
    nulls = whole.nulls - part.nulls
    if nulls == rows:  # nothing but NULL
        return ColumnReceipt(nulls=nulls)
    with localcontext(prec=1000):
        total = None if whole.sum is None else canonical(Decimal(whole.sum) - Decimal(part.sum or 0))
    return whole.model_copy(update={"nulls": nulls, "sum": total})


def has_sum(kind: pa.DataType) -> bool:
    """Whether a column of this type has an exact sum."""
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def widened(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return integers or decimals in a type in which no sum of them can overflow: Arrow's and pandas' sums wrap."""
    return column.cast(_wide(column, pc.min_max(column).as_py() if pa.types.is_integer(column.type) else {}))


def is_summed(field: pa.Field) -> bool:
    """Whether a receipt tells a column's sum: of a single row, that is its value."""
    return has_sum(field.type) and not _is_personal(field)


def _is_personal(field: pa.Field) -> bool:
    return PERSONAL.items() <= (field.metadata or {}).items()


def has_range(field: pa.Field) -> bool:
    """Whether a receipt tells a column's least and greatest value: every database agrees on it, and all may know it."""
    kind = field.type
    told = has_sum(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_string(kind)
    return bool(told) and not _is_personal(field)


def figure_text(value: object) -> str | None:
    """Write a figure: as `canonical`, of a text its beginning."""
    text = canonical(value)
    return text[:_TEXT] if text is not None and isinstance(value, str) else text


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


def _column(column: pa.ChunkedArray, field: pa.Field) -> ColumnReceipt:
    limits = pc.min_max(column).as_py() if has_range(field) else {"min": None, "max": None}
    return ColumnReceipt(
        nulls=column.null_count,
        sum=canonical(pc.sum(column.cast(_wide(column, limits))).as_py()) if is_summed(field) else None,
        min=figure_text(limits["min"]) if has_range(field) else None,
        max=figure_text(limits["max"]) if has_range(field) else None,
    )


def _wide(column: pa.ChunkedArray, limits: dict[str, Any]) -> pa.DataType:
    """Choose the narrowest, hence fastest, type in which no sum can overflow. limits: its least and greatest value."""
    kind = column.type
    if pa.types.is_integer(kind):
        fits = limits["min"] is None or len(column) * max(-limits["min"], limits["max"]) < 2**63
        return pa.int64() if fits else pa.decimal128(38, 0)
    return pa.decimal128(38, kind.scale) if kind.precision <= 28 else pa.decimal256(76, kind.scale)


def _add(parts: list[ColumnReceipt], kind: pa.DataType) -> ColumnReceipt:
    sums = [Decimal(p.sum) for p in parts if p.sum is not None]
    with localcontext(prec=1000):  # the usual 28 digits would round
        total = canonical(sum(sums)) if sums else None
    order = Decimal if has_sum(kind) else str
    return ColumnReceipt(
        nulls=sum(p.nulls for p in parts),
        sum=total,
        min=min((p.min for p in parts if p.min is not None), key=order, default=None),
        max=max((p.max for p in parts if p.max is not None), key=order, default=None),
    )
