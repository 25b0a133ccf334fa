"""Values of any type that a warehouse can hold, as texts: for people, and for programs."""

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from etl.core.duckdb_session import session
from etl.receipts.arrow import canonical

_CENTS = 2
_encoded = json.JSONEncoder(ensure_ascii=False).encode


def texts(column: pa.Array) -> list[str | None]:
    """Write a column's values for people; None for NULL.

    Python has no infinite dates, no year 12000 or 44 BC, no intervals of months, no 24:00: DuckDB has, in lists too.
    """
    if kinds.is_decimal(column.type):
        return [None if value is None else amount(value) for value in column.to_pylist()]
    if not is_pythons(column.type):
        return _by_duckdb(column).to_pylist()  # type: ignore[no-any-return]
    try:
        return [canonical(value) for value in column.to_pylist()]
    except (OverflowError, ValueError):
        return _by_duckdb(column).to_pylist()  # type: ignore[no-any-return]


def amount(value: Decimal) -> str:
    """Write a decimal without zeros at its end, but with its cents where it has any.

    >>> amount(Decimal("12.5000")), amount(Decimal("12.125")), amount(Decimal("12"))
    ('12.50', '12.125', '12')
    """
    whole, point, places = format(abs(value) if value == 0 else value, "f").partition(".")
    kept = places.rstrip("0").ljust(_CENTS, "0") if len(places) >= _CENTS else places.rstrip("0")
    return f"{whole}{point}{kept}" if kept else whole


def is_pythons(kind: pa.DataType) -> bool:
    """Whether Python has a value for most values of a type."""
    if kinds.is_nested(kind):
        return all(is_pythons(kind.field(number).type) for number in range(kind.num_fields))
    return not (kinds.is_interval(kind) or kinds.is_time(kind) or (kinds.is_timestamp(kind) and kind.unit == "ns"))


def for_csv(column: pa.Array) -> pa.Array:
    """Return a column as a CSV takes it: numbers, booleans and texts as they are, all else as DuckDB writes it."""
    column = _plain(column)
    kind = column.type
    if kinds.is_decimal(kind):
        return column.cast(pa.string())
    return column if _is_simple(kind) or kinds.is_string(kind) else _by_duckdb(column)


def for_json(column: pa.Array) -> list[str]:
    """Write a column's values as JSON: decimals as numbers with all their digits, NULL as null, times as texts."""
    column = _plain(column)
    kind = column.type
    if kinds.is_integer(kind) or kinds.is_decimal(kind):
        return ["null" if text is None else text for text in column.cast(pa.string()).to_pylist()]
    if kinds.is_floating(kind):
        numbers = zip(column.to_pylist(), pc.is_finite(column).to_pylist(), strict=True)
        return [_encoded(value if finite or value is None else str(value)) for value, finite in numbers]
    values = column.to_pylist() if _is_simple(kind) else for_csv(column).to_pylist()
    return [_encoded(value) for value in values]


def _is_simple(kind: pa.DataType) -> bool:
    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind))


def _plain(column: pa.Array) -> pa.Array:
    """Return an enumeration's values, and texts of one kind."""
    if kinds.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string()) if kinds.is_large_string(column.type) else column


def _by_duckdb(column: pa.Array) -> pa.Array:
    with session() as connection:
        connection.register("given", pa.table({"x": column}))
        found = connection.sql("SELECT x::VARCHAR FROM given").to_arrow_table().column(0)
    return found.combine_chunks()
