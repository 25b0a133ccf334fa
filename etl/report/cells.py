"""A visual's numbers under every single choice of its page's slicers, asked in one query.

A context is one member, or all, of each slicer. The rows of each table are joined to their members' codes once, and
grouped by every set of the slicers. So what a browser looks up under a choice is what SQL computed under it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from etl.company.measure import Measure
from etl.report.aggregates import Base, columns_in, with_columns
from etl.report.filters import label
from etl.report.rows import CodedRows, Wanted, members_of, words_of
from etl.report.sql import Composer

ALL = -1
"""The code of a slicer of which no member is chosen."""
NOWHERE = -2
"""The code of every slicer in the row, of measures without an axis, for the contexts that there are no rows of."""

OWN = "own_"
"""The alias of an axis' own value, of which the least spelling is its label. Like all aliases beside a table's columns
it ends in an underscore, which no column's name does."""


_DISTINCT = ("NULLIF(COUNT(DISTINCT ", "), 0)")
"""What is written around what is counted once."""

_TOGETHER = {"sum": "SUM({})", "count": "CAST(SUM({}) AS BIGINT)", "min": "MIN({})", "max": "MAX({})"}
"""How aggregates of groups are put together to that of all of them."""


@dataclass(frozen=True)
class Group:
    """Measures over one table. answers, ignores: the slicers, by number, that choose among its rows, and that do not.

    has_axis: whether the axis matters to it.
    """

    number: int
    base: Base
    measures: tuple[tuple[Measure, str], ...]
    answers: tuple[int, ...]
    ignores: tuple[int, ...]
    has_axis: bool

    @property
    def is_distinct(self) -> bool:
        """Whether its only measure counts what is distinct, among all rows that there are."""
        return self.measures[0][0].aggregate == "distinct" and not self.base.latest


