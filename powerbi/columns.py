"""Which columns the model has of each table: what no one can see or use there is not read from the warehouse."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.company.report import Report
from etl.contract.column import Column, Role
from etl.contract.table import Contract
from etl.load.etl_runs import ETL_RUNS
from etl.report.names import friendly
from powerbi.types import model_type

_LEFT_OUT = ("receipt",)
"""Columns of the engine's own table that no analyst reads."""
_NUMBERS = ("int64", "decimal", "double")
_AGGREGATED = r"(?i)\b(?:COUNT|COUNTA|COUNTBLANK|SUM|AVERAGE|AVERAGEA|VALUES|DISTINCT|DISTINCTCOUNT|MIN|MINA|MAX|MAXA)"


@dataclass(frozen=True)
class Kept:
    """What the model has of each table, by the table's name.

    hidden: "table.column", besides the keys; related_to: likewise, the columns that others relate to.
    """

    columns: Mapping[str, tuple[Column, ...]]
    hidden: Collection[str]
    related_to: Collection[str]

    def of(self, contract: Contract) -> tuple[Column, ...]:
        """Return a table's columns."""
        return self.columns[contract.name]

    def is_hidden(self, contract: Contract, column: Column) -> bool:
        """Whether analysts do not see a column: a key, a day that the calendar shows, or numbers of a measure."""
        return is_key(column) or f"{contract.name}.{column.name}" in self.hidden

    def levels(self, contract: Contract, contracts: Mapping[str, Contract]) -> dict[str, tuple[str, ...]]:
        """Return the hierarchies, without the levels that were left out."""
        there = {f"{name}.{column.name}" for name, columns in self.columns.items() for column in columns}
        found = {
            title: tuple(level for level in levels if (level if "." in level else f"{contract.name}.{level}") in there)
            for title, levels in contract.hierarchies.items()
        }
        return {title: levels for title, levels in found.items() if levels}


def is_key(column: Column) -> bool:
    """Whether a column holds surrogate keys."""
    return column.role in (Role.SURROGATE_KEY, Role.REFERENCE, Role.DURABLE_KEY)


def kept_columns(
    report: Report, contracts: Mapping[str, Contract], pairs: Collection[tuple[str, str]], dax: Sequence[str]
) -> Kept:
    """Return what the model keeps of each table.

    Left out are the folded columns, for VertiPaq folds by itself, and, unless DAX names them, keys by which nothing
    relates and personal data that no page shows. pairs: the columns by which tables relate, "table.column"; dax: of all
    measures and roles.
    """
    shown, foreign, related_to = frozenset(_shown(report)), {start for start, _ in pairs}, {end for _, end in pairs}
    text = "\n".join(dax)
    kept = {
        name: tuple(c for c in contract.declared if _is_kept(name, c, shown | foreign | related_to, text))
        for name, contract in contracts.items()
    }
    sorting = {name: {c.sort_by for c in columns} for name, columns in kept.items()}
    kept = {
        name: tuple(c for c in contract.declared if c in kept[name] or c.name in sorting[name])
        for name, contract in contracts.items()
    }
    covered = {
        f"{name}.{column.name}"
        for name, columns in kept.items()
        for column in columns
        if model_type(column.type).name in _NUMBERS and _is_aggregated(name, column, text)
    }
    personal = {f"{name}.{column.name}" for name, columns in kept.items() for column in columns if column.pii}
    return Kept(kept, (covered | foreign | personal) - shown - {*_levels(contracts)}, related_to)


def _is_kept(table: str, column: Column, used: Collection[str], dax: str) -> bool:
    if table == ETL_RUNS.name and column.name in _LEFT_OUT:
        return False
    if not is_key(column) and not column.pii:
        return True
    return f"{table}.{column.name}" in used or _is_named(table, column, dax)


def _is_named(table: str, column: Column, dax: str) -> bool:
    """Whether DAX names a column."""
    name = f"[{friendly(column.name)}]"
    return any(f"{friendly(table)}{end}{name}".lower() in dax.lower() for end in ("", "'"))


def _is_aggregated(table: str, column: Column, dax: str) -> bool:
    named = rf"'*{re.escape(friendly(table))}'*\[{re.escape(friendly(column.name))}\]"
    return re.search(rf"{_AGGREGATED}\s*\(\s*{named}\s*\)", dax) is not None


def _shown(report: Report) -> Iterator[str]:
    """Name the columns of the pages."""
    for page in report.pages:
        yield from page.slicers
        for visual in page.visual:
            yield from visual.columns


def _levels(contracts: Mapping[str, Contract]) -> Iterator[str]:
    for name, contract in contracts.items():
        for level in (level for levels in contract.hierarchies.values() for level in levels):
            yield level if "." in level else f"{name}.{level}"
