"""How the scripts are handed a value: each says itself of what kind it is, for a text may look like a number."""

from datetime import date
from decimal import Decimal
from typing import Any

from etl.dashboard import formats
from etl.dashboard.picture import Value

EXACT_IN_JS = 2**53
"""Whole numbers from here on are no longer all among JavaScript's."""


def plain(value: Value, number_format: str = formats.GENERAL) -> Any:
    """Return a value as JSON has it: texts and times as they are shown, numbers that JSON would round as {"exact": …}.

    What stays a number, a truth value or nothing is written by the scripts, in the measure's format.
    """
    if isinstance(value, int):
        return value if abs(value) < EXACT_IN_JS else exact(value)
    if isinstance(value, Decimal) and value.is_finite():
        return exact(value)
    if isinstance(value, float) and formats.drawn(value) is not None:
        return exact(Decimal(str(value)))
    return formats.shown(value, number_format) if isinstance(value, date | float | Decimal) else value


def exact(number: int | Decimal) -> dict[str, str]:
    """Return a number by its digits, without an exponent."""
    return {"exact": f"{number:f}" if isinstance(number, Decimal) else str(number)}
