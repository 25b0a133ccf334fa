"""Whether values fit a column's exact type; where they do not, why, and what to write instead.

No reason repeats a value: rejects are counted by their reasons, and a value may be personal.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.types import MOST_SCALE, MOST_WHOLE
from etl.core.decimals import rescaled
from etl.core.errors import ContractError

_WORDS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "true or false"),
    (pa.types.is_integer, "whole numbers"),
    (pa.types.is_floating, "floating point numbers"),
    (pa.types.is_date, "dates"),
    (pa.types.is_string, "texts"),
    (pa.types.is_large_string, "texts"),
    (pa.types.is_time, "times of day"),
    (pa.types.is_duration, "lengths of time"),
    (pa.types.is_binary, "bytes"),
    (pa.types.is_nested, "lists or records"),
)

_TO_TEXT = 'Write them as texts in build: .map(str, na_action="ignore"), which keeps NULL.'
_FALLBACK = (
    "Convert the column in build, or in the query; outside PostgreSQL, `-- types:` says what the query delivers."
)
_SQL: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamptz"),
    (pa.types.is_time, "time"),
)
"""What PostgreSQL and `-- types:` call the types of a contract."""


def words(kind: pa.DataType) -> str:
    """Return what a type's values are, for people: "decimal(12, 2)", "texts", "times without a zone"."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "times with a zone" if kind.tz else "times without a zone"
    if isinstance(kind, pa.BaseExtensionType):
        return f"values of the type {kind.extension_name}"
    return next((told for belongs, told in _WORDS if belongs(kind)), str(kind))


