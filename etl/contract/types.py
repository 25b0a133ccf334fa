"""The types that a contract's column may have: those that every warehouse keeps exactly."""

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from etl.core.errors import ContractError

_ALLOWED = (pa.int64(), pa.string(), pa.float64(), pa.date32(), pa.timestamp("us", "UTC"), pa.bool_())

_INSTEAD: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_integer, "Integer"),
    (pa.types.is_floating, "Number"),
    (pa.types.is_date, "Date"),
    (pa.types.is_timestamp, "Timestamp"),
    (pa.types.is_decimal, "Money, or another decimal, e.g. Decimal(18, 4),"),
    (pa.types.is_duration, "Integer, and count the seconds in build,"),
)


def check_type(name: str, kind: pa.DataType) -> None:
    """Raise ContractError where no column of a warehouse has this type, with the word to use instead."""
    if kind in _ALLOWED or (pa.types.is_decimal128(kind) and 0 <= kind.scale <= kind.precision):
        return
    instead = next((word for is_such, word in _INSTEAD if is_such(kind)), "Text, and write it as text in build,")
    raise ContractError(f"{name} is of the type {kind}, which a contract cannot have.", f"Write {instead} instead.")


def fits_numeric(kind: pa.DataType) -> bool:
    """Whether BigQuery's NUMERIC holds a decimal: 29 digits before the point and 9 behind it."""
    return bool(kind.scale <= 9 and kind.scale < kind.precision <= kind.scale + 29)


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
                f"{name} is compared with {value!r} ({rule}), which is no {kind}.", f"Write a value of {name}'s type."
            )
