"""Months of a partitioned table as literals of SQL, by which a warehouse reads no other partitions."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import pyarrow as pa

from etl.contract.table import Contract

NO_MONTH = ""
"""The partition of the rows without a date."""


def within(contract: Contract, months: Sequence[str], quoted: Callable[[str], str], row: str = "") -> str:
    """Write the condition that a row lies in one of some months (2030-01; "" for NULL).

    Months that follow upon each other are one range. row: the name of the relation, if it has one.
    """
    field = contract.schema.field(str(contract.partition_by))
    name = f"{row}.{quoted(field.name)}" if row else quoted(field.name)
    said = [_range(name, field, *each) for each in _ranges(sorted(set(months) - {NO_MONTH}))]
    return f"({' OR '.join([*said, *[f'{name} IS NULL'] * (NO_MONTH in months)])})"


def _ranges(months: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Put months that follow upon each other together: the first and the last of each range."""
    first = last = ""
    for month in months:
        if last and month == _next(last):
            last = month
            continue
        if last:
            yield first, last
        first = last = month
    if last:
        yield first, last


def _range(name: str, field: pa.Field, first: str, last: str) -> str:
    begin, end = _day(field, first), _next(last)
    until = f" AND {name} < {_day(field, end)}" if date.max.year >= int(end[:-3]) else ""
    return f"({name} >= {begin}{until})"


def _day(field: pa.Field, month: str) -> str:
    """Write the first instant of a month."""
    return f"DATE '{month}-01'" if pa.types.is_date(field.type) else f"TIMESTAMP '{month}-01 00:00:00+00'"


def _next(month: str) -> str:
    """Return the month after."""
    year, number = map(int, month.split("-"))
    return f"{year + number // 12:04}-{number % 12 + 1:02}"
