"""A visual's rows under every single choice of its page's slicers, as the page shows them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.company.pages import Visual
from etl.company.report import Report
from etl.dashboard.answers import named_members, order_of
from etl.dashboard.contexts import Contexts, Row, first_of_each
from etl.dashboard.parted import Parted, parted
from etl.dashboard.picture import Value
from etl.report.cells import NOWHERE, Cells
from etl.report.grains import Grains
from etl.report.read import Read
from etl.report.rows import NO_MEMBER, members_of
from etl.report.sql import Composer

_NAMED = 1_000
"""Members that a query names one by one; of more it asks for all."""


@dataclass(frozen=True)
class Source:
    """What is asked, and of whom. calendar: the column of the days by which months are chosen, if there is one.

    most_rows, most_parts: of a visual, in all contexts; 40,000 rows are some 300 kB in the page. grains: what is kept
    for all questions; labels: by column, what is known of how members are called.
    """

    report: Report
    composer: Composer
    read: Read
    calendar: str | None
    most_rows: int = 40_000
    most_parts: int = 12_000
    grains: Grains | None = None
    labels: dict[str, dict[int, Value]] = field(default_factory=dict)

    def cells(self, visual: Visual, slicers: Sequence[str]) -> Cells:
        """Return the question for a visual's rows under all single choices of slicers."""
        measures = list(dict.fromkeys([*visual.measures, visual.ranked_by]))
        return Cells(self.composer, measures, len(visual.measures), visual.by, slicers, self.calendar, self.grains)


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
    contexts: Contexts
    nowhere: Row | None
    parted: Parted | None
    top: int | None
    descending: bool
    is_along: bool


def announce(visual: Visual, slicers: Sequence[str], source: Source) -> None:
    """Have what a visual will be asked among what is kept of each table."""
    if source.grains:
        for group in source.cells(visual, slicers).groups:
            source.grains.need(group)


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
    if each.slicers and len(each.contexts.table) > source.most_rows:
        return asked(visual, slicers, source)
    if not each.parted or sum(len(table) for _, table in each.parted.tables) <= source.most_parts:
        return each
    axis, own = ({code: of[code] for code in each.contexts.members} for of in (each.axis, each.own))
    return replace(each, parted=None, axis=axis, own=own)


def _asked(visual: Visual, slicers: Sequence[str], source: Source) -> Asked | None:
    """Ask for the rows; nothing if they are too many."""
    shown, cells = len(visual.measures), source.cells(visual, slicers)
    width, rank = len(cells.slicers), cells.measures.index(visual.ranked_by)
    query = cells.query(visual.top if visual.top and _ranks(visual.ranked_by, source) else None, rank)
    table = source.read(f"SELECT * FROM ({query}) AS answer LIMIT {source.most_rows + 1}" if slicers else query)
    if slicers and len(table) > source.most_rows:
        return None
    parts = parted(visual, cells, source.report, source.read, source.most_parts)
    members = parts.members if parts else []
    own = _spelled(visual.by, {*table.column("axis").to_pylist(), *members}, source)
    table = _shown(visual, table, own, width, rank).select([*range(width + 1 + shown)])
    nowhere = Contexts(table.slice(0, 0), width)
    if width and not visual.by:
        is_nowhere = pc.equal(table.column("a0"), NOWHERE)
        nowhere, table = Contexts(table.filter(is_nowhere), width), table.filter(pc.invert(is_nowhere))
    contexts = Contexts(table, width)
    used = {code: own.get(code) for code in (*contexts.members, *members)}
    return Asked(
        measures=tuple(visual.measures),
        by=visual.by,
        slicers=cells.slicers,
        unreached={column: [place for place in places if place < shown] for column, places in cells.unreached.items()},
        axis=named_members(visual, used, source.composer, source.read),
        own=used,
        contexts=contexts,
        nowhere=next((row for rows in nowhere.values() for row in rows), None),
        parted=parts,
        top=visual.top,
        descending=visual.descending,
        is_along=_is_along(visual),
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


def _shown(visual: Visual, table: pa.Table, own: Mapping[int, Value], width: int, rank: int) -> pa.Table:
    """Choose and order the rows of each context: the greatest first, or along the axis. own: the members' labels."""
    contexts = [(name, "ascending") for name in table.column_names[:width]]
    if visual.by is None:
        return table.sort_by(contexts) if contexts else table
    members: list[int] = pc.unique(table.column("axis")).to_pylist()
    ranked = [(f"v{rank}", "descending")] if _is_ranked(table.column(f"v{rank}").type) else []
    table = _placed(table, sorted(members, key=lambda code: order_of(own[code])))
    table = table.sort_by([*contexts, *ranked, ("place", "ascending")])
    if visual.top:
        table = first_of_each(table, width, visual.top)
    if not _is_along(visual):
        return table
    along: dict[int, Any] = {code: own[code] for code in members if own[code] is not None}
    table = _placed(table, sorted(along, key=along.__getitem__))
    table = table.filter(pc.is_valid(table.column("place")))
    return table.sort_by([*contexts, ("place", "descending" if visual.descending else "ascending")])


def _placed(table: pa.Table, members: Sequence[int]) -> pa.Table:
    """Put the place of each row's member among these beside its values; nothing where it is none of them."""
    axis = table.column("axis")
    places = pc.index_in(axis, value_set=pa.array(members, axis.type))
    at = table.schema.get_field_index("place")
    return table.append_column("place", places) if at < 0 else table.set_column(at, "place", places)


def _is_along(visual: Visual) -> bool:
    """Whether a visual is in the order of its axis."""
    return visual.kind in ("line", "column")


def _is_ranked(kind: pa.DataType) -> bool:
    """Whether values of a type are ranked: texts are not."""
    return not pa.types.is_string(kind) and not pa.types.is_large_string(kind)


def _ranks(measure: str, source: Source) -> bool:
    """Whether the warehouse orders a measure's values as they are ranked here: it is asked for what is by hand."""
    if not source.report.is_by_hand(measure):
        return True
    query = source.composer.query([measure])
    return _is_ranked(source.read(f"SELECT * FROM ({query}) AS answer LIMIT 0").schema.types[0])
