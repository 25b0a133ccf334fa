"""The finest groups of rows: all that a report's questions about a table can be put together from.

Rows are grouped once by the slicers of a page, the axis and the month. Sums, counts, least and greatest values of these
are put together to those of all of them; of what is counted once the values themselves are listed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from etl.company.measure import Measure
from etl.report.aggregates import Base, columns_in, with_columns
from etl.report.rows import CodedRows, Pairs, Wanted, words_of
from etl.report.sql import Composer

Kind = Literal["sum", "min", "max", "distinct"]
KINDS: Mapping[str | None, Kind] = {"sum": "sum", "count": "sum", "min": "min", "max": "max", "distinct": "distinct"}
"""How what is known of groups is put together, by the aggregate."""

AXIS = "axis_"
"""What the code of the axis' member is called.

Like all aliases beside a table's columns it ends in an underscore, which no column's name does.
"""

_TOGETHER = {
    "sum": "SUM({})",
    "count": "CAST(SUM({}) AS BIGINT)",
    "min": "MIN({})",
    "max": "MAX({})",
    "distinct": "NULLIF(COUNT(DISTINCT {}), 0)",
}


@dataclass(frozen=True)
class Group:
    """Measures over one table, which are computed in one pass.

    answers, ignores: the slicers, by number, that choose among its rows, and that do not matter, by design. codes: the
    columns by whose members they are asked, and what these are called: a0_, … of the slicers, axis_. day: the column of
    days by whose months they are chosen.
    """

    base: Base
    measures: tuple[Measure, ...]
    answers: tuple[int, ...]
    ignores: tuple[int, ...]
    codes: Pairs
    day: str | None

    @property
    def has_axis(self) -> bool:
        """Whether the axis matters to it."""
        return any(alias == AXIS for _, alias in self.codes)

    @property
    def is_together(self) -> bool:
        """Whether it can be put together from the finest groups: no balance, and nothing that is written by hand."""
        return not self.base.latest and all(measure.aggregate for measure in self.measures)

    @property
    def counted(self) -> Measure | None:
        """The measure that counts values once, which is the only one then."""
        return self.measures[0] if self.is_together and self.measures[0].aggregate == "distinct" else None


@dataclass(frozen=True)
class _Grain:
    """What rows are grouped by. codes: columns; counted: the measure whose values are listed."""

    of: str
    along: str | None
    codes: tuple[str, ...]
    day: str | None
    counted: str | None


class Grains:
    """The rows of each group's table: as they are, and grouped. keep: gives a query's rows a name, once for each text.

    Where a relation can be kept, it has the measures of all questions.
    """

    def __init__(self, composer: Composer, keep: Callable[[str], str] | None = None) -> None:
        self._composer, self._is_keeping = composer, keep is not None
        self.rows = CodedRows(composer, keep)
        self._measures: dict[_Grain, dict[str, Measure]] = {}

    def need(self, group: Group) -> None:
        """Have what a group is asked among what is kept."""
        self.rows.need(self._wanted(group)[0])
        if group.is_together:
            self._measured(group)

    def select(self, group: Group) -> str:
        """Return the query for the rows that a group's aggregates are of, with their codes."""
        if not group.is_together:
            return self.rows.select(self._wanted(group)[0])
        grain, measures = self._measured(group)
        columns = [f"by{grain.codes.index(column)}_ AS {alias}" for column, alias in group.codes]
        columns += ["month_"] if group.day else []
        columns += ["counted_"] if group.counted else [self._alias(measures, each) for each in group.measures]
        return f"SELECT {', '.join(columns)}\nFROM {self.rows.kept(self._grouped(group, grain, measures))} AS grouped"

    def aggregates(self, group: Group) -> dict[str, str]:
        """Return what measures make of such rows, which are called `chosen`, by name."""
        if group.is_together:
            values = {measure.name: self.value(group, measure) for measure in group.measures}
            return {m.name: _TOGETHER[str(m.aggregate)].format(values[m.name]) for m in group.measures}
        columns = self._wanted(group)[1]
        said = {measure.name: self._composer.aggregate(measure, "chosen.") for measure in group.measures}
        return {name: with_columns(sql, columns.__getitem__) for name, sql in said.items()}

    def value(self, group: Group, measure: Measure) -> str:
        """Return what a measure that can be put together is called in such rows."""
        return "counted_" if group.counted else self._alias(self._measured(group)[1], measure)

    @staticmethod
    def _alias(measures: Mapping[str, Measure], measure: Measure) -> str:
        return f"measure{[*measures].index(measure.name)}_"

    def _measured(self, group: Group) -> tuple[_Grain, dict[str, Measure]]:
        """Return a group's grain, and what is asked of it: the measures of this group are added."""
        codes = tuple(sorted({column for column, _ in group.codes}))
        counted = group.counted.name if group.counted else None
        grain = _Grain(group.base.of, group.base.along, codes, group.day, counted)
        measures = self._measures.setdefault(grain, {}) if self._is_keeping else {}
        measures.update({measure.name: measure for measure in group.measures})
        return grain, measures

    def _grouped(self, group: Group, grain: _Grain, measures: Mapping[str, Measure]) -> str:
        """Group the rows, which have every measure of this grain."""
        named = tuple((column, f"by{n}_") for n, column in enumerate(grain.codes))
        wanted, columns = self._wanted(replace(group, measures=tuple(measures.values()), codes=named))
        keys = [alias for _, alias in named] + (["month_"] if group.day else [])
        if group.counted:
            value = self._composer.value_of(group.counted, "chosen.")
            keys.append(f"{with_columns(value, columns.__getitem__)} AS counted_")
            return f"SELECT DISTINCT {', '.join(keys)}\nFROM (\n{self.rows.select(wanted)}\n) AS chosen"
        said = {self._alias(measures, m): self._composer.aggregate(m, "chosen.") for m in measures.values()}
        sums = [f"{with_columns(sql, columns.__getitem__)} AS {alias}" for alias, sql in said.items()]
        by = f"\nGROUP BY {', '.join(keys)}" if keys else ""
        return f"SELECT {', '.join([*keys, *sums])}\nFROM (\n{self.rows.select(wanted)}\n) AS chosen{by}"

    def _wanted(self, group: Group) -> tuple[Wanted, dict[str, str]]:
        """Say what is needed of the rows of a table, and what the columns of dimensions are called."""
        base = group.base
        said = [self._composer.aggregate(measure) for measure in group.measures]
        named = dict.fromkeys(column for sql in said for column in columns_in(sql))
        columns = {column: f"x{n}_" for n, column in enumerate(named)}
        known = self._composer.tables.own_columns(base.of)
        own = None if known is None else words_of(known, [*said, *(base.latest or ())])
        return Wanted(base.of, group.codes, (*columns.items(),), own, group.day, base.along), columns
