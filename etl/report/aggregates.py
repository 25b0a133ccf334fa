"""What a measure makes of its rows, in the SQL that all warehouses share, from what it declares."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from etl.company.measure import Conditions, Measure, Single
from etl.company.report import Report
from etl.contract.column import Column, Role
from etl.contract.table import Contracts
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.report.arithmetic import in_sql
from etl.report.filters import among, compared, folded, literal

_COLUMN = re.compile(r"\{(\w+\.\w+)\}")
"""A column of a dimension, as an aggregate names it."""


@dataclass(frozen=True)
class Base:
    """What measures need to have in common to be computed in one pass."""

    of: str
    latest: tuple[str, str] | None
    ignores: tuple[str, ...]
    along: str | None

    @classmethod
    def of_measure(cls, measure: Measure) -> "Base":
        """Return that of a measure with `of`."""
        return cls(str(measure.of), measure.latest, measure.ignores, measure.way)


def columns_in(sql: str) -> list[str]:
    """Name the columns of dimensions that stand in an aggregate or a condition as {table.column}."""
    return _COLUMN.findall(sql)


def with_columns(sql: str, called: Callable[[str], str]) -> str:
    """Return an aggregate or a condition with what its query calls the columns of dimensions."""
    return _COLUMN.sub(lambda found: called(found[1]), sql)


def sql_of(measure: Measure, report: Report, contracts: Contracts, rows: str = "") -> str:
    """Return the aggregate of a measure with `of`. rows: what its own columns are called by, with the point.

    Columns of dimensions stand in it as {table.column}.
    """
    if measure.sql is not None:
        return measure.sql.strip("\n")
    value = value_of(measure, report, contracts, rows)
    if measure.aggregate == "count":
        return f"NULLIF(COUNT({value}), 0)"
    if measure.aggregate == "distinct":
        return f"NULLIF(COUNT(DISTINCT {value}), 0)"
    return f"{str(measure.aggregate).upper()}({value})"


def value_of(measure: Measure, report: Report, contracts: Contracts, rows: str = "") -> str:
    """Return what of each row a measure with an aggregate is made of, "*" where it counts them all."""
    own = _Rows(str(measure.of), report, contracts, rows)
    tests = [*own.conditions(measure.where), *(own.known(name) for name in measure.known)]
    if measure.aggregate == "count":
        value = "1" if tests else "*"
    else:
        value = (own.member if measure.aggregate == "distinct" else own.value)(str(measure.column))
    return f"CASE WHEN {' AND '.join(tests)} THEN {value} END" if tests else value


def said_in_sql(measure: Measure, report: Report, contracts: Contracts) -> str:
    """Return what a measure is in SQL, for people: an aggregate, or arithmetic over measures; "" if it has none."""
    if measure.aggregate:
        return sql_of(measure, report, contracts)
    if measure.tree is not None and report.has_sql(measure.name):
        return in_sql(measure.tree, lambda name: f"[{name}]")
    return (measure.sql or "").strip("\n")


def rows_of(name: str, report: Report, contracts: Contracts) -> str:
    """Return the condition of a view that says `where`, each column behind its table."""
    view = report.views[name]
    tests = _Rows(name, report, contracts, f"{view.like}.").conditions(view.where)
    return " AND ".join(tests)


def column_of(name: str, of: str, report: Report, contracts: Contracts) -> Column | None:
    """Find a column that a measure over table or view `of` names; None for one that only a view's own SQL has.

    Raises ContractError where there is none.
    """
    view = report.views.get(of)
    table, _, own = name.rpartition(".")
    contract = contracts.get(table or (view.like if view else of))
    found = next((c for c in contract.columns if c.name == own), None) if contract else None
    if found is None and (table or view is None or view.where):
        known = [f"{t}.{c.name}" for t, each in contracts.items() for c in each.columns]
        known += [c.name for c in contract.columns] if contract and not table else []
        raise ContractError(f"There is no column {name}.", guess(name, known))
    return found


def is_key(column: Column | None) -> bool:
    """Whether a column holds surrogate keys, of which 0 is the unknown member."""
    return column is not None and column.role in (Role.REFERENCE, Role.SURROGATE_KEY, Role.DURABLE_KEY)


class _Rows:
    """The rows of a table or view, as SQL names what they have."""

    def __init__(self, of: str, report: Report, contracts: Contracts, prefix: str) -> None:
        self._of, self._report, self._contracts, self._prefix = of, report, contracts, prefix

    def value(self, name: str) -> str:
        return f"{{{name}}}" if "." in name else f"{self._prefix}{name}"

    def member(self, name: str) -> str:
        """Return what tells values apart: of a text whatever its letter case."""
        column = self._column(name)
        if column is None:
            return self.value(name)
        name, column = self._compared(name, column)
        return folded(self.value(name), column)

    def known(self, name: str) -> str:
        return f"{self.value(name)} <> 0" if is_key(self._column(name)) else f"{self.value(name)} IS NOT NULL"

    def conditions(self, where: Conditions) -> list[str]:
        return [self._chosen(name, values) for name, values in where.items()]

    def _chosen(self, name: str, values: tuple[Single, ...]) -> str:
        if values in ((True,), (False,)) and isinstance(values[0], bool):
            return f"{'' if values[0] else 'NOT '}{self.value(name)}"
        if (column := self._column(name)) is None:
            return f"{self.value(name)} IN ({', '.join(map(literal, values))})"
        name, column = self._compared(name, column)
        return among(self.value(name), column, values)

    def _compared(self, name: str, column: Column) -> tuple[str, Column]:
        """Return the column by which members are told apart, and its name."""
        table, point, own = name.rpartition(".")
        view = self._report.views.get(self._of)
        found = compared(self._contracts[table or (view.like if view else self._of)], own)
        return (f"{table}{point}{found.name}", found) if table or not view or view.where else (name, column)

    def _column(self, name: str) -> Column | None:
        return column_of(name, self._of, self._report, self._contracts)
