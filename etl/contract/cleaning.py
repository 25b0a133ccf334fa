"""Cleaning that every source needs: done once per distinct value, on Arrow-backed pandas columns."""

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_SUM_DIGITS = 28
"""Digits of a sum of decimals: room for every sum, and for adding and multiplying sums within the 38 that there are."""


def clean_text(column: pd.Series, *, case: str | None = None) -> pd.Series:
    """Trim, and fold runs of white space into one blank. What is empty then becomes NULL; "NA" stays a text.

    case: "lower" or "upper" to fold letter case too.
    """

    def clean(text: str) -> str | None:
        folded = " ".join(text.split())
        return (getattr(folded, case)() if case else folded) or None

    return _per_distinct_value(column, clean, pa.string())


def join_text(*columns: pd.Series) -> pd.Series:
    """Clean texts and join those of each row that are there with a blank; NULL where none is."""
    parts = [_arrow(clean_text(column)) for column in columns]
    nothing = pc.is_null(parts[0])
    for part in parts[1:]:
        nothing = pc.and_(nothing, pc.is_null(part))
    parts[0] = pc.if_else(nothing, "", parts[0])  # where all are NULL, Arrow 26 would leave the row out
    joined = pc.binary_join_element_wise(*parts, " ", null_handling="skip")
    return _series(pc.if_else(nothing, pa.scalar(None, pa.string()), joined), columns[0])


def parse_date(column: pd.Series, text_format: str) -> pd.Series:
    """Read dates written as text, e.g. "%d/%m/%Y", stray blanks allowed; what is no such date becomes NULL."""

    def parse(text: str) -> date | None:
        try:
            return datetime.strptime(text.strip(), text_format).date()
        except ValueError:
            return None

    return _per_distinct_value(column, parse, pa.date32())


def business_date(column: pd.Series, time_zone: str) -> pd.Series:
    """Give the calendar date of UTC timestamps in the business time zone."""
    zoned = _arrow(column).cast(pa.timestamp("us", time_zone))
    return _series(pc.local_timestamp(zoned).cast(pa.date32()), column)


def days_between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Count the days from one date to another, negative where `last` is before `first`; NULL where one is."""
    days = [_arrow(column).cast(pa.date32()).cast(pa.int32()).cast(pa.int64()) for column in (first, last)]
    return _series(pc.subtract(days[1], days[0]), first)


def totals(frame: pd.DataFrame, by: list[str], **sums: str) -> pd.DataFrame:
    """Add up columns per group, exactly: decimals stay decimals. sums: new name = column; a Flag counts its trues.

    Gives one row per distinct `by` (NULL is a group of its own), columns `by` and the sums' names.
    """
    columns = {name: _countable(_arrow(frame[name])) for name in set(sums.values())} | {n: _arrow(frame[n]) for n in by}
    grouped = pa.table(columns).group_by(by, use_threads=False).aggregate([(name, "sum") for name in sums.values()])
    renamed = grouped.select([*by, *(f"{name}_sum" for name in sums.values())]).rename_columns([*by, *sums])
    exact = [
        (f.name, pa.decimal128(_SUM_DIGITS, f.type.scale) if pa.types.is_decimal(f.type) else f.type)
        for f in renamed.schema
    ]
    result: pd.DataFrame = renamed.cast(pa.schema(exact)).to_pandas(types_mapper=pd.ArrowDtype)
    return result


def running_total(frame: pd.DataFrame, by: list[str], column: str) -> pd.Series:
    """Add a column up from row to row within each group, in the order of the rows, exactly. NULL counts as 0."""
    values = _arrow(frame[column])
    if not pa.types.is_decimal(values.type):
        return frame[column].fillna(0).groupby([frame[name] for name in by]).cumsum()
    scale = values.type.scale
    units = pc.multiply(values.cast(pa.decimal128(_SUM_DIGITS, scale)), pa.scalar(Decimal(10**scale))).cast(pa.int64())
    whole = _series(units, frame[column]).fillna(0).groupby([frame[name] for name in by]).cumsum()
    return _series(pc.multiply(_arrow(whole), pa.scalar(Decimal(1).scaleb(-scale))), frame[column])


def _countable(values: pa.Array) -> pa.Array:
    """Turn flags into 0 and 1, and widen decimals so that their sum has room."""
    if pa.types.is_boolean(values.type):
        return values.cast(pa.int64())
    return values.cast(pa.decimal128(38, values.type.scale)) if pa.types.is_decimal(values.type) else values


def _per_distinct_value(column: pd.Series, function: object, kind: pa.DataType) -> pd.Series:
    encoded = _arrow(column).dictionary_encode()
    cleaned = pa.array([function(value) for value in encoded.dictionary.to_pylist()], kind)  # type: ignore[operator]
    return _series(cleaned.take(encoded.indices), column)


def _arrow(column: pd.Series) -> pa.Array:
    values = pa.array(column, from_pandas=True)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _series(values: pa.Array, like: pd.Series) -> pd.Series:
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(values.type)), index=like.index, name=like.name)
