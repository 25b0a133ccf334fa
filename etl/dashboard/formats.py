"""How a value is written: by a spreadsheet's number format, and exactly, on decimals and never on floats."""

import math
import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from etl.core.errors import ContractError
from etl.dashboard.picture import Value

NOTHING = "–"
"""What stands for a value that is NULL."""

NONE = "(none)"
"""What the member is called that is NULL: in slicers, tables, charts, CSV and the page's address."""

EMPTY = "(empty)"
"""What stands for a text of no letters, which is not NULL."""

_TAKEN = re.compile(r" *“*\((none|empty)\)”* *", re.IGNORECASE)

GENERAL = "General"
_DATE, _TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
_NUMBER = re.compile(
    r"(?P<one>(?P<plus>\+?)(?:\"(?P<unit>[^\"]+)\")?(?P<digits>#,0|#,##0|0)(?:\.(?P<places>0+))?(?P<percent>%?))"
    r"(?:;-(?P<two>.+))?"
)
_EXACT = Context(prec=1_000, rounding=ROUND_HALF_UP)


def shown(value: Value, number_format: str) -> str:
    """Write the value of a measure."""
    if not is_number(value):
        check(number_format)
        return label(instant(value).date()) if isinstance(value, datetime) and number_format == _DATE else label(value)
    parts = check(number_format)
    if parts is None:
        return label(value)
    number = Decimal(str(value))
    if not number.is_finite():
        return label(value)
    seen = rounded(number, places(number_format) or 0).scaleb(2 if parts["percent"] else 0, _EXACT)
    sign = "−" if seen < 0 else parts["plus"]
    grouped = "" if parts["digits"] == "0" else ","
    return f"{sign}{parts['unit'] or ''}{seen.copy_abs():{grouped}f}{parts['percent']}"


def places(number_format: str) -> int | None:
    """Return how many decimal places of a number a format shows, 3 of 0.1234 as 12.3%; None where it shows all."""
    parts = check(number_format)
    return None if parts is None else len(parts["places"] or "") + (2 if parts["percent"] else 0)


def rounded(number: Decimal, to: int) -> Decimal:
    """Round to decimal places, half up, whatever the number's size."""
    return number.quantize(Decimal(1).scaleb(-to), context=_EXACT)


def member(value: Value) -> str:
    """Write a member of an axis or slicer. A text that is what NULL or the empty text is called stands in quotes."""
    if value is None:
        return NONE
    return f"“{value}”" if isinstance(value, str) and _TAKEN.fullmatch(value) else label(value)


def label(value: Value) -> str:
    """Write a value that has no format: as it is, a year not as 2,026."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return f"{instant(value):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, str | date):
        return str(value) or EMPTY
    return (f"{value:f}" if isinstance(value, Decimal) else str(value)).replace("-", "−")


def instant(at: datetime) -> datetime:
    """Return a time in UTC, which one without a zone is already."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def drawn(value: Value) -> float | None:
    """Return what a chart draws of a value; nothing of what is no finite number."""
    return (
        float(value) if isinstance(value, int | float | Decimal) and is_number(value) and math.isfinite(value) else None
    )


def is_percent(number_format: str) -> bool:
    """Return whether a format writes shares."""
    return number_format.endswith("%")


def check(number_format: str) -> re.Match[str] | None:
    """Read a number's format; returns nothing for those that a number is written without, and refuses unknown ones."""
    if number_format in (GENERAL, _DATE, _TIME):
        return None
    parts = _NUMBER.fullmatch(number_format)
    if parts is None or parts["two"] not in (None, parts["one"].removeprefix("+")):
        raise ContractError(
            f"The number format {number_format!r} is not one that the dashboard can write.",
            "Use #,0 or 0, with decimals (#,0.00), as a share (0.0%), with its sign (+#,0;-#,0), in a "
            'unit ("€"#,0.00), yyyy-mm-dd, yyyy-mm-dd hh:mm or General.',
        )
    return parts


def is_number(value: Value) -> bool:
    """Return whether a value is a number, which a truth value is not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
