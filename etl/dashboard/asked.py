"""A visual's rows under every single choice of its page's slicers, as the page shows them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import pyarrow as pa

from etl.company.pages import Visual
from etl.company.report import Report
from etl.dashboard.answers import named_members, order_of, rank_of
from etl.dashboard.parted import Parted, parted
from etl.dashboard.picture import Value
from etl.report.cells import NOWHERE, Cells
from etl.report.parts import months_of
from etl.report.read import Read
from etl.report.rows import NO_MEMBER, CodedRows, members_of
from etl.report.sql import Composer

_NAMED = 1_000
"""Members that a query names one by one; of more it asks for all."""
Context = tuple[int, ...]
Row = tuple[int, *tuple[Value, ...]]
"""The code of the axis' member, and a value for each measure."""


@dataclass(frozen=True)
class Source:
    """What is asked, and of whom. calendar: the column of the days by which months are chosen, if there is one.

    most_rows, most_parts: of a visual, in all contexts; 40,000 rows are some 300 kB in the page. rows: where those
    that were joined and coded are kept; labels: by column, what is known of how members are called.
    """

    report: Report
    composer: Composer
    read: Read
    calendar: str | None
    most_rows: int = 40_000
    most_parts: int = 12_000
    rows: CodedRows | None = None
    labels: dict[str, dict[int, Value]] = field(default_factory=dict)

    def cells(self, visual: Visual, slicers: Sequence[str]) -> Cells:
        """Return the question for a visual's rows under all single choices of slicers."""
        measures = list(dict.fromkeys([*visual.measures, visual.ranked_by]))
        return Cells(self.composer, measures, len(visual.measures), visual.by, slicers, self.rows)


@dataclass(frozen=True)
class Asked:
    """What is known of measures by an axis. slicers: the columns that matter, in the order of a context's codes.

    unreached: by column, the places of the measures that do not answer to it. axis: what the members are called, by
    code; own: their own labels, by which they are ordered. contexts: the rows of each context of which there are any,
    as they are shown; nowhere: the row of the others. parted: what several choices are put together from, if they can
    be. top, descending: as the visual has it; is_along: whether the axis has an order of its own.
    """

    measures: tuple[str, ...]
    by: str | None
    slicers: tuple[str, ...]
    unreached: Mapping[str, Sequence[int]]
    axis: Mapping[int, Value]
    own: Mapping[int, Value]
    contexts: Mapping[Context, list[Row]]
    nowhere: Row | None
    parted: Parted | None
    top: int | None
    descending: bool
    is_along: bool


def announce(visual: Visual, slicers: Sequence[str], source: Source) -> None:
    """Have the columns that a visual will be asked by among those that are kept of each table."""
    if source.rows:
        cells = source.cells(visual, slicers)
        for group in cells.groups:
            source.rows.need(cells.wanted(group, months_of(cells, source.composer, group, source.calendar))[0])


def asked(visual: Visual, slicers: Sequence[str], source: Source) -> Asked:
    """Ask for the rows of a visual under every single choice of its slicers, as far as the rows are not too many.

    The rows without a slicer are as many as they are: the page shows them, too.
    """
    kept = len(slicers)
    while (found := _asked(visual, slicers[:kept], source)) is None:
        kept -= 1
    every = [*range(len(visual.measures))]
    return replace(found, unreached={**found.unreached, **dict.fromkeys(slicers[kept:], every)})


def cut(each: Asked, visual: Visual, slicers: Sequence[str], source: Source) -> Asked:
    """Return of what was asked what may stay: without its parts, or asked anew for the rows of fewer slicers."""
    if each.slicers and sum(map(len, each.contexts.values())) > source.most_rows:
        return asked(visual, slicers, source)
    if not each.parted or sum(len(table) for _, table in each.parted.tables) <= source.most_parts:
        return each
    used = {row[0] for rows in each.contexts.values() for row in rows}
    axis, own = ({code: of[code] for code in of if code in used} for of in (each.axis, each.own))
    return replace(each, parted=None, axis=axis, own=own)


