"""Cleaning that every source needs: done once per distinct value, on Arrow-backed pandas columns."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Context, Decimal, localcontext
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.types import MOST_WHOLE
from etl.core.errors import ContractError
from etl.receipts.arrow import has_sum, widened

_NONE: Mapping[str, str] = MappingProxyType({})
_SUM_DIGITS = (28, 38)
"""Digits of a sum of decimals: the first leave room for adding and multiplying sums within the 38 that there are."""
_WHITE = r"[\t-\r\x1c-\x20]"
"""ASCII white space, as Python's `str.split` has it."""
_UNTIDY = rf"^{_WHITE}|{_WHITE}$|{_WHITE}{{2}}|[\t-\r\x1c-\x1f]"
_SAMPLE = 4096
"""Rows by which a column is judged to repeat itself."""
_BEYOND_ARROW = pa.scalar(datetime(2037, 1, 1, tzinfo=UTC), pa.timestamp("us", "UTC"))
"""From here on Arrow knows no summer time."""
_UNIT_DIGITS = 19
"""Digits that 64 bits count."""
_ALL_DIGITS = 38
"""Digits that a decimal of 128 bits counts."""
_BY_HAND = Context(prec=2 * _ALL_DIGITS)
"""Arithmetic in which nothing is rounded."""


def clean_text(column: pd.Series, *, case: Literal["lower", "upper"] | None = None) -> pd.Series:
    """Trim, and fold runs of white space into one blank. What is empty then becomes NULL; "NA" stays a text.

    case: "lower" or "upper" to fold letter case too.
    """
    texts = _arrow(column).cast(pa.string())
    sample = texts.slice(0, _SAMPLE)
    if len(sample.unique()) > len(sample) // 2:  # next to nothing is said twice: the detour would cost more
        return _series(_cleaned(texts, case), column)
    encoded = texts.dictionary_encode()
    return _series(_cleaned(encoded.dictionary, case).take(encoded.indices), column)


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
    """Return the calendar date of timestamps in the business time zone. Times without a zone are business time."""
    instants = _arrow(column)
    if pa.types.is_timestamp(instants.type) and instants.type.tz is None:
        return _series(instants.cast(pa.date32(), safe=False), column)
    dates = pc.local_timestamp(instants.cast(pa.timestamp("us", time_zone))).cast(pa.date32())
    late = pc.fill_null(pc.greater_equal(instants, _BEYOND_ARROW), False)
    if pc.any(late).as_py():
        zone = ZoneInfo(time_zone)
        by_hand = [_day_in(zone, instant) for instant in instants.filter(late).to_pylist()]
        dates = pc.replace_with_mask(dates, late, pa.array(by_hand, pa.date32()))
    return _series(dates, column)


def _day_in(zone: ZoneInfo, instant: datetime) -> date:
    """Return the day of an instant; of the last hours of 9999, which stand for ever, the last day that there is."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        return date.max


def days_between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Count the days from one date to another, negative where `last` is before `first`; NULL where one is."""
    days = [_arrow(column).cast(pa.date32()).cast(pa.int32()).cast(pa.int64()) for column in (first, last)]
    return _series(pc.subtract(days[1], days[0]), first)


def totals(frame: pd.DataFrame, by: list[str], **sums: str) -> pd.DataFrame:
    """Add up columns per group, exactly: decimals stay decimals. sums: new name = column; a Flag counts its trues.

    Gives one row per distinct `by` (NULL is a group of its own), columns `by` and the sums' names. A sum that its type
    cannot hold is an error: pandas' own sums of integers and decimals would wrap around.
    """
    return summarized(frame, by, sums=sums)


def summarized(
    frame: pd.DataFrame,
    by: list[str],
    *,
    sums: Mapping[str, str] = _NONE,
    greatest: Mapping[str, str] = _NONE,
    least: Mapping[str, str] = _NONE,
) -> pd.DataFrame:
    """Summarize columns per group, exactly, each by its new name: sums as of `totals`, greatest and least values.

    NULL counts nowhere; of nothing but NULL all are NULL. Gives one row per distinct `by` (NULL is a group of its own).
    """
    added = {name: _countable(frame[name]) for name in dict.fromkeys(sums.values())}
    columns = {f"={name}": widened(v) if has_sum(v.type) else v for name, v in added.items()}
    compared = [("max", new, column) for new, column in greatest.items()]
    compared += [("min", new, column) for new, column in least.items()]
    columns |= {name: _arrow(frame[name]) for name in dict.fromkeys([*by, *(column for _, _, column in compared)])}
    asked = [(f"={name}", "sum") for name in added] + [(column, which) for which, _, column in compared]
    grouped = pa.table(columns).group_by(by, use_threads=False).aggregate(list(dict.fromkeys(asked)))
    found = {name: grouped.column(name) for name in by} | {
        new: _exact(grouped.column(f"={name}_sum"), added[name].type, name) for new, name in sums.items()
    }
    found |= {new: grouped.column(f"{column}_{which}") for which, new, column in compared}
    result: pd.DataFrame = pa.table(found).to_pandas(types_mapper=pd.ArrowDtype)
    return result