class Cells:
    """The question for measures by an axis under all choices of those slicers ("table.column") that one answers to.

    shown: the first of the measures, which are shown; others only rank. slicers: those that matter; unreached: by
    slicer, the places of the measures that do not answer to it: they are nothing where it is chosen.
    """

    def __init__(
        self,
        composer: Composer,
        measures: Sequence[str],
        shown: int,
        by: str | None,
        slicers: Sequence[str],
        rows: CodedRows | None = None,
    ) -> None:
        self._rows = rows or CodedRows(composer)
        self._composer, self._measures, self._shown, self._by = composer, measures, shown, by
        self.unreached = {
            column: places
            for column in slicers
            if (places := [n for n, name in enumerate(measures) if not self.answers(name, column)])
        }
        hidden = {column for column, places in self.unreached.items() if {*range(shown)} <= {*places}}
        self.slicers = tuple(column for column in slicers if column not in hidden)

    def query(self, top: int | None = None, rank: int = 0) -> str:
        """Return the query; its columns: a0, a1, … (codes of the slicers), axis, label, v0, ….

        With an axis, a row of which all that is shown is nothing is left out. top: how many of the measure `rank` are
        wanted, more where there are ties.
        """
        groups = self.groups
        ctes = [part for group in groups for part in self._ctes(group)]
        if self._is_alone:
            owner, joins = "g0", ""
        else:
            ctes.append(f"keyed AS (\n{self._keys()}\n)")
            owner, joins = "keyed", "".join(f"\n{self._joined(group)}" for group in groups)
        values = ", ".join(f"{self._value(place, name)} AS v{place}" for place, name in enumerate(self._measures))
        if not self._by:
            return (
                f"WITH {', '.join(ctes)}\nSELECT {self._columns(owner)}, NULL AS label, {values}\nFROM {owner}{joins}"
            )
        ctes.append(f"labels AS (\n{self._labels()}\n)")
        joins += f"\nLEFT JOIN labels ON labels.axis = {owner}.axis"
        cells = f"SELECT {self._columns(owner)}, labels.label, {values}\nFROM {owner}{joins}"
        there = " OR ".join(f"v{place} IS NOT NULL" for place in range(self._shown))
        cells = f"SELECT * FROM ({cells}) AS cells WHERE {there}"
        if top:
            per = "".join(f", a{n}" for n in range(len(self.slicers)))
            ranked = f"RANK() OVER (PARTITION BY 0{per} ORDER BY v{rank} DESC)"
            cells = (
                f"SELECT * FROM (SELECT *, {ranked} AS place FROM ({cells}) AS cells) AS ranked WHERE place <= {top}"
            )
        return f"WITH {', '.join(ctes)}\n{cells}"

    @cached_property
    def groups(self) -> list[Group]:
        """Group the aggregates by what they are of; one that counts what is distinct is for itself."""
        known = self._composer.report.measures
        needed = list(dict.fromkeys(base for name in self._measures for base in self._composer.bases(name)))
        groups: dict[tuple[Base, str], list[tuple[Measure, str]]] = {}
        for number, name in enumerate(needed):
            measure = known[name]
            alone = name if measure.aggregate == "distinct" and not measure.latest else ""
            groups.setdefault((Base.of_measure(measure), alone), []).append((measure, f"m{number}"))
        return [self._group(number, base, tuple(found)) for number, ((base, _), found) in enumerate(groups.items())]

    @property
    def _is_alone(self) -> bool:
        """Whether there is one group, with every slicer and the axis: its rows are the contexts, joined to nothing."""
        return len(self.groups) == 1 and self.groups[0].has_axis and len(self.groups[0].answers) == len(self.slicers)

    def _group(self, number: int, base: Base, measures: tuple[tuple[Measure, str], ...]) -> Group:
        ignored = tuple(n for n, column in enumerate(self.slicers) if self._composer.ignores(base, column))
        reached = (n for n, column in enumerate(self.slicers) if self._reaches(base, column))
        answers = tuple(n for n in reached if n not in ignored)
        has_axis = self._by is not None and not self._composer.ignores(base, self._by)
        return Group(number, base, measures, answers, ignored, has_axis)

    def answers(self, name: str, column: str) -> bool:
        """Whether a choice of a column matters to all that a measure is made of, or is ignored by design."""
        return self._composer.is_answer(name, [column])

    def ignores(self, group: Group, table: str) -> bool:
        """Whether filters on a table do not matter to measures, by design."""
        return self._composer.ignores(group.base, f"{table}.")

    def _reaches(self, base: Base, column: str) -> bool:
        return self._composer.reaches(base, column.partition(".")[0])

    def _ctes(self, group: Group) -> Iterator[str]:
        """Write the rows of a table with the codes of their members, and their aggregates by every set of slicers."""
        rows, columns = self.rows(group)
        sets = [chosen for size in range(len(group.answers) + 1) for chosen in combinations(group.answers, size)]
        if group.base.latest:
            yield f"r{group.number} AS (\n{rows}\n)"
            every = "\nUNION ALL\n".join(self._set(group, chosen, columns) for chosen in sets)
        else:
            every = self._every_set(group, sets, rows, columns)
        yield f"g{group.number} AS (\n{every}\n)"
        if not self._by:
            yield f"n{group.number} AS (SELECT {self._sums(group, columns)} FROM ({rows}) AS chosen WHERE FALSE)"

    def rows(self, group: Group, month_of: str | None = None) -> tuple[str, dict[str, str]]:
        """Write the rows of a table with the codes of their members: a0_, a1_, …, and axis_.

        Returns also what the columns of dimensions are called which aggregates name. month_of: a column of days; the
        rows have its month_ then.
        """
        wanted, columns = self.wanted(group, month_of)
        return self._rows.select(wanted), columns

    def wanted(self, group: Group, month_of: str | None = None) -> tuple[Wanted, dict[str, str]]:
        """Say what is needed of the rows of a table, and what the columns of dimensions are called."""
        base = group.base
        said = [self._composer.aggregate(measure) for measure, _ in group.measures]
        named = dict.fromkeys(column for sql in said for column in columns_in(sql))
        columns = {column: f"x{n}_" for n, column in enumerate(named)}
        axis = [self._by] if group.has_axis and self._by else []
        known = self._composer.tables.own_columns(base.of)
        own = None if known is None else words_of(known, [*said, *(base.latest or ())])
        codes = [(self.slicers[n], f"a{n}_") for n in group.answers] + [(column, "axis_") for column in axis]
        values = (*columns.items(), *((column, OWN) for column in axis))
        return Wanted(base.of, tuple(codes), values, own, month_of, base.along), columns

    def _every_set(self, group: Group, sets: Sequence[Sequence[int]], rows: str, columns: dict[str, str]) -> str:
        """Aggregate by the axis and the members of each set of slicers, in one pass over the rows.

        What can be put together is put together of the finest groups, which are few.
        """
        keys = [f"CASE WHEN GROUPING(a{n}_) = 1 THEN {ALL} ELSE a{n}_ END AS a{n}" for n in group.answers]
        own, sums = self.label() if group.has_axis else "", self._sums(group, columns)
        if all(measure.aggregate in _TOGETHER for measure, _ in group.measures):
            finest = self._grouped(group, group.answers)
            of_each = [*finest, *([f"{own} AS label_"] if group.has_axis else []), sums]
            by = f" GROUP BY {', '.join(finest)}" if finest else ""
            rows = f"SELECT {', '.join(of_each)} FROM (\n{rows}\n) AS chosen{by}"
            sums = ", ".join(f"{_TOGETHER[str(m.aggregate)].format(alias)} AS {alias}" for m, alias in group.measures)
            own = "MIN(label_)"
        if group.is_distinct:
            return self._counted(group, sets, rows, columns)
        if group.has_axis:
            chosen = " + ".join(f"GROUPING(a{n}_)" for n in group.answers) or "0"
            keys += ["axis_ AS axis", f"CASE WHEN {chosen} = {len(group.answers)} THEN {own} END AS label"]
        every = ", ".join(f"({', '.join(self._grouped(group, chosen))})" for chosen in sets)
        keys += ["TRUE AS there", sums]
        return f"SELECT {', '.join(keys)} FROM (\n{rows}\n) AS chosen GROUP BY GROUPING SETS ({every})"

    def _counted(self, group: Group, sets: Sequence[Sequence[int]], rows: str, columns: dict[str, str]) -> str:
        """Count what is distinct by the axis and the members of each set of slicers.

        It is listed once of each, then counted: for DuckDB that is several times cheaper than to count in one go.
        """
        ((_, alias),) = group.measures
        keys = [f"CASE WHEN GROUPING(a{n}_) = 1 THEN {ALL} ELSE a{n}_ END AS a{n}" for n in group.answers]
        by, shown = [f"a{n}" for n in group.answers], [f"a{n}" for n in group.answers]
        own = of_all = ""
        if group.has_axis:
            keys.append("axis_ AS axis")
            by.append("axis")
            own, of_all = f", {self.label()} AS label_", ", MIN(label_) AS label_"
            is_all = " AND ".join(f"a{n} = {ALL}" for n in group.answers) or "TRUE"
            shown += ["axis", f"CASE WHEN {is_all} THEN MIN(label_) END AS label"]
        finest = [*self._grouped(group, group.answers), "counted_"]
        rows = f"SELECT chosen.*, {self.counted(group, columns)} AS counted_ FROM ({rows}) AS chosen"
        rows = f"SELECT {', '.join(finest)}{own} FROM ({rows}) AS chosen GROUP BY {', '.join(finest)}"
        every = ", ".join(f"({', '.join([*self._grouped(group, chosen), 'counted_'])})" for chosen in sets)
        keys.append(f"counted_{of_all}")
        listed = f"SELECT {', '.join(keys)} FROM (\n{rows}\n) AS chosen GROUP BY GROUPING SETS ({every})"
        values = ", ".join([*shown, "TRUE AS there", f"NULLIF(COUNT(counted_), 0) AS {alias}"])
        grouped = f" GROUP BY {', '.join(by)}" if by else ""
        return f"SELECT {values} FROM (\n{listed}\n) AS listed{grouped}"

    def counted(self, group: Group, columns: Mapping[str, str]) -> str:
        """Write what of a row is counted once, by the only measure of a group. columns: of dimensions."""
        return self.aggregate(group.measures[0][0], columns).removeprefix(_DISTINCT[0]).removesuffix(_DISTINCT[1])

    @staticmethod
    def _grouped(group: Group, chosen: Sequence[int]) -> list[str]:
        return [*(["axis_"] if group.has_axis else []), *(f"a{n}_" for n in chosen)]

    def _set(self, group: Group, chosen: Sequence[int], columns: dict[str, str]) -> str:
        """Aggregate balances by the axis and the members of some slicers: which are the latest depends on these."""
        by = self._grouped(group, chosen)
        per, last = group.base.latest or ("", "")
        ranked = f"RANK() OVER (PARTITION BY {', '.join([*by, per])} ORDER BY {last} DESC)"
        rows = f"(SELECT * FROM (SELECT *, {ranked} AS age_ FROM r{group.number}) AS aged WHERE age_ = 1)"
        keys = [f"{f'a{n}_' if n in chosen else ALL} AS a{n}" for n in group.answers]
        if group.has_axis:
            keys += ["axis_ AS axis", f"{'NULL' if chosen else self.label()} AS label"]
        grouped = f" GROUP BY {', '.join(by)}" if by else ""
        keys += ["TRUE AS there", self._sums(group, columns)]
        return f"SELECT {', '.join(keys)} FROM {rows} AS chosen{grouped}"

    def _sums(self, group: Group, columns: dict[str, str]) -> str:
        return ", ".join(f"{self.aggregate(measure, columns)} AS {alias}" for measure, alias in group.measures)

    def aggregate(self, measure: Measure, columns: Mapping[str, str]) -> str:
        """Write what a measure makes of rows that are called `chosen`. columns: of dimensions, as `rows` calls them."""
        return with_columns(self._composer.aggregate(measure, "chosen."), columns.__getitem__)

    def _keys(self) -> str:
        """Name the contexts, and the members of the axis in each, that there are rows of.

        Where a table ignores a slicer, its rows are there whatever is chosen of it.
        """
        parts = []
        for group in self.groups:
            if self._by and not group.has_axis:
                continue
            columns = [self._key(group, n) for n in range(len(self.slicers))]
            columns.append(f"g{group.number}.axis" if self._by else "0 AS axis")
            crossed = "".join(f"\nCROSS JOIN ({self._every(n)}) AS i{n}" for n in group.ignores)
            parts.append(f"SELECT {', '.join(columns)} FROM g{group.number}{crossed}")
        if not self._by:
            parts.append(f"SELECT {''.join(f'{NOWHERE} AS a{n}, ' for n in range(len(self.slicers)))}0 AS axis")
        return "\nUNION DISTINCT\n".join(parts)

    def label(self) -> str:
        """Write what a group of rows with one member of the axis calls it."""
        return label(OWN, self._composer.tables.column(str(self._by)))

    def _labels(self) -> str:
        """Name the members of the axis, as they are called where all is chosen."""
        found = (f"SELECT axis, label FROM g{g.number} WHERE label IS NOT NULL" for g in self.groups if g.has_axis)
        return f"SELECT axis, MIN(label) AS label FROM ({' UNION ALL '.join(found)}) AS found GROUP BY axis"

    def _key(self, group: Group, slicer: int) -> str:
        owner = f"g{group.number}.a{slicer}" if slicer in group.answers else f"{ALL}"
        return f"{f'i{slicer}.code' if slicer in group.ignores else owner} AS a{slicer}"

    def _every(self, slicer: int) -> str:
        members = members_of(self._composer, self.slicers[slicer])
        return f"SELECT {ALL} AS code UNION ALL SELECT code FROM ({members}) AS members"

    def _columns(self, owner: str) -> str:
        return ", ".join([*(f"{owner}.a{n}" for n in range(len(self.slicers))), f"{owner}.axis"])

    def _joined(self, group: Group) -> str:
        """Join a table's aggregates to the contexts; one that does not answer to a slicer has nothing under it."""
        name = f"g{group.number}"
        on = [f"{name}.a{n} = keyed.a{n}" for n in group.answers]
        on += [f"keyed.a{n} = {ALL}" for n in range(len(self.slicers)) if n not in {*group.answers, *group.ignores}]
        on += [f"{name}.axis = keyed.axis"] if group.has_axis else []
        nothing = "" if self._by else f"\nLEFT JOIN n{group.number} ON TRUE"  # of no rows where it adds up nothing
        return f"LEFT JOIN {name} ON {' AND '.join(on) or 'TRUE'}{nothing}"

    def _value(self, place: int, name: str) -> str:
        """Write a measure, which is nothing where a slicer is chosen that it does not answer to."""
        alias = {m.name: self._aggregate(group, a) for group in self.groups for m, a in group.measures}
        value = self._composer.value(name, alias)
        deaf = [n for n, column in enumerate(self.slicers) if place in self.unreached.get(column, ())]
        heard = " AND ".join(f"keyed.a{n} IN ({ALL}, {NOWHERE})" for n in deaf)
        return f"CASE WHEN {heard} THEN {value} END" if deaf else value

    def _aggregate(self, group: Group, alias: str) -> str:
        """Write an aggregate; of no rows, without an axis, what it is of none: 0 of some counts."""
        name, none = f"g{group.number}", f"n{group.number}"
        return f"{name}.{alias}" if self._by else f"CASE WHEN {name}.there THEN {name}.{alias} ELSE {none}.{alias} END"
