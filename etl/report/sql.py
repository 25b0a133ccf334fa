"""Measures as one query over the star, in the SQL that all warehouses share.

A measure is an aggregate over a fact, a dimension or a view; columns of dimensions are joined along the references of
the contracts, the first one to a dimension being the active one, as in Power BI. Of measures over different tables the
answers are put side by side by the member of the axis.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from etl.company.measure import NAMED, Measure
from etl.company.report import Report
from etl.contract.column import Column
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.load.etl_runs import ETL_RUNS
from etl.report.aggregates import rows_of, sql_of
from etl.report.arithmetic import in_sql
from etl.report.declared import check
from etl.report.filters import among, compared, label, member
from etl.report.reach import answers, is_ignored, path

Filters = Mapping[str, Sequence[object]]
"""Chosen values by "table.column". As in Power BI, they matter to the tables that refer to that one."""
_COLUMN = re.compile(r"\{(\w+\.\w+)\}")


@dataclass(frozen=True)
class _Base:
    """What measures need to have in common to be computed in one pass."""

    of: str
    latest: tuple[str, str] | None
    ignores: tuple[str, ...]
    along: str | None

    @classmethod
    def of_measure(cls, measure: Measure) -> "_Base":
        """Return that of a measure with `of`."""
        return cls(str(measure.of), measure.latest, measure.ignores, measure.along)


class Composer:
    """Composes queries. contracts: of every table that a measure may be of, by name."""

    def __init__(self, report: Report, contracts: Mapping[str, Contract]) -> None:
        self._report, self._contracts = report, contracts
        for measure in report.measures.values():
            if measure.of and measure.of not in {*contracts, *report.views}:
                raise ContractError(
                    f"The measure [{measure.name}] is of {measure.of}, which is no table or view.",
                    guess(measure.of, [*report.views, *contracts]),
                )
            for name in set(measure.ignores) - {*contracts, "*"}:
                raise ContractError(
                    f"The measure [{measure.name}] ignores {name}, which is not a table.",
                    guess(name, contracts),
                )
            check(measure, report, contracts)

    def query(self, measures: Sequence[str], by: str | None = None, filters: Filters | None = None) -> str:
        """Return the query for measures by a column; its columns: label, if there is an axis, and v0, v1, ….

        What a member is, and how one is chosen, is said in `etl.report.filters`. A measure that does not answer to a
        filter is NULL.
        """
        known = self._report.measures
        spoken = [name for name in measures if self.is_answer(name, filters or {})]
        needed = list(dict.fromkeys(base for name in spoken for base in self._bases(name)))
        if not needed:
            return self._nothing(measures, by)
        groups: dict[_Base, list[str]] = {}
        for name in needed:
            groups.setdefault(_Base.of_measure(known[name]), []).append(name)
        alias = {name: f"m{number}" for number, name in enumerate(needed)}
        parts, joined, labels = [], "", []
        for number, (base, names) in enumerate(sorted(groups.items(), key=lambda g: self._ignored(by, g[0]))):
            axis = None if self._ignored(by, base) else by
            aggregates = [(known[name], alias[name]) for name in names]
            parts.append(f"g{number} AS (\n{self._group(number, base, aggregates, axis, filters or {})}\n)")
            if not joined:
                joined = f"g{number}"
            else:
                joined += f"\nFULL JOIN g{number} USING (member)" if axis else f"\nCROSS JOIN g{number}"
            labels += [f"label{number}"] if axis else []
        if by and not labels:
            raise ContractError(f"{by} matters to none of {', '.join(measures)}.", "Choose another column.")
        values = [
            f"{self._value(name, alias) if name in spoken else 'NULL'} AS v{number}"
            for number, name in enumerate(measures)
        ]
        shown = [f"{labels[0]} AS label" if len(labels) == 1 else f"COALESCE({', '.join(labels)}) AS label"]
        return f"WITH {', '.join(parts)}\nSELECT {', '.join((shown if labels else []) + values)}\nFROM {joined}"

    def is_answer(self, name: str, filters: Iterable[str]) -> bool:
        """Return whether a measure answers to filters: else it is nothing, for the total would be taken for it."""
        self._bases(name)
        for column in filters:
            self._check(column)
        return all(answers(self._report, self._contracts, name, column.partition(".")[0]) for column in filters)

    @staticmethod
    def _nothing(measures: Sequence[str], by: str | None) -> str:
        values = ", ".join(f"NULL AS v{number}" for number in range(len(measures)))
        return (
            f"SELECT NULL AS label, {values} FROM (SELECT 1 AS one) AS nothing WHERE one = 0"
            if by
            else (f"SELECT {values}")
        )

    def names(self, by: str, names: str, members: Sequence[object]) -> str:
        """Return the query for what members are called; its columns: label and name."""
        self._check(names)
        table = by.partition(".")[0]
        name, column = self.compared(table, by)  # behind a point it may be any word, `order` for example
        return f"SELECT {by} AS label, {names} AS name FROM {table} WHERE {among(name, column, members)}"

    def view(self, name: str) -> str:
        """Return the query behind a table or view, as something to select from."""
        like, view = self._like(name), self._report.views.get(name)
        if view is None:
            return f"({self._runs()})" if name == ETL_RUNS.name else like
        if view.where:
            test = rows_of(name, self._report, self._contracts)
            joins = self._joins(like, (match[1].partition(".")[0] for match in _COLUMN.finditer(test)), like)
            return f"(SELECT {like}.* FROM {like}{''.join(joins.values())} WHERE {_COLUMN.sub(lambda m: m[1], test)})"
        return f"({view.sql.replace('{tables}', self._tables())}\n)"

    def _runs(self) -> str:
        """Select what was published of the tables that there are, as Power BI imports it."""
        return f"SELECT * FROM {ETL_RUNS.name} WHERE table_name IN ({self._tables()})"

    def _tables(self) -> str:
        return ", ".join(f"'{table}'" for table in sorted(self._contracts) if table != ETL_RUNS.name)

    def aggregate(self, measure: Measure, rows: str = "") -> str:
        """Return what a measure makes of its rows. rows: what its own columns are called by, with the point.

        Columns of dimensions stand in it as {table.column}.
        """
        return sql_of(measure, self._report, self._contracts, rows)

    def reaches(self, base: _Base, table: str) -> bool:
        """Whether a filter on a table's columns matters to the rows of measures."""
        return path(self._contracts, self._like(base.of), table, base.along) is not None

    def is_chosen(self, name: str, table: str) -> bool:
        """Whether a filter on a table's columns chooses among rows of what a measure is made of."""
        bases = (_Base.of_measure(self._report.measures[part]) for part in self._report.parts(name))
        return any(self.reaches(base, table) for base in bases if base.of in {*self._contracts, *self._report.views})

    def compared(self, name: str, column: str) -> tuple[str, Column]:
        """Return the column by which members are told apart, for the rows of table or view `name`.

        A view need not have the folded columns of the table that it is like.
        """
        table, _, own = column.partition(".")
        shown = self.column(column)
        of = compared(self._contracts[table], own) if name in self._contracts or self._like(name) != table else shown
        return f"{table}.{of.name}", of

    def key_of(self, table: str) -> str | None:
        """Return the surrogate key of a table, if it has one."""
        return self._contracts[table].surrogate_key

    def own_columns(self, name: str) -> list[str] | None:
        """Name the columns of a table, or of a view over one; None for a view in SQL, which has those that it says."""
        view = self._report.views.get(name)
        return None if view and not view.where else self._contracts[self._like(name)].schema.names

    def column(self, column: str) -> Column:
        """Return a column that a report may name: folded ones are there to compare alone."""
        known = {f"{table}.{each.name}": each for table, c in self._contracts.items() for each in c.declared}
        if column not in known:
            raise ContractError(f"There is no column {column}.", guess(column, known))
        return known[column]

    def _bases(self, name: str) -> list[str]:
        """Name the measures with an aggregate of their own that a measure is made of."""
        if not self._report.has_sql(name):
            raise ContractError(
                f"The measure [{name}] has no sql.", "Only Power BI can show it: add sql, or leave it out."
            )
        return list(self._report.parts(name))

    def _value(self, name: str, alias: Mapping[str, str]) -> str:
        if name in alias:
            return alias[name]
        measure = self._report.measures[name]
        if measure.tree is not None:
            return in_sql(self._report.tree(name), lambda other: self._value(other, alias))
        return f"({NAMED.sub(lambda match: self._value(match[1], alias), str(measure.sql))})"

    def _group(
        self, number: int, base: _Base, aggregates: list[tuple[Measure, str]], by: str | None, filters: Filters
    ) -> str:
        """Compute aggregates over one table: its rows with what is asked of their dimensions, chosen, and grouped."""
        wanted = [by] if by else []
        wanted = list(dict.fromkeys([*wanted, *(c for c in filters if not self._ignored(c, base))]))
        said = {alias: self.aggregate(measure, "latest.") for measure, alias in aggregates}
        named = [c for sql in said.values() for c in _COLUMN.findall(sql)]
        by_member = {c: self.compared(base.of, c) for c in wanted}
        asked = [*([by] if by else []), *(name for name, _ in by_member.values()), *named]
        columns = {column: f"x{i}" for i, column in enumerate(dict.fromkeys(asked))}
        source = self.joined(base.of, columns, base.along)
        chosen = [(*by_member[c], filters[c]) for c in wanted if c in filters]
        where = [among(columns[name], column, values) for name, column, values in chosen]
        of_axis = member(columns[by_member[by][0]], by_member[by][1]) if by else "''"
        rows = f"SELECT *, {of_axis} AS member FROM ({source}) AS joined WHERE {' AND '.join(where) or 'TRUE'}"
        if base.latest:
            per, last = base.latest
            rows = (
                "SELECT * FROM (\nSELECT *, RANK() OVER"
                f" (PARTITION BY member, chosen.{per} ORDER BY chosen.{last} DESC) AS age"
                f" FROM ({rows}) AS chosen) AS aged WHERE age = 1"
            )
        sums = ", ".join(f"{_COLUMN.sub(lambda m: columns[m[1]], sql)} AS {alias}" for alias, sql in said.items())
        if by is None:
            return f"SELECT {sums} FROM ({rows}) AS latest"
        shown = label(columns[by], self.column(by))
        return f"SELECT member, {shown} AS label{number}, {sums} FROM ({rows}) AS latest GROUP BY member"

    def joined(self, name: str, columns: Mapping[str, str], along: str | None = None) -> str:
        """Return the query for the rows of a table or view and the wanted columns beside.

        columns: their aliases; along: the reference by which a dimension is joined instead of by the active one.
        """
        joins = self._joins(name, (column.partition(".")[0] for column in columns), "rows_", along)
        selected = []
        for column, alias in columns.items():
            table, _, attribute = column.partition(".")
            self._check(column)
            owner = "rows_" if table == self._like(name) else table
            selected.append(f", {owner}.{attribute} AS {alias}")
        return f"SELECT rows_.*{''.join(selected)}\nFROM {self.view(name)} AS rows_{''.join(joins.values())}"

    def _joins(self, name: str, tables: Iterable[str], rows: str, along: str | None = None) -> dict[str, str]:
        """Join tables to the rows of a table or view, which the query calls `rows`; each with those on the way."""
        joins: dict[str, str] = {}
        for table in tables:
            steps = path(self._contracts, self._like(name), table, along) if table in self._contracts else None
            if steps is None:
                raise ContractError(
                    f"{table} says nothing of the rows of {name}, which does not refer to it.",
                    "Choose another column, or measures of another table.",
                )
            owner = rows
            for key, target in steps:
                own = self._contracts[target].surrogate_key
                joins.setdefault(target, f"\nLEFT JOIN {target} ON {target}.{own} = {owner}.{key}")
                owner = target
        return joins

    def _like(self, name: str) -> str:
        view = self._report.views.get(name)
        table = view.like if view else name
        if table not in self._contracts:
            known = [*self._report.views, *self._contracts]
            raise ContractError(f"There is no table or view {name}.", guess(name, known))
        return table

    def _ignored(self, by: str | None, base: _Base) -> bool:
        """Whether a column does not matter to measures, by design."""
        table = (by or "").partition(".")[0]
        return by is not None and is_ignored(self._contracts, self._like(base.of), base.ignores, table)

    def _check(self, column: str) -> None:
        table, _, name = column.partition(".")
        if table not in self._contracts or name not in self._contracts[table].schema.names:
            self.column(column)
