"""Splitting a query by ranges of a key: each is extracted over a connection of its own, and is all that a cut costs.

The bounds come from what the source's planner expects, that is from its statistics; wherever they lie, every row is in
exactly one range, those without a key in the first.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pyarrow as pa

from etl.company.queries import Query
from etl.core.arrow_types import arrow_type
from etl.core.errors import ContractError
from etl.core.manifest import RawColumn

RANGE_BYTES = 256 * 1024 * 1024
"""About the size of a range, as the source guesses it."""
_MOST = 64
"""Ranges of one query: asking for the bounds has a cost, too."""

_INTEGERS = {"smallint": 2**15, "integer": 2**31}
"""The greatest values of the types, plus one. Of bigint half: Python's ranges go no further, and the last is open."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scale:
    """The values that a key may have, as whole numbers. text: writes one as SQL reads it."""

    least: int
    greatest: int
    text: Callable[[int], str]


def scale_of(query: Query, column: RawColumn) -> Scale:
    """Return the scale of the column that a query is split by. Raises ContractError where it has none."""
    kind = arrow_type(column.type)
    if pa.types.is_integer(kind):
        greatest = _INTEGERS.get(column.source_type, 2**62)
        return Scale(-greatest, greatest - 1, str)
    if pa.types.is_date(kind):
        return Scale(1, date.max.toordinal(), lambda day: date.fromordinal(day).isoformat())
    if pa.types.is_timestamp(kind):
        least, greatest = (_microseconds(moment.replace(tzinfo=UTC)) for moment in (datetime.min, datetime.max))
        return Scale(least, greatest, lambda at: (_EPOCH + timedelta(microseconds=at)).isoformat(sep=" "))
    raise ContractError(
        f"{query.path}: `-- partition on: {column.name}` names a column of {column.source_type}.",
        "Name an integer, a date or a time; or leave the line out.",
    )


def parts_of(size: int | None) -> int:
    """Say into how many ranges to split what will have about so many bytes."""
    return min(max(-(-(size or 0) // RANGE_BYTES), 1), _MOST)


def bounds(scale: Scale, parts: int, below: Callable[[int], float]) -> list[int]:
    """Find the values between `parts` ranges of about equal size. below: how many rows have a lesser key.

    Fewer where the statistics tell no difference.
    """
    every = range(scale.least, scale.greatest)
    rows = below(scale.greatest)
    found = {bisect_left(every, rows * part / parts, key=below) for part in range(1, parts)}
    return [every[place] for place in sorted(found) if 0 < place < len(every)]


def conditions(name: str, values: list[str]) -> tuple[str, ...]:
    """Write the SQL condition of each range. name: the column, quoted; values: the bounds, as SQL literals."""
    if not values:
        return ()
    between = [f"{name} >= {low} AND {name} < {high}" for low, high in pairwise(values)]
    return (f"({name} < {values[0]} OR {name} IS NULL)", *between, f"{name} >= {values[-1]}")


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
