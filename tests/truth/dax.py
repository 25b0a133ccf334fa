"""The semantic model, filled with the published tables, in a DAX engine that runs on Linux (pbix-mcp's)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from unittest import mock

import pytest

from etl.company.report import Report
from etl.contract.column import Column
from etl.contract.table import Contract
from etl.contract.types import TEXT
from etl.load.warehouse import Warehouse
from etl.report.filters import fold
from etl.report.names import friendly
from etl.report.related import date_column
from powerbi import model
from powerbi.names import MEASURES
from powerbi.service.differ import cell
from powerbi.tmdl import unquoted
from powerbi.types import model_type

engine = pytest.importorskip("pbix_mcp.dax.engine", reason="the DAX engine is not installed: ./test.sh installs it")

Context = Mapping[str, Sequence[object]]
"""Chosen values by "table.column"."""


class Dax:
    """The imported model. measures: their DAX by name; tables: what was imported, for a test to spoil."""

    def __init__(self, warehouse: Warehouse, report: Report, contracts: Mapping[str, Contract]) -> None:
        kept = model.kept(report, contracts)
        self.tables = {friendly(c.name): _imported(warehouse, c, kept.of(c)) for c in contracts.values()}
        self.measures = {
            measure.name: str(measure.expression) for measure in model.measures(report, contracts).of("measure")
        }
        self._relationships = [_relationship(node.properties) for node in model.relationships(contracts)]
        self._days = {
            friendly(name): friendly(day) for name, contract in contracts.items() if (day := date_column(contract))
        }
        money = {friendly(n): [friendly(c.name) for c in k.columns if _is_money(c)] for n, k in contracts.items()}
        engine.mark_currency_columns(self.tables, money)

    def values(self, measures: Iterable[str], context: Context) -> dict[str, Any]:
        """Evaluate measures in a filter context. Raises where the engine did not understand all of it."""
        engine._engine.eval_errors.clear()
        engine._engine.unsupported_functions.clear()
        ((table, day),) = self._days.items()
        with mock.patch.dict(engine._engine._func_map, FILTER=partial(filtered, engine._engine)):
            found: dict[str, Any] = engine.evaluate_measures_smart(
                list(measures),
                self.tables,
                self.measures,
                {_column(name): self._members(name, values) for name, values in context.items()},
                date_table=table,
                date_column=day,
                relationships=self._relationships,
                simulate_row_context=False,
                measure_tables=dict.fromkeys(self.measures, MEASURES),
                model_columns={name: set(content["columns"]) for name, content in self.tables.items()},
                date_tables=self._days,
            )
        if engine._engine.eval_errors or engine._engine.unsupported_functions:
            raise ValueError(f"{engine._engine.eval_errors} {engine._engine.unsupported_functions}")
        return found

    def _members(self, name: str, values: Sequence[object]) -> list[Any]:
        """Give the chosen values as the model's column spells them: a person chooses what a slicer lists."""
        table, column = (friendly(part) for part in name.split("."))
        number = self.tables[table]["columns"].index(column)
        spelled = {_exact(fold(row[number])): row[number] for row in self.tables[table]["rows"]}
        return [spelled.get(_exact(fold(cell(value))), cell(value)) for value in values]


_ONE_MEMBER = re.compile(r"ALL\(('?[^'\[]+'?\[[^\]]+\])\), \1 == (\w+)")


def filtered(evaluating: Any, arguments: str, context: Any) -> Any:
    """Filter a column's members by one that a variable holds, without the context that the engine makes for each.

    That is nine tenths of what it does. What is not of one type is left to it.
    """
    if found := _ONE_MEMBER.fullmatch(arguments):
        wanted = evaluating._eval_expr(found[2], context)
        members = evaluating._eval_expr(f"ALL({found[1]})", context)
        if wanted is None or {type(each["__value__"]) for each in members} <= {type(wanted)}:
            return [each for each in members if each["__value__"] == wanted]
    return evaluating._fn_filter(arguments, context)


def _imported(warehouse: Warehouse, contract: Contract, columns: Sequence[Column]) -> dict[str, Any]:
    """Read a table as the query of its partition does: of the calendar what is a day."""
    day = date_column(contract)
    found = warehouse.read(
        f"SELECT {', '.join(c.name for c in columns)} FROM {contract.name}"
        + (f" WHERE {day} IS NOT NULL" if day else "")
    )
    values = [
        _as_in_vertipaq(_trimmed(values) if column.type == TEXT.arrow else values)
        for column, values in zip(columns, (values.to_pylist() for values in found.columns), strict=True)
    ]
    return {"columns": [friendly(c.name) for c in columns], "rows": [list(row) for row in zip(*values, strict=True)]}


def _trimmed(values: Sequence[object]) -> list[object]:
    """Trim as Power Query's Text.Trim does."""
    return [value.strip() if isinstance(value, str) else value for value in values]


def _as_in_vertipaq(values: Sequence[object]) -> list[Any]:
    """Give a column as it is imported: without trailing blanks, and texts that differ in letter case alone as one.

    They are spelled as the first of them. Leading blanks stay.
    """
    spelled: dict[object, object] = {}
    trimmed = [value.rstrip(" ") if isinstance(value, str) else value for value in values]
    return [
        spelled.setdefault(_exact(value.upper() if isinstance(value, str) else value), cell(value)) for value in trimmed
    ]


def _exact(value: object) -> object:
    """Give what is equal where a value and its type are: 1 is not true, and no text is a number."""
    return (type(value), value)


def _is_money(column: Any) -> bool:
    return model_type(column.type).name == "decimal"


def _column(name: str) -> str:
    table, _, column = name.partition(".")
    return f"{friendly(table)}.{friendly(column)}"


def _relationship(properties: Mapping[str, Any]) -> dict[str, Any]:
    ends = [map(unquoted, str(properties[end]).split(".")) for end in ("fromColumn", "toColumn")]
    (from_table, from_column), (to_table, to_column) = ends
    return {
        "FromTable": from_table,
        "FromColumn": from_column,
        "ToTable": to_table,
        "ToColumn": to_column,
        "IsActive": properties.get("isActive") != "false",
    }
