"""A visual's numbers under every single choice of its page's slicers, asked in one query.

A context is one member, or all, of each slicer. The rows of each table are joined to their members' codes once, and
grouped by every set of the slicers. So what a browser looks up under a choice is what SQL computed under it.
"""

from collections.abc import Sequence
from functools import cached_property

from etl.company.measure import Measure
from etl.report.aggregates import Base
from etl.report.cubes import ALL, cube, of_none
from etl.report.grains import AXIS, Grains, Group
from etl.report.rows import members_of
from etl.report.sql import Composer

NOWHERE = -2
"""The code of every slicer in the row, of measures without an axis, for the contexts that there are no rows of."""


class Cells:
    """The question for measures by an axis under all choices of those slicers ("table.column") that one answers to.

    shown: the first of the measures, which are shown; others only rank. calendar: the column of days, of which months
    are chosen. slicers: those that matter; unreached: by slicer, the places of the measures that do not answer to it:
    they are nothing where it is chosen.
    """

    def __init__(
        self,
        composer: Composer,
        measures: Sequence[str],
        shown: int,
        by: str | None,
        slicers: Sequence[str],
        calendar: str | None = None,
        grains: Grains | None = None,
    ) -> None:
        self._composer, self.measures, self._shown, self.by = composer, measures, shown, by
        self.calendar, self.grains = calendar, grains or Grains(composer)
        self.unreached = {
            column: places
            for column in slicers
            if (places := [n for n, name in enumerate(measures) if not self.answers(name, column)])
        }
        hidden = {column for column, places in self.unreached.items() if {*range(shown)} <= {*places}}
        self.slicers = tuple(column for column in slicers if column not in hidden)

    def query(self, top: int | None = None, rank: int = 0) -> str:
        """Return the query; its columns: a0, a1, … (codes of the slicers), axis, v0, ….

        With an axis, a row of which all that is shown is nothing is left out. top: how many of the measure `rank` are
        wanted, more where there are ties.
        """
        ctes = [f"g{n} AS (\n{cube(group, self.grains)}\n)" for n, group in enumerate(self.groups)]
        ctes += [f"n{n} AS (\n{of_none(self.groups[n], self.grains)}\n)" for n in self._by_hand]
        if self._is_alone:
            owner, joins = "g0", ""
        else:
            ctes.append(f"keyed AS (\n{self._keys()}\n)")
            owner, joins = "keyed", "".join(f"\n{self._joined(n, group)}" for n, group in enumerate(self.groups))
        columns = [*(f"{owner}.a{n}" for n in range(len(self.slicers))), f"{owner}.axis"]
        columns += [f"{self._value(place, name)} AS v{place}" for place, name in enumerate(self.measures)]
        cells = f"SELECT {', '.join(columns)}\nFROM {owner}{joins}"
        if self.by:
            there = " OR ".join(f"v{place} IS NOT NULL" for place in range(self._shown))
            cells = f"SELECT * FROM (\n{cells}\n) AS cells WHERE {there}"
        if self.by and top:
            per = "".join(f", a{n}" for n in range(len(self.slicers)))
            ranked = f"RANK() OVER (PARTITION BY 0{per} ORDER BY v{rank} DESC)"
            cells = f"SELECT *, {ranked} AS place FROM (\n{cells}\n) AS cells"
            cells = f"SELECT * FROM (\n{cells}\n) AS ranked WHERE place <= {top}"
        return f"WITH {', '.join(ctes)}\n{cells}"

    @cached_property
    def groups(self) -> list[Group]:
        """Group the aggregates by what they are of; one that counts what is distinct is for itself."""
        needed = dict.fromkeys(base for name in self.measures for base in self._composer.bases(name))
        groups: dict[tuple[Base, str], list[Measure]] = {}
        for name in needed:
            measure = self._composer.report.measures[name]
            alone = name if measure.aggregate == "distinct" else ""
            groups.setdefault((Base.of_measure(measure), alone), []).append(measure)
        return [self._group(base, tuple(measures)) for (base, _), measures in groups.items()]

    def _group(self, base: Base, measures: tuple[Measure, ...]) -> Group:
        ignored = tuple(n for n, column in enumerate(self.slicers) if self._composer.ignores(base, column))
        reached = (n for n, column in enumerate(self.slicers) if self._composer.is_reached(base, column))
        answers = tuple(n for n in reached if n not in ignored)
        codes = [(self.slicers[n], f"a{n}_") for n in answers]
        if self.by and not self._composer.ignores(base, self.by):
            codes.append((self.by, AXIS))
        day = self.calendar
        has_months = day and self._composer.is_reached(base, day) and not self._composer.ignores(base, day)
        return Group(base, measures, answers, ignored, tuple(codes), day if has_months else None)

    def answers(self, name: str, column: str) -> bool:
        """Whether a choice of a column matters to all that a measure is made of, or is ignored by design."""
        return self._composer.is_answer(name, [column])

    @property
    def _is_alone(self) -> bool:
        """Whether there is one group, with every slicer and the axis: its rows are the contexts, joined to nothing."""
        return len(self.groups) == 1 and self.groups[0].has_axis and len(self.groups[0].answers) == len(self.slicers)

    @property
    def _by_hand(self) -> list[int]:
        """The groups of which something may be known where there are no rows."""
        declared = [all(measure.aggregate for measure in group.measures) for group in self.groups]
        return [] if self.by else [n for n, is_declared in enumerate(declared) if not is_declared]

    def _keys(self) -> str:
        """Name the contexts, and the members of the axis in each, that there are rows of.

        Where a table ignores a slicer, its rows are there whatever is chosen of it.
        """
        parts = []
        for number, group in enumerate(self.groups):
            if self.by and not group.has_axis:
                continue
            columns = [self._key(number, group, n) for n in range(len(self.slicers))]
            columns.append(f"g{number}.axis" if self.by else "0 AS axis")
            crossed = "".join(f"\nCROSS JOIN ({self._every(n)}) AS i{n}" for n in group.ignores)
            parts.append(f"SELECT {', '.join(columns)} FROM g{number}{crossed}")
        if not self.by:
            parts.append(f"SELECT {''.join(f'{NOWHERE} AS a{n}, ' for n in range(len(self.slicers)))}0 AS axis")
        return "\nUNION DISTINCT\n".join(parts)

    @staticmethod
    def _key(number: int, group: Group, slicer: int) -> str:
        owner = f"g{number}.a{slicer}" if slicer in group.answers else f"{ALL}"
        return f"{f'i{slicer}.code' if slicer in group.ignores else owner} AS a{slicer}"

    def _every(self, slicer: int) -> str:
        members = members_of(self._composer, self.slicers[slicer])
        return f"SELECT {ALL} AS code UNION ALL SELECT code FROM ({members}) AS members"

    def _joined(self, number: int, group: Group) -> str:
        """Join a table's aggregates to the contexts; one that does not answer to a slicer has nothing under it."""
        name, heard = f"g{number}", {*group.answers, *group.ignores}
        on = [f"{name}.a{n} = keyed.a{n}" for n in group.answers]
        on += [f"keyed.a{n} = {ALL}" for n in range(len(self.slicers)) if n not in heard]
        on += [f"{name}.axis = keyed.axis"] if group.has_axis else []
        nothing = f"\nLEFT JOIN n{number} ON TRUE" if number in self._by_hand else ""
        return f"LEFT JOIN {name} ON {' AND '.join(on) or 'TRUE'}{nothing}"

    def _value(self, place: int, name: str) -> str:
        """Write a measure, which is nothing where a slicer is chosen that it does not answer to."""
        alias = {
            measure.name: self._aggregate(number, f"m{n}")
            for number, group in enumerate(self.groups)
            for n, measure in enumerate(group.measures)
        }
        value = self._composer.value(name, alias)
        deaf = [n for n, column in enumerate(self.slicers) if place in self.unreached.get(column, ())]
        heard = " AND ".join(f"keyed.a{n} IN ({ALL}, {NOWHERE})" for n in deaf)
        return f"CASE WHEN {heard} THEN {value} END" if deaf else value

    def _aggregate(self, number: int, alias: str) -> str:
        """Write an aggregate; of no rows, without an axis, what it is of none: 0 of some counts."""
        there = f"CASE WHEN g{number}.there THEN g{number}.{alias} ELSE n{number}.{alias} END"
        return there if number in self._by_hand else f"g{number}.{alias}"