def running_total(frame: pd.DataFrame, by: list[str], column: str) -> pd.Series:
    """Add a column up from row to row within each group, in the order of the rows, exactly. NULL counts as 0.

    A Flag counts its trues. A sum that its type cannot hold is an error, as of `totals`.
    """
    values = _countable(frame[column])
    if not has_sum(values.type):
        return _cumulated(frame[column], frame, by)
    scale = values.type.scale if pa.types.is_decimal(values.type) else 0
    limits = pc.min_max(values).as_py()
    largest = max(abs(limits["min"] or 0), abs(limits["max"] or 0))
    if int(Decimal(largest).scaleb(scale, _BY_HAND)) * len(values) >= 2**63:  # a sum of 64 bits might wrap around
        groups = frame.groupby(by, dropna=False).ngroup().to_list()
        sums = pa.array(_cumulated_by_hand(values.to_pylist(), groups), pa.decimal256(2 * _ALL_DIGITS, scale))
        return _series(_exact(sums, values.type, column), frame[column])
    if pa.types.is_integer(values.type):
        return _cumulated(_series(values, frame[column]), frame, by)
    units = pc.multiply(values.cast(pa.decimal128(_UNIT_DIGITS, scale)), pa.scalar(Decimal(10**scale))).cast(pa.int64())
    whole = _cumulated(_series(units, frame[column]), frame, by)
    return _series(pc.multiply(_arrow(whole), pa.scalar(Decimal(1).scaleb(-scale))), frame[column])


def _cleaned(texts: pa.Array, case: str | None) -> pa.Array:
    """Clean texts: ASCII in Arrow, which is many times faster; what else there is by Python's rules of white space."""
    foreign = pc.invert(pc.fill_null(pc.string_is_ascii(texts), True))
    untidy = pc.fill_null(pc.match_substring_regex(texts, _UNTIDY), False)
    if pc.any(untidy).as_py():
        folded = pc.replace_substring_regex(texts.filter(untidy), f"{_WHITE}+", " ")
        cleaned = pc.replace_with_mask(texts, untidy, pc.ascii_trim(folded, " "))
    else:
        cleaned = texts
    if case:
        cleaned = pc.ascii_lower(cleaned) if case == "lower" else pc.ascii_upper(cleaned)
    if pc.any(foreign).as_py():
        by_hand = [_cleaned_by_hand(text, case) for text in texts.filter(foreign).to_pylist()]
        cleaned = pc.replace_with_mask(cleaned, foreign, pa.array(by_hand, pa.string()))
    empty = pc.fill_null(pc.equal(cleaned, ""), False)
    return pc.if_else(empty, pa.scalar(None, pa.string()), cleaned) if pc.any(empty).as_py() else cleaned


def _cleaned_by_hand(text: str, case: str | None) -> str:
    folded = " ".join(text.split())
    return (folded.lower() if case == "lower" else folded.upper()) if case else folded


def _cumulated(column: pd.Series, frame: pd.DataFrame, by: list[str]) -> pd.Series:
    return column.fillna(0).groupby([frame[name] for name in by], dropna=False).cumsum()


def _cumulated_by_hand(values: list[Decimal | int | None], groups: list[int]) -> list[Decimal]:
    totals: list[Decimal] = []
    sums: dict[int, Decimal] = {}
    with localcontext(_BY_HAND):
        for group, value in zip(groups, values, strict=True):
            sums[group] = sums.get(group, Decimal(0)) + (value or 0)
            totals.append(sums[group])
    return totals


def _exact(sums: pa.Array | pa.ChunkedArray, kind: pa.DataType, name: str) -> pa.Array | pa.ChunkedArray:
    """Turn sums of values of a type into the type that such sums have, or a wider decimal where they need it."""
    if not has_sum(kind):
        return sums
    is_decimal = pa.types.is_decimal(kind)
    widths = [pa.decimal128(digits, kind.scale) for digits in _SUM_DIGITS] if is_decimal else [pa.int64()]
    for wanted in widths:
        with suppress(pa.ArrowInvalid):
            return sums.cast(wanted)
    raise ContractError(
        f"A sum of {name} is too large for {widths[-1]}.",
        "No exact type is wider: let the query divide the column by a power of ten."
        if is_decimal
        else f"Let the query cast it, {name}::numeric({_ALL_DIGITS}, 0), and declare its sum's column as"
        f" Decimal({MOST_WHOLE}, 0).",
    )


def _countable(column: pd.Series) -> pa.Array:
    """Turn what is added up into Arrow's: flags into 0 and 1, integers into those of 64 bits."""
    values = _arrow(column)
    kind = values.type
    if pa.types.is_uint64(kind):
        return values.cast(pa.decimal128(20, 0))
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return values.cast(pa.int64())
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return values
    raise ContractError(
        f"{column.name} is of the type {kind}, which cannot be added up.",
        "Name a column of numbers, or a Flag (true counts as 1).",
    )


def _per_distinct_value(column: pd.Series, function: object, kind: pa.DataType) -> pd.Series:
    encoded = _arrow(column).dictionary_encode()
    cleaned = pa.array([function(value) for value in encoded.dictionary.to_pylist()], kind)  # type: ignore[operator]
    return _series(cleaned.take(encoded.indices), column)


def _arrow(column: pd.Series) -> pa.Array:
    values = pa.array(column, from_pandas=True)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _series(values: pa.Array, like: pd.Series) -> pd.Series:
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(values.type)), index=like.index, name=like.name)
