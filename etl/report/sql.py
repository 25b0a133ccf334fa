"""Measures as one query over the star, in the SQL that all warehouses share.

A measure is an aggregate over a fact, a dimension or a view; columns of dimensions are joined along the references of
the contracts, the first one to a dimension being the active one, as in Power BI. Of measures over different tables the
answers are put side by side by the member of the axis.
"""

from collections.abc import Iterable, Mapping, Sequence

from etl.company.measure import NAMED, Measure
from etl.company.report import Report
from etl.contract.history import IS_CURRENT
from etl.contract.table import Contracts
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.report.aggregates import Base, columns_in, sql_of, value_of, with_columns
from etl.report.arithmetic import in_sql
from etl.report.declared import check
from etl.report.filters import among, label, member
from etl.report.reach import answers, is_ignored
from etl.report.tables import Tables

Filters = Mapping[str, Sequence[object]]
"""Chosen values by "table.column". As in Power BI, they matter to the tables that refer to that one."""


class Composer:
    """Composes queries. contracts: of every table that a measure may be of, by name."""

    def __init__(self, report: Report, contracts: Contracts) -> None:
        self.report, self.contracts, self.tables = report, contracts, Tables(report, contracts)
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
        known = self.report.measures
        spoken = [name for name in measures if self.is_answer(name, filters or {})]
        needed = list(dict.fromkeys(base for name in spoken for base in self.bases(name)))
        if not needed:
            return self._nothing(measures, by)
        groups: dict[Base, list[str]] = {}
        for name in needed:
            groups.setdefault(Base.of_measure(known[name]), []).append(name)
        alias = {name: f"m{number}" for number, name in enumerate(needed)}
        parts, joined, labels = [], "", []
        for number, (base, names) in enumerate(sorted(groups.items(), key=lambda g: self.ignores(g[0], by))):
            axis = None if self.ignores(base, by) else by
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
            f"{self.value(name, alias) if name in spoken else 'NULL'} AS v{number}"
            for number, name in enumerate(measures)
        ]
        shown = [f"{labels[0]} AS label" if len(labels) == 1 else f"COALESCE({', '.join(labels)}) AS label"]
        return f"WITH {', '.join(parts)}\nSELECT {', '.join((shown if labels else []) + values)}\nFROM {joined}"

    def is_answer(self, name: str, filters: Iterable[str]) -> bool:
        """Return whether a measure answers to filters: else it is nothing, for the total would be taken for it."""
        self.bases(name)
        for column in filters:
            self.tables.check(column)
        return all(answers(self.report, self.contracts, name, column.partition(".")[0]) for column in filters)

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
        self.tables.check(names)
        table = by.partition(".")[0]
        name, column = self.tables.compared(table, by)  # behind a point it may be any word, `order` for example
        today = f" AND {IS_CURRENT}" if self.contracts[table].has_history else ""
        return f"SELECT {by} AS label, {names} AS name FROM {table} WHERE {among(name, column, members)}{today}"

    def aggregate(self, measure: Measure, rows: str = "") -> str:
        """Return what a measure makes of its rows. rows: what its own columns are called by, with the point.

        Columns of dimensions stand in it as {table.column}.
        """
        return sql_of(measure, self.report, self.contracts, rows)

    def value_of(self, measure: Measure, rows: str = "") -> str:
        """Return what of each row a measure is made of, in the same words."""
        return value_of(measure, self.report, self.contracts, rows)

    def is_reached(self, base: Base, column: str) -> bool:
        """Whether a filter on a column chooses among the rows of measures."""
        return self.tables.reaches(base.of, column.partition(".")[0], base.along)

    def is_chosen(self, name: str, table: str) -> bool:
        """Whether a filter on a table's columns chooses among rows of what a measure is made of."""
        every = (Base.of_measure(self.report.measures[part]) for part in self.report.parts(name))
        bases = [base for base in every if base.of in {*self.contracts, *self.report.views}]
        return any(self.is_reached(base, f"{table}.") and not self.ignores(base, f"{table}.") for base in bases)

    def bases(self, name: str) -> list[str]:
        """Name the measures with an aggregate of their own that a measure is made of."""
        if not self.report.has_sql(name):
            raise ContractError(
                f"The measure [{name}] has no sql.", "Only Power BI can show it: add sql, or leave it out."
            )
        return list(self.report.parts(name))

    def value(self, name: str, alias: Mapping[str, str]) -> str:
        """Return what a measure is. alias: what those with an aggregate of their own are called."""
        if name in alias:
            return alias[name]
        measure = self.report.measures[name]
        if measure.tree is not None:
            return in_sql(self.report.tree(name), lambda other: self.value(other, alias))
        return f"({NAMED.sub(lambda match: self.value(match[1], alias), str(measure.sql))})"

    def _group(
        self, number: int, base: Base, aggregates: list[tuple[Measure, str]], by: str | None, filters: Filters
    ) -> str:
        """Compute aggregates over one table: its rows with what is asked of their dimensions, chosen, and grouped."""
        wanted = [by] if by else []
        wanted = list(dict.fromkeys([*wanted, *(c for c in filters if not self.ignores(base, c))]))
        said = {alias: self.aggregate(measure, "latest.") for measure, alias in aggregates}
        named = [c for sql in said.values() for c in columns_in(sql)]
        by_member = {c: self.tables.compared(base.of, c) for c in wanted}
        asked = [*([by] if by else []), *(name for name, _ in by_member.values()), *named]
        columns = {column: f"x{i}" for i, column in enumerate(dict.fromkeys(asked))}
        source = self.tables.joined(base.of, columns, base.along)
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
        sums = ", ".join(f"{with_columns(sql, columns.__getitem__)} AS {alias}" for alias, sql in said.items())
        if by is None:
            return f"SELECT {sums} FROM ({rows}) AS latest"
        shown = label(columns[by], self.tables.column(by))
        return f"SELECT member, {shown} AS label{number}, {sums} FROM ({rows}) AS latest GROUP BY member"

    def ignores(self, base: Base, column: str | None) -> bool:
        """Whether a column does not matter to measures, by design."""
        like, table = self.tables.like(base.of), (column or "").partition(".")[0]
        return column is not None and is_ignored(self.contracts, like, base.ignores, table)