def _asked(visual: Visual, slicers: Sequence[str], source: Source) -> Asked | None:
    """Ask for the rows; nothing if they are too many."""
    measures, shown = list(dict.fromkeys([*visual.measures, visual.ranked_by])), len(visual.measures)
    cells = source.cells(visual, slicers)
    rank, width = measures.index(visual.ranked_by), len(cells.slicers)
    query = cells.query(visual.top if visual.top and _ranks(visual, source) else None, rank)
    table = source.read(f"SELECT * FROM ({query}) AS answer LIMIT {source.most_rows + 1}" if slicers else query)
    if slicers and len(table) > source.most_rows:
        return None
    rows = sorted(zip(*(column.to_pylist() for column in table.columns), strict=True), key=lambda row: row[:width])
    found = {context: [row[width:] for row in part] for context, part in groupby(rows, key=lambda row: row[:width])}
    own = _spelled(visual.by, {row[width] for row in rows}, source)
    nowhere = found.pop((NOWHERE,) * width, None) if width and not visual.by else None
    contexts = {context: _shown(visual, part, own, rank) for context, part in found.items()}
    parts = parted(visual, cells, source.composer, source.report, source.calendar, source.read, source.most_parts)
    used = dict.fromkeys([*(row[0] for part in contexts.values() for row in part), *(parts.axis if parts else ())])
    own = _spelled(visual.by, used.keys(), source)
    used = {code: own.get(code) for code in used}
    return Asked(
        measures=tuple(visual.measures),
        by=visual.by,
        slicers=cells.slicers,
        unreached={column: [place for place in places if place < shown] for column, places in cells.unreached.items()},
        axis=named_members(visual, used, source.composer, source.read),
        own=used,
        contexts={context: part for context, part in contexts.items() if part},
        nowhere=_shown(visual, nowhere, own, rank)[0] if nowhere else None,
        parted=parts,
        top=visual.top,
        descending=visual.descending,
        is_along=visual.kind in ("line", "column"),
    )


def _spelled(column: str | None, codes: Set[int], source: Source) -> Mapping[int, Value]:
    """Return what members are called wherever they stand: by the first of all spellings that their table has."""
    if column is None:
        return dict.fromkeys(codes)
    known = source.labels.setdefault(column, {NO_MEMBER: None})
    if left := sorted(codes - known.keys()):
        among = f" WHERE code IN ({', '.join(map(str, left))})" if len(left) <= _NAMED else ""
        found = source.read(f"SELECT code, label FROM ({members_of(source.composer, column)}) AS members{among}")
        known.update(zip(*(found.column(name).to_pylist() for name in ("code", "label")), strict=True))
    return known


def _shown(visual: Visual, rows: list[tuple[Any, ...]], axis: Mapping[int, Any], rank: int) -> list[Row]:
    """Choose and order the rows of a context. rows: the axis' code, its label, and a value for each measure."""
    if visual.by:
        rows.sort(key=lambda row: order_of(axis[row[0]]))
        rows.sort(key=lambda row: rank_of(row[2 + rank]))
        rows = rows[: visual.top]
    if visual.kind in ("line", "column"):
        rows = [row for row in rows if axis[row[0]] is not None]
        rows.sort(key=lambda row: axis[row[0]], reverse=visual.descending)
    shown = 2 + len(visual.measures)
    return [(row[0], *row[2:shown]) for row in rows]


def _ranks(visual: Visual, source: Source) -> bool:
    """Whether the warehouse orders the ranking measure's values as they are ranked here; texts are not ranked."""
    query = source.composer.query([visual.ranked_by])
    kind = source.read(f"SELECT * FROM ({query}) AS answer LIMIT 0").schema.types[0]
    return not pa.types.is_string(kind) and not pa.types.is_large_string(kind)
