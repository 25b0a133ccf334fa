"""What the pages are sliced by: the members that there is anything of, and what an address calls each slicer."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.table import Contract
from etl.dashboard import formats
from etl.dashboard.answers import order_of
from etl.dashboard.asked import Asked, Source
from etl.dashboard.picture import Value
from etl.report.cubes import ALL
from etl.report.names import friendly
from etl.report.rows import NO_MEMBER, members_of
from etl.report.sql import Composer

_TAKEN = ("from", "to", "drill")
"""What the page's address says besides the slicers."""


@dataclass(frozen=True)
class Slicer:
    """A column that is chosen by. key: its name in the page's address; members: labels, and places by code.

    values: what the members are, by their places; None is the one that has no value.
    """

    column: str
    key: str
    members: tuple[str, ...]
    places: Mapping[int, int]
    is_period: bool
    values: tuple[Value, ...]

    def told(self) -> dict[str, Any]:
        """Return what the page needs to know of it."""
        label = friendly(self.column.partition(".")[2].removesuffix("_name"))
        told = {"column": self.column, "key": self.key, "label": label}
        return {**told, "members": self.members, "period": self.is_period}


def slicers_of(columns: Iterable[str], queries: Sequence[Asked], source: Source) -> list[Slicer]:
    """Ask for the members of slicers: those that there is anything of. columns: of the pages, in their order."""
    found: dict[str, set[int]] = {column: set() for column in columns}
    for each in queries:
        for place, column in enumerate(each.slicers):
            found.setdefault(column, set()).update(context[place] for context in each.contexts)
        for parts, table in each.parted.tables if each.parted else ():  # of them there may be rows without a value
            for place in parts.slicers:
                found[each.slicers[place]].update(table.column(f"a{place}").to_pylist())
    keys = _keys([*found])
    return [_slicer(column, keys[column], codes - {ALL}, source) for column, codes in found.items()]


def _slicer(column: str, key: str, codes: set[int], source: Source) -> Slicer:
    table = source.read(members_of(source.composer, column))
    labels = dict(zip(*(table.column(name).to_pylist() for name in ("code", "label")), strict=True))
    ordered = sorted(codes, key=lambda code: order_of(None if code == NO_MEMBER else labels[code]))
    values = tuple(None if code == NO_MEMBER else labels[code] for code in ordered)
    members = tuple(map(formats.member, values))
    places = {ALL: ALL} | {code: place for place, code in enumerate(ordered)}
    calendar = (source.calendar or "").partition(".")[0]
    return Slicer(column, key, members, places, column.partition(".")[0] == calendar, values)


def offered(slicer: Slicer, found: Iterable[Asked], composer: Composer) -> list[int] | None:
    """Return the places of the members under which one of a page's visuals says something; None where all are.

    What ignores the slicer says the same under each member, also of those that there is nothing of; and what a measure
    is of no rows at all, 0 of some counts, says nothing either.
    """
    said: set[int] = set()
    for each in (each for each in found if slicer.column in each.slicers):
        at, table = each.slicers.index(slicer.column), slicer.column.partition(".")[0]
        places = [place for place, name in enumerate(each.measures, 1) if composer.is_chosen(name, table)]
        none = each.nowhere or (None,) * (1 + len(each.measures))
        rows = each.contexts.table
        for place in places:
            values = rows.column(len(each.slicers) + place)
            is_none = (
                pc.is_null(values) if none[place] is None else pc.equal(values, pa.scalar(none[place], values.type))
            )
            said.update(rows.column(at).filter(pc.invert(is_none)).unique().to_pylist())
    kept = sorted(slicer.places[code] for code in said - {ALL})
    return None if len(kept) == len(slicer.members) else kept


def offered_months(months: Sequence[int], found: Iterable[Asked]) -> list[int]:
    """Return the places of the months that one of a page's visuals has a value of."""
    said: set[int] = set()
    for parts, table in (part for each in found if each.parted for part in each.parted.tables if part[0].months):
        there = reduce(pc.or_, map(pc.is_valid, table.columns[-len(parts.kinds) :]))
        said.update(table.column("month").filter(there).to_pylist())
    return [place for place, month in enumerate(months) if month in said]


def _keys(columns: Sequence[str]) -> dict[str, str]:
    """Name slicers in an address: by their columns; also by their tables, where that is the name of two."""
    spelled = {column: [*_spelled(*column.partition(".")[::2]), column] for column in columns}
    count = Counter([*_TAKEN, *(key for keys in spelled.values() for key in {*keys})])
    return {column: next(key for key in keys if count[key] == 1) for column, keys in spelled.items()}


def _spelled(table: str, column: str) -> tuple[str, str]:
    short = column.removesuffix("_name")
    return short, f"{re.sub('^(dim|fact)_', '', table)}_{short}"


def calendar_of(contracts: Mapping[str, Contract]) -> str | None:
    """Return the column of days of the calendar: the dimension whose natural key is a day; None without one."""
    for name, contract in contracts.items():
        keys = [column for column in contract.columns if column.name in contract.natural_key]
        if contract.is_dimension and len(keys) == 1 and pa.types.is_date(keys[0].type):
            return f"{name}.{keys[0].name}"
    return None
