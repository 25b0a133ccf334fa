"""What several choices of a slicer, and ranges of months, are answered from: parts that can be put together.

A part is of one month, one member of each slicer and one of the axis: a sum, a count, a least or greatest value; or the
members themselves that are counted once. Only measures have parts that say what they are made of.
"""

from dataclasses import dataclass
from typing import Literal

from etl.report.cells import Cells, Group
from etl.report.sql import Composer

Kind = Literal["sum", "min", "max", "distinct"]
_KINDS: dict[str, Kind] = {"sum": "sum", "count": "sum", "min": "min", "max": "max", "distinct": "distinct"}


@dataclass(frozen=True)
class Parts:
    """Parts of measures over one table. slicers: those that choose among them, by number; columns: their measures.

    months: whether they are of months, and a range chooses among them; has_axis: whether they are of its members.
    sql: the query; its columns: a0, … of the slicers, month, axis, label, and one for each measure.
    """

    slicers: tuple[int, ...]
    months: bool
    has_axis: bool
    measures: tuple[str, ...]
    kinds: tuple[Kind, ...]
    sql: str


def parts_of(cells: Cells, composer: Composer, calendar: str | None) -> list[Parts] | None:
    """Write the queries for the parts of measures; None where one of them has none. calendar: its column of days."""
    known = [measure for group in cells.groups for measure, _ in group.measures]
    if any(measure.aggregate not in _KINDS or measure.latest for measure in known):
        return None
    return [_parts(cells, group, months_of(cells, composer, group, calendar)) for group in cells.groups]


def months_of(cells: Cells, composer: Composer, group: Group, calendar: str | None) -> str | None:
    """Return the column of days by whose months measures are chosen; None where they answer to none."""
    table = (calendar or "").partition(".")[0]
    has_months = bool(calendar) and not cells.ignores(group, table) and composer.reaches(group.base, table)
    return calendar if has_months else None


def _parts(cells: Cells, group: Group, month_of: str | None) -> Parts:
    rows, columns = cells.rows(group, month_of)
    keys = [f"a{n}_" for n in group.answers] + (["month_"] if month_of else []) + (["axis_"] if group.has_axis else [])
    values = [f"{cells.aggregate(measure, columns)} AS {alias}" for measure, alias in group.measures]
    if group.is_distinct:
        counted = cells.counted(group, columns)
        rows = f"SELECT * FROM (SELECT chosen.*, {counted} AS counted_ FROM ({rows}) AS chosen) AS known"
        rows += " WHERE counted_ IS NOT NULL"
        keys, values = [*keys, "counted_"], [f"counted_ AS {group.measures[0][1]}"]
    label = [f"{cells.label()} AS label"] if group.has_axis else []
    by = f" GROUP BY {', '.join(keys)}" if keys else ""
    shown = [f"{key} AS {key.removesuffix('_')}" for key in keys if key != "counted_"]
    return Parts(
        group.answers,
        month_of is not None,
        group.has_axis,
        tuple(measure.name for measure, _ in group.measures),
        tuple(_KINDS[str(measure.aggregate)] for measure, _ in group.measures),
        f"SELECT {', '.join([*shown, *label, *values])} FROM ({rows}) AS chosen{by}",
    )
