"""The parts that a page puts together for several choices and ranges of months, in as few bytes as they need."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa

from etl.company.formula import Json, as_json
from etl.company.measure import Measure
from etl.company.pages import Visual
from etl.company.report import Report
from etl.dashboard.formats import places
from etl.report.cells import Cells
from etl.report.parts import Parts, parts_of
from etl.report.read import Read


@dataclass(frozen=True)
class Parted:
    """The parts of a visual. tables: what was asked, with its answer.

    trees: what each measure is made of, the one that ranks last; deaf: the places of those that answer to no month;
    unranked: the slicers, by number, that the one that ranks does not answer to.
    """

    tables: tuple[tuple[Parts, pa.Table], ...]
    trees: tuple[Json, ...]
    deaf: tuple[int, ...]
    unranked: tuple[int, ...]

    @property
    def members(self) -> list[int]:
        """The members of the axis that there are parts of, in their order."""
        of_axis = (table.column("axis").to_pylist() for parts, table in self.tables if parts.has_axis)
        return list(dict.fromkeys(chain.from_iterable(of_axis)))

    @property
    def months(self) -> set[int]:
        """The months that there are parts of."""
        of_months = (table.column("month").to_pylist() for parts, table in self.tables if parts.months)
        return {month for months in of_months for month in months if month is not None}


def parted(visual: Visual, cells: Cells, report: Report, read: Read, most: int) -> Parted | None:
    """Ask for the parts of a visual's measures; None where they have none, or more than `most` rows of them."""
    said, asked = (*visual.measures, visual.ranked_by), parts_of(cells) or ()
    trees = [_tree(report, name, asked) for name in said]
    if None in trees or not all(_is_written(report.measures[name]) for name in visual.measures):
        return None
    tables, left = [], most
    for part in asked:
        table = read(f"SELECT * FROM ({part.sql}) AS parts LIMIT {left + 1}")
        left -= len(table)
        if left < 0 or any(pa.types.is_floating(kind) for kind in table.schema.types):
            return None
        tables.append((part, _in_order(part, table)))
    days = cells.calendar
    deaf = [place for place, name in enumerate(said) if days and not cells.answers(name, days)]
    unranked = [n for n, column in enumerate(cells.slicers) if not cells.answers(visual.ranked_by, column)]
    return Parted(tuple(tables), tuple(trees), tuple(deaf), tuple(unranked))


def _is_written(measure: Measure) -> bool:
    """Whether a page writes what it puts together as SQL would: of a formula the format has to say how many places."""
    return measure.of is not None or places(measure.format) is not None


def _in_order(part: Parts, table: pa.Table) -> pa.Table:
    """Order parts by what they are of: the same parts are the same bytes, and neighbours pack well."""
    keys = table.column_names if part.kinds == ("distinct",) else table.column_names[: -len(part.kinds)]
    order = [(name, "ascending") for name in keys]
    return table.sort_by(order) if order else table


def _tree(report: Report, name: str, asked: Sequence[Parts]) -> Any:
    """Return what a measure is made of, its parts by table and column; None where it does not say so."""
    measure = report.measures[name]
    if measure.of is None and measure.tree is None:
        return None
    places = {name: (n, place) for n, part in enumerate(asked) for place, name in enumerate(part.measures)}
    tree = as_json(report.tree(name))
    return _placed(tree, places) if {*_named(tree)} <= {*places} else None


def _named(tree: Json) -> Iterator[str]:
    """Name the measures that a tree ends in: those of sql by hand over others have no parts."""
    match tree:
        case ["measure", name]:
            yield str(name)
        case [str(_), *values]:
            yield from (name for each in values if isinstance(each, list) for name in _named(each))


def _placed(tree: Json, places: Mapping[str, tuple[int, int]]) -> Json:
    match tree:
        case ["measure", name]:
            return ["part", *places[str(name)]]
        case [str(sign), *values]:
            return [sign, *(_placed(each, places) if isinstance(each, list) else each for each in values)]
    return tree
