"""Drilling down: a visual by the levels below its axis, under each member of the levels above and every choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from etl.company.pages import Visual
from etl.contract.table import Contracts
from etl.dashboard.asked import Asked, Source, asked
from etl.report.levels import levels_below

MOST_MEMBERS = 100
"""Of a level that is drilled down to: each is asked for under every choice, every night."""


@dataclass(frozen=True)
class Lower:
    """A visual by a lower level. above: the columns of the levels above it, of each of which one member is chosen.

    They are the first of its slicers: a quarter is in many years, and two products may have editions of one name.
    """

    visual: Visual
    above: tuple[str, ...]
    slicers: tuple[str, ...]


@dataclass(frozen=True)
class Level:
    """What was asked of it."""

    above: tuple[str, ...]
    asked: Asked


def lower(visual: Visual, slicers: Sequence[str], source: Source, contracts: Contracts) -> list[Lower]:
    """Return a visual by the levels below its axis, the coarsest first, as far as these have not too many members."""
    found: list[Lower] = []
    if visual.by is None or visual.panels:
        return found
    above: tuple[str, ...] = (visual.by,)
    for column in levels_below(visual, source.report, contracts):
        if _members(column, source) > MOST_MEMBERS:
            break
        by_column = visual.model_copy(update={"by": column, "names": None})
        found.append(Lower(by_column, above, tuple(dict.fromkeys([*above, *slicers]))))
        above = (*above, column)
    return found


def level_of(lower: Lower, source: Source) -> Level | None:
    """Ask for it; None where the rows are too many to be looked up under the members above."""
    answered = asked(lower.visual, lower.slicers, source)
    if answered.slicers[: len(lower.above)] != lower.above:
        return None
    return Level(lower.above, replace(answered, contexts=answered.contexts.under(len(lower.above))))


def _members(column: str, source: Source) -> int:
    count = source.read(f"SELECT COUNT(DISTINCT {column}) AS members FROM {column.partition('.')[0]}")
    return int(count.column(0)[0].as_py())
