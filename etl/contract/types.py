"""The types that a contract's column may have: those that every warehouse keeps exactly, each declared once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from etl.core.errors import ContractError


@dataclass(frozen=True)
class ColumnType:
    """A type as a table file writes it (word), as Arrow has it, and as the dictionary calls it (name).

    holds: what its values are. is_exact: whether equal values are stored equal, so that they can identify a row;
    clusters: whether every warehouse can sort a table by them.
    """

    word: str
    arrow: pa.DataType
    name: str
    holds: str
    is_exact: bool = True
    clusters: bool = True


MOST_WHOLE, MOST_SCALE = 29, 9
"""The digits before and after the point of a decimal that every warehouse keeps: BigQuery's NUMERIC has no more."""

KEY = ColumnType("Key", pa.int64(), "int", "A surrogate key: a small integer, 0 for the unknown member.")
INTEGER = ColumnType("Integer", pa.int64(), "int", "A whole number of 64 bits.")
TEXT = ColumnType("Text", pa.string(), "string", "A text; NULL, the empty text and `NA` are three different values.")
MONEY = ColumnType(
    "Money", pa.decimal128(18, 2), "decimal(18, 2)", "Exact money, 16 digits before the point and 2 behind it."
)
NUMBER = ColumnType(
    "Number", pa.float64(), "double", "A measurement that may be inexact; never money.", is_exact=False, clusters=False
)
DATE = ColumnType("Date", pa.date32(), "date", "A calendar date in the business time zone.")
TIMESTAMP = ColumnType("Timestamp", pa.timestamp("us", "UTC"), "timestamp", "An instant, in UTC and microseconds.")
FLAG = ColumnType("Flag", pa.bool_(), "bool", "True or false.")
TIME = ColumnType(
    "Time", pa.time64("us"), "time", "A time of day; `build` may give the text 10:30:00, as sources do.", clusters=False
)

TYPES = (KEY, INTEGER, TEXT, MONEY, NUMBER, DATE, TIMESTAMP, FLAG, TIME)
"""All types but the other decimals, which `decimal_type` makes."""


def decimal_type(precision: int, scale: int) -> ColumnType:
    """Return the type of exact numbers of so many digits, `scale` of them after the point.

    Raises ContractError where no warehouse has it.
    """
    if not all(type(number) is int for number in (precision, scale)):
        raise ContractError(f"Decimal({precision!r}, {scale!r}) is not a type: write whole numbers.", "Decimal(18, 4).")
    if not 0 <= scale <= MOST_SCALE or not max(scale, 1) <= precision <= scale + MOST_WHOLE:
        most = min(max(scale, 0), MOST_SCALE)
        raise ContractError(
            f"Decimal({precision}, {scale}) is not a type: a column has up to {MOST_WHOLE} digits before the point and"
            f" {MOST_SCALE} after it, as BigQuery's NUMERIC has.",
            f"Write at most Decimal({most + MOST_WHOLE}, {most}), and round the values in build.",
        )
    told = f"An exact number of {precision} digits, {scale} of them after the point, as rates and prices need."
    return ColumnType(
        f"Decimal({precision}, {scale})", pa.decimal128(precision, scale), f"decimal({precision}, {scale})", told
    )


_BYTES = "Declare it Text, and let the query write the bytes as digits: encode(column, 'hex')."
_STRUCTURE = "Declare it Text, and let the query write it as such: column::text."
_SPAN = "Declare it an Integer, and count the seconds in build, or in the query: extract(epoch FROM column)::bigint."

_INSTEAD: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_integer, "Declare it an Integer."),
    (pa.types.is_floating, "Declare it a Number."),
    (pa.types.is_date, "Declare it a Date."),
    (pa.types.is_timestamp, "Declare it a Timestamp."),
    (pa.types.is_decimal, "Declare it Money, or another decimal: Decimal(18, 4)."),
    (pa.types.is_duration, _SPAN),
    (pa.types.is_time, "Declare it a Time."),
    (pa.types.is_binary, _BYTES),
    (pa.types.is_large_binary, _BYTES),
    (pa.types.is_nested, _STRUCTURE),
)
"""What to declare in the place of a type that is none of ours."""

OTHER_WORDS = {
    **dict.fromkeys(("TimeOfDay", "Clock"), "Write Time."),
    **dict.fromkeys(("Bytes", "Bytearray", "Binary", "Blob"), f"There is no type for bytes. {_BYTES}"),
    **dict.fromkeys(
        ("Json", "JSON", "List", "Array", "Record", "Dict", "Set", "Tuple"),
        f"There is no type with parts. {_STRUCTURE}",
    ),
    **dict.fromkeys(
        ("Interval", "Duration", "Timedelta", "TimeDelta"), f"There is no type for a span of time. {_SPAN}"
    ),
    **dict.fromkeys(("Float", "Double", "Real"), "Write Number, or for exact numbers Decimal(18, 4)."),
    **dict.fromkeys(("Numeric",), "Write Money, or Decimal(18, 4)."),
    **dict.fromkeys(("Int", "BigInt", "Int64"), "Write Integer."),
    **dict.fromkeys(("Bool", "Boolean"), "Write Flag."),
    **dict.fromkeys(("String", "Str", "Varchar", "Uuid", "UUID"), "Write Text."),
    **dict.fromkeys(("DateTime", "Datetime", "Instant"), "Write Timestamp."),
}
"""What others call types, and what to do here."""

_OF_PYTHON = {
    "Decimal": "Write Decimal(18, 4): its digits, and how many of them are after the point.",
    **{word: f"Write {word}, the word of etl.contract." for word in ("Date", "Time", "Timestamp")},
    **dict.fromkeys(("Category", "Categorical", "Object", "Any"), "Write Text, if texts are in it."),
}
"""Classes of Python, numpy and pandas that are called like a word of the vocabulary, or like none."""


def word_for(other: object) -> str | None:
    """Return what to write instead of a class of Python, numpy or pandas, e.g. `int`; None where it says nothing."""
    name = str(getattr(other, "__name__", "")).removesuffix("Dtype").rstrip("_0123456789")
    word = name[:1].upper() + name[1:]
    return _OF_PYTHON.get(word) or OTHER_WORDS.get(word) or OTHER_WORDS.get(word.capitalize())


def column_type(kind: pa.DataType) -> ColumnType | None:
    """Return the type that a column has in Arrow; None where no column may have it."""
    if pa.types.is_decimal128(kind) and 0 <= kind.scale <= kind.precision:
        return decimal_type(kind.precision, kind.scale)
    return next((each for each in TYPES[1:] if each.arrow == kind), None)


def check_type(name: str, kind: pa.DataType) -> None:
    """Raise ContractError where no column of a warehouse has this type, with the word to use instead."""
    if column_type(kind) is None:
        instead = next((told for is_such, told in _INSTEAD if is_such(kind)), "Declare it Text.")
        raise ContractError(f"{name} is of the type {kind}, which a contract cannot have.", instead)


def is_of(value: Any, kind: pa.DataType) -> bool:
    """Whether a Python value is one of a type's, NULL included."""
    try:
        pa.array([value], kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def check_rule(name: str, kind: pa.DataType, rule: str, values: Iterable[Any]) -> None:
    """Raise ContractError where a column is to be compared with what is none of its values."""
    numbers = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    wanted = pa.float64() if numbers else kind  # ge=0.5 is a rule for money
    for value in values:
        if not (is_of(value, kind) or is_of(value, wanted)):
            raise ContractError(
                f"{name} is compared with {value!r} ({rule}), which is not of the type {kind}.",
                f"Write a value of {name}'s type.",
            )
