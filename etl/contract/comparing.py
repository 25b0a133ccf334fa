"""Which key columns can be compared, and as what: the types of both sides decide, never their values.

| kind               | Arrow types                          | compared as                         |
| ------------------ | ------------------------------------ | ----------------------------------- |
| number             | integers, decimals, floats           | whole numbers of 64 bits            |
| text               | strings of every layout              | texts                               |
| flag               | booleans                             | 0 and 1                             |
| date               | date32, date64                       | days                                |
| instant            | timestamps with a zone, whichever    | microseconds                        |
| time without zone  | timestamps without one               | microseconds                        |
| time of day, span  | time32, time64; durations            | microseconds                        |

Columns of one kind compare whatever their width, unit or zone; columns of two kinds do not. A column that is nothing
but NULL, of Arrow's type null, has every kind. Dictionaries are what they hold.
"""

from collections.abc import Callable
from enum import StrEnum

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.core.errors import ContractError

_EXACT_FLOATS = 2**53
"""From here on floats leave whole numbers out, so that several ids become the same one."""


class Kind(StrEnum):
    """What a key column holds, as a sentence calls it."""

    NUMBER = "a number"
    TEXT = "text"
    FLAG = "a flag"
    DATE = "a date"
    INSTANT = "a time with a zone"
    LOCAL = "a time without a zone"
    CLOCK = "a time of day"
    SPAN = "a span of time"
    NOTHING = "nothing"


_KINDS: tuple[tuple[Callable[[pa.DataType], bool], Kind], ...] = (
    (pa.types.is_null, Kind.NOTHING),
    (pa.types.is_boolean, Kind.FLAG),
    (pa.types.is_integer, Kind.NUMBER),
    (pa.types.is_decimal, Kind.NUMBER),
    (pa.types.is_floating, Kind.NUMBER),
    (pa.types.is_string, Kind.TEXT),
    (pa.types.is_large_string, Kind.TEXT),
    (pa.types.is_string_view, Kind.TEXT),
    (pa.types.is_date, Kind.DATE),
    (pa.types.is_time, Kind.CLOCK),
    (pa.types.is_duration, Kind.SPAN),
)


def kind_of(name: object, kind: pa.DataType) -> Kind:
    """Return the kind of a key column. Raises ContractError where its type cannot be compared. name: the column's."""
    if pa.types.is_dictionary(kind):
        return kind_of(name, kind.value_type)
    if pa.types.is_timestamp(kind):
        return Kind.LOCAL if kind.tz is None else Kind.INSTANT
    for is_such, found in _KINDS:
        if is_such(kind):
            return found
    raise ContractError(
        f"{name} is of the type {kind}, which cannot identify a row.",
        "Let its query cast it to text or to an integer.",
    )


def check_comparable(asked: object, asked_type: pa.DataType, held: object, held_type: pa.DataType) -> None:
    """Raise ContractError where values of one column cannot be found among those of another, by the words for both."""
    kinds = kind_of(asked, asked_type), kind_of(held, held_type)
    if kinds[0] is kinds[1] or Kind.NOTHING in kinds:
        return
    raise ContractError(
        f"{asked} is {kinds[0]} ({asked_type}), and {held}, the key that it is compared with, {kinds[1]}"
        f" ({held_type}).",
        _cure(str(asked), str(held), frozenset(kinds)),
    )


def arrow_type(column: pd.Series) -> pa.DataType:
    """Return the Arrow type of a column; where pandas has one of its own, that of its values."""
    kind = column.dtype
    return kind.pyarrow_dtype if isinstance(kind, pd.ArrowDtype) else pa.array(column, from_pandas=True).type


def comparable(column: pd.Series) -> pa.Array:
    """Turn a key column into int64 or text, so that values of the same meaning are equal within a kind."""
    values = pa.array(column, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        return _as_numbers(values, kind_of(column.name, values.type))
    except pa.ArrowInvalid:
        raise ContractError(
            f"{column.name}, a key, holds values that are not whole numbers of 64 bits ({values.type}).",
            "Let its query cast it to text, CAST(… AS CHAR) in MySQL and ::text in PostgreSQL, and what refers to it.",
        ) from None


def _as_numbers(values: pa.Array, kind: Kind) -> pa.Array:
    if kind is Kind.TEXT:
        return values.cast(pa.string())
    if kind is Kind.DATE:
        return values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    if kind in (Kind.INSTANT, Kind.LOCAL):
        return values.cast(pa.timestamp("us", values.type.tz)).cast(pa.int64())
    if kind is Kind.CLOCK:
        return values.cast(pa.time64("us")).cast(pa.int64())
    if kind is Kind.SPAN:
        return values.cast(pa.duration("us")).cast(pa.int64())
    numbers = values.cast(pa.int64())
    if pa.types.is_floating(values.type) and (pc.max(pc.abs(values)).as_py() or 0) >= _EXACT_FLOATS:
        raise pa.ArrowInvalid("floats are not exact there")
    return numbers


def _cure(asked: str, held: str, kinds: frozenset[Kind]) -> str:
    if kinds == {Kind.NUMBER, Kind.TEXT}:
        return f"Cast one of them in its query, e.g. {asked}::bigint or {held}::text."
    if Kind.DATE in kinds and kinds & {Kind.INSTANT, Kind.LOCAL}:
        return "Let build turn the time into a date: business_date(column, night.time_zone)."
    if kinds == {Kind.INSTANT, Kind.LOCAL}:
        return "Let the query of the one without say in which zone it was written: AT TIME ZONE 'UTC'."
    if kinds == {Kind.CLOCK, Kind.TEXT}:
        return f"Let both be texts: declare {held} as Text, or let build write {asked} as times of day."
    return f"Name the column that holds {held} (in a reference: `on`), or convert one of them in build or its query."