def cast(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the values as `kind`, exactly. Raises pyarrow.ArrowInvalid where one does not fit."""
    if pa.types.is_decimal(kind) and (pa.types.is_integer(values.type) or pa.types.is_decimal(values.type)):
        return rescaled(values, kind)
    if pa.types.is_decimal(values.type) and pa.types.is_floating(kind):
        values = values.cast(pa.string())  # Arrow divides by a power of ten, which makes 0.6667 0.6667000000000001
    if pa.types.is_time(kind) and not pa.types.is_time(values.type):  # Arrow reads no text as one
        instants = pc.binary_join_element_wise("1970-01-01 ", values.cast(pa.string()), "")
        return instants.cast(pa.timestamp("us")).cast(kind)
    return values.cast(kind)


def one_spelling(column: pd.Series, kind: pa.DataType) -> pd.Series:
    """Return a column of texts that fit a type, written as it writes them: of keys, 08:00 and 08:00:00 are one."""
    values = pa.array(column)
    if pa.types.is_time(values.type):
        return column
    fits = np.ones(len(values), dtype=bool)
    fits[unfit(values, kind)] = False
    written = cast(pc.if_else(pa.array(fits), values, None), kind).cast(pa.string())
    texts = pc.coalesce(written, values.cast(pa.string()))
    return pd.Series(texts, index=column.index, dtype=pd.ArrowDtype(pa.string()))


def unfit(values: pa.Array, kind: pa.DataType) -> npt.NDArray[np.int64]:
    """Return the positions of the values that cannot be turned into `kind` without loss, found by halving."""
    try:
        cast(values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        if len(values) == 1:
            return np.zeros(1, dtype=np.int64)
        half = len(values) // 2
        return np.concatenate([unfit(values.slice(0, half), kind), half + unfit(values.slice(half), kind)])
    return np.empty(0, dtype=np.int64)


def misfits(name: str, values: pa.Array, kind: pa.DataType) -> dict[int, str]:
    """Return the reason for each value that does not fit, by position. Texts are a query's, other values build's."""
    found = {}
    for position in unfit(values, kind).tolist():
        fault = _fault(values[position].as_py(), kind)
        found[position] = f"{name} {fault}{_cure(name, fault, kind, of_query=pa.types.is_string(values.type))}"
    return found


def check_kind(table: str, name: str, found: pa.DataType, wanted: pa.DataType) -> None:
    """Refuse values of one type in a column of another. The types decide, never the values of a block.

    Raises ContractError, once for the column.
    """
    if not _belongs(found, wanted):
        raise ContractError(
            f"{table}: build returned {words(found)} for {name}, a column of {words(wanted)}.",
            _hint(name, found, wanted),
        )


def _belongs(found: pa.DataType, wanted: pa.DataType) -> bool:
    kinds = pa.types
    if kinds.is_null(found):
        return True
    if kinds.is_decimal(wanted):
        return bool(kinds.is_decimal(found) or kinds.is_integer(found))
    if kinds.is_integer(wanted) or kinds.is_floating(wanted):
        return bool(kinds.is_integer(found) or kinds.is_floating(found) or kinds.is_decimal(found))
    if kinds.is_timestamp(wanted):
        return bool(kinds.is_timestamp(found) and (found.tz is None) == (wanted.tz is None))
    if kinds.is_date(wanted):
        return bool(kinds.is_date(found))
    if kinds.is_time(wanted) and kinds.is_time(found):
        return True
    if kinds.is_string(wanted) or kinds.is_time(wanted):  # sources deliver times of day as texts
        return bool(kinds.is_string(found) or kinds.is_large_string(found) or kinds.is_string_view(found))
    return bool(found == wanted)


def _hint(name: str, found: pa.DataType, wanted: pa.DataType) -> str:
    kinds = pa.types
    if kinds.is_timestamp(wanted) and kinds.is_timestamp(found):
        return (
            f"Say which zone they are of: {name} AT TIME ZONE '…' in the query, or .dt.tz_localize(…) in build;"
            " night.time_zone is the business's."
        )
    if kinds.is_decimal(wanted) and kinds.is_floating(found):
        return (
            f"Floating point numbers are not exact: {_rounded(name, wanted.precision, wanted.scale)};"
            " or declare the column a Number."
        )
    if kinds.is_date(wanted) and kinds.is_timestamp(found):
        return "Take the day in build: business_date(…) of etl.contract; or cast it to DATE in the query."
    if kinds.is_string(wanted):
        return _TO_TEXT
    if not (kinds.is_string(found) or kinds.is_large_string(found)):
        return _FALLBACK
    numeric = f"numeric({wanted.precision},{wanted.scale})" if kinds.is_decimal(wanted) else ""
    word = numeric or next((word for is_such, word in _SQL if is_such(wanted)), "text")
    return (
        f"Convert the column in build, or let the query deliver it as such: CAST({name} AS {word}) AS {name} in"
        f" PostgreSQL, `-- types: {name} {word}` in the header for other databases."
    )


def _fault(value: Any, kind: pa.DataType) -> str:
    """Return why a value does not fit."""
    if pa.types.is_boolean(kind):
        return "is neither true nor false"
    if pa.types.is_date(kind):
        return "is not a date of the years 1 to 9999"
    if pa.types.is_timestamp(kind):
        return "is not a time of the years 1 to 9999 in whole microseconds"
    if pa.types.is_time(kind):
        return "is not a time of day from 00:00:00 to 23:59:59.999999, without a zone"
    number = _number(value)
    if number is None or pa.types.is_floating(kind):
        return "cannot be held as a floating point number" if number is not None else "is not a number"
    if pa.types.is_integer(kind):
        return f"is beyond {kind.bit_width} bits" if number == number.to_integral_value() else "is not a whole number"
    if pa.types.is_decimal(kind):
        decimals = max(-int(number.normalize().as_tuple().exponent), 0)
        if decimals > kind.scale:
            return f"has more than {kind.scale} decimals"
        return f"has more than {kind.precision - kind.scale} digits before the point"
    return f"does not fit {words(kind)}"


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool | date | datetime):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _cure(name: str, fault: str, kind: pa.DataType, *, of_query: bool) -> str:
    if not pa.types.is_decimal(kind) or "more than" not in fault:
        return ""
    if of_query:
        precision, scale = (20, 6) if (kind.precision, kind.scale) == (38, 9) else (kind.precision, kind.scale)
        return f": {_rounded(name, precision, scale)}"
    scale = min(kind.scale + (2 if "decimals" in fault else 0), MOST_SCALE)
    precision = min(kind.precision + 4, scale + MOST_WHOLE)
    wider = f", or declare the column Decimal({precision}, {scale})" if precision > kind.precision else ""
    return f": round it in build{wider}"


def _rounded(name: str, precision: int, scale: int) -> str:
    """Return how a query rounds a column. SQLite has no decimals: its CAST leaves floating point as it is."""
    return (
        f"round it in the query, e.g. CAST({name} AS DECIMAL({precision}, {scale})); in SQLite ROUND({name}, {scale})"
        f" with `-- types: {name} numeric({precision},{scale})` in its header"
    )
