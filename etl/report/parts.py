"""What several choices of a slicer, and ranges of months, are answered from: parts that can be put together.

A part is of one month, one member of each slicer and one of the axis: a sum, a count, a least or greatest value; or the
members themselves that are counted once. Only measures have parts that say what they are made of.
"""

from dataclasses import dataclass

from etl.report.cells import Cells
from etl.report.grains import AXIS, KINDS, Group, Kind


@dataclass(frozen=True)
class Parts:
    """Parts of measures over one table. slicers: those that choose among them, by number; columns: their measures.

    months: whether they are of months, and a range chooses among them; has_axis: whether they are of its members.
    sql: the query; its columns: a0, … of the slicers, month, axis, and m0, … of the measures.
    """

    slicers: tuple[int, ...]
    months: bool
    has_axis: bool
    measures: tuple[str, ...]
    kinds: tuple[Kind, ...]
    sql: str


def parts_of(cells: Cells) -> list[Parts] | None:
    """Write the queries for the parts of measures; None where one of them has none."""
    return [_parts(cells, group) for group in cells.groups] if all(g.is_together for g in cells.groups) else None


def _parts(cells: Cells, group: Group) -> Parts:
    columns = [f"a{n}_ AS a{n}" for n in group.answers]
    columns += ["month_ AS month"] if group.day else []
    columns += [f"{AXIS} AS axis"] if group.has_axis else []
    columns += [f"{cells.grains.value(group, measure)} AS m{n}" for n, measure in enumerate(group.measures)]
    known = " WHERE counted_ IS NOT NULL" if group.counted else ""
    return Parts(
        group.answers,
        group.day is not None,
        group.has_axis,
        tuple(measure.name for measure in group.measures),
        tuple(KINDS[measure.aggregate] for measure in group.measures),
        f"SELECT {', '.join(columns)} FROM (\n{cells.grains.select(group)}\n) AS chosen{known}",
    )
