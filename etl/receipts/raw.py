"""The receipt of raw rows as they were read, to be compared with what the source itself said of them.

A row that cannot be read as its types is judged by its text: its values count as the source counts them.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

import pyarrow as pa

from etl.core.errors import DataError
from etl.core.manifest import RawTable
from etl.core.receipt import ColumnReceipt, TableReceipt
from etl.receipts.arrow import add, figure_text, has_range, has_sum, is_summed, raw_schema, receipt_of
from etl.receipts.memory import row_hash
from etl.receipts.rows import TEXTS, hash_of, is_number, is_text, text_hash, text_lanes
from etl.receipts.slices import slice_of
from etl.receipts.sql import SEPARATOR

_WHOLE = re.compile(r"[+-]?\d+")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def raw_receipt(table: RawTable, typed: pa.Table, texts: pa.Table | None) -> TableReceipt | None:
    """Compute the receipt of a block as far as the source's goes; None where the source was not asked.

    typed: the rows that could be read; texts: the others, all columns as texts.
    """
    if table.receipt is None:
        return None
    schema = raw_schema(table)
    told = pa.schema([field for field in schema if field.name in table.receipt.columns])
    hashed = table.receipt.hash_sum is not None
    key = pa.schema([schema.field(name) for name in table.key])
    found = receipt_of(typed, told)
    if hashed:
        found = found.model_copy(update={"hash_sum": str(row_hash(typed, schema, table.key, table.slice))})
    if texts is None or not texts.num_rows:
        return found
    unread = TableReceipt(
        rows=texts.num_rows,
        columns={field.name: _column(texts.column(field.name).to_pylist(), field) for field in told},
        hash_sum=str(sum(_hashes(texts, schema, key, table.slice))) if hashed else None,
    )
    return add([found, unread], told)


def check_raw(table: RawTable, parts: Sequence[TableReceipt | None]) -> None:
    """Raise DataError where the rows read of all blocks are not those that the source gave. parts: by block."""
    for layer, places in table.layers():
        if layer.receipt:
            _check(layer, layer.receipt, [part for place in places if (part := parts[place])])


def _check(table: RawTable, receipt: TableReceipt, parts: list[TableReceipt]) -> None:
    told = pa.schema([field for field in raw_schema(table) if field.name in receipt.columns])
    differences = receipt.differences(_as_far_as(receipt, add(parts, told)))
    if differences:
        raise DataError(
            f"{table.file} does not hold what the source reports for its query: {'; '.join(differences)}.",
            "Run SQLDownloadMain.py again. If it fails again, the query gives something else each time it is run: write"
            " :as_of instead of now(), an ORDER BY into string_agg(…), row_number() OVER (…) and above LIMIT, and"
            " no random().",
        )


def _as_far_as(told: TableReceipt, found: TableReceipt) -> TableReceipt:
    """Leave out the figures of values that the source did not tell: of most types, some databases count NULLs alone."""
    columns = {
        name: receipt.model_copy(
            update={what: None for what in ("sum", "min", "max") if getattr(told.columns[name], what) is None}
        )
        if told.columns[name].nulls < told.rows
        else receipt
        for name, receipt in found.columns.items()
    }
    return found.model_copy(update={"columns": columns})


def _column(texts: list[str | None], field: pa.Field) -> ColumnReceipt:
    values = [value for text in texts if text is not None and (value := _value(text, field.type)) is not None]
    with localcontext(prec=1000):
        total = sum(values) if values and is_summed(field) else None
    ranged = values and has_range(field)
    return ColumnReceipt(
        nulls=sum(text is None for text in texts),
        sum=figure_text(Decimal(total) if total is not None else None),
        min=figure_text(min(values)) if ranged else None,
        max=figure_text(max(values)) if ranged else None,
    )


def _value(text: str, kind: pa.DataType) -> Any:
    """Read a value that counts in sums, least and greatest values; None for NaN, infinity, a year of no calendar."""
    try:
        if pa.types.is_integer(kind):
            return Decimal(text) if _WHOLE.fullmatch(text) else None
        if has_sum(kind):
            number = Decimal(text)
            return number if number.is_finite() else None
        if pa.types.is_date(kind):
            return date.fromisoformat(text)
        if pa.types.is_timestamp(kind):
            return datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return None
    return text if pa.types.is_string(kind) else None


def _hashes(texts: pa.Table, schema: pa.Schema, key: pa.Schema, number: int | None) -> Iterator[int]:
    for row in texts.to_pylist():
        if number is None or _slice_of(row, key) == number:
            yield hash_of(_values(row, schema))


def _values(row: dict[str, str | None], schema: pa.Schema) -> Iterator[tuple[int, int | tuple[int, int] | None]]:
    """Return what a row's values count, by their places."""
    for place, field in enumerate(schema, start=1):
        if is_number(field):
            yield place, _counted(row[field.name], field.type)
    if any(map(is_text, schema)):
        yield TEXTS, text_lanes(text_hash(_joined(row, schema)))


def _slice_of(row: dict[str, str | None], key: pa.Schema) -> int:
    """Return in which slice of the keys a row is, as `slice_sql` does."""
    counted = [_counted(row[field.name], field.type) for field in key if is_number(field)]
    residues = [abs((value[0] if isinstance(value, tuple) else value) or 0) for value in counted]
    return int(slice_of(residues, text_hash(_joined(row, key)) if any(map(is_text, key)) else None))


def _joined(row: dict[str, str | None], schema: pa.Schema) -> str:
    return "".join(f"{_text(row[field.name], field.type)}{SEPARATOR}" for field in schema if is_text(field))


def _text(text: str | None, kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return ":" if text is None else f"{len(text.encode())}:{text}"
    return text or ""


def _counted(text: str | None, kind: pa.DataType) -> int | tuple[int, int] | None:
    """Return the number that stands for a value, or, where its type cannot hold it, what the source's text counts."""
    if text is None:
        return None
    number = _number(text, kind)
    return text_lanes(text_hash(text)) if number is None else number


def _number(text: str, kind: pa.DataType) -> int | None:
    if pa.types.is_boolean(kind):
        return int(text == "t")
    value = _value(text, kind)
    if value is None or pa.types.is_integer(kind):
        return value if value is None else int(value)
    if pa.types.is_timestamp(kind):
        since = (value if value.tzinfo else value.replace(tzinfo=_EPOCH.tzinfo)) - _EPOCH
        return int((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    if pa.types.is_date(kind):
        return int((value - _EPOCH.date()).days)
    with localcontext(prec=1000):
        whole = value.scaleb(kind.scale)
        fits = whole == whole.to_integral_value() and abs(value) < Decimal(10) ** (kind.precision - kind.scale)
        return int(whole) if fits else None
