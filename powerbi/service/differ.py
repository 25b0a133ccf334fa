"""When a value of DAX and one of SQL are the same."""

import datetime as dt
from decimal import Decimal
from typing import Any

_INSTANT = dt.timedelta(milliseconds=10)
"""What a time of day may lose in Power BI, whose times are floating-point numbers of days."""


def cell(value: Any) -> Any:
    """Return a value of SQL as Power BI holds it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return dt.datetime(value.year, value.month, value.day) if isinstance(value, dt.date) else value


def differs(format_: str, dax: Any, sql: Any) -> bool:
    """Whether two values are not the same: sums exactly, money divided to the four places that Power BI keeps."""
    if sql is None or dax is None or isinstance(sql, bool | str):
        return bool(dax is not sql and dax != sql)
    if isinstance(sql, dt.date):
        return not isinstance(dax, dt.datetime) or abs(dax - cell(sql)) >= _INSTANT
    if isinstance(dax, bool) or not isinstance(dax, int | float | Decimal):
        return True
    if isinstance(sql, int | Decimal) and "%" not in format_:
        return abs(Decimal(f"{dax:.4f}") - sql) > (Decimal(0) if _is_sum(sql) else Decimal("0.0000501"))
    return abs(float(dax) - float(sql)) > (0.0000501 if "%" not in format_ else 1e-9)


def _is_sum(value: int | Decimal) -> bool:
    return isinstance(value, int) or -int(value.as_tuple().exponent) <= 2
