"""Which measures answer to a filter on which table: known from the references, and told wherever one can be chosen.

A measure that does not answer to a chosen table is nothing: NULL in SQL, BLANK in DAX, greyed in the dashboard. The
total would be taken for the answer.
"""

import re
from collections.abc import Iterable

from etl.company.formula import Formula, Negative, Operation
from etl.company.measure import Measure
from etl.company.pages import Visual
from etl.company.report import Report
from etl.contract.column import Reference
from etl.contract.table import Contract, Contracts
from etl.load.etl_runs import ETL_RUNS

Path = list[tuple[str, str]]

_MEASURE = re.compile(r"(?<![\w'\]])\[([^\]]+)\]")


def path(contracts: Contracts, start: str, table: str, along: str | None = None) -> Path | None:
    """Return the references from one table to another, each as key column and dimension; None where there is none.

    along: the reference that is taken first, instead of the active one to its dimension.
    """
    if start == table:
        return []
    for reference in _taken(contracts[start], along):
        further = path(contracts, reference.dimension, table)
        if further is not None:
            return [(reference.name, reference.dimension), *further]
    return None


def reached(contracts: Contracts, start: str) -> list[str]:
    """Name a table, and all that filter its rows."""
    return [start, *(name for name in contracts if name != start and path(contracts, start, name) is not None)]


def versioned(contracts: Contracts, start: str) -> list[str]:
    """Name the dimensions with history to which a table's rows refer."""
    return [name for name in reached(contracts, start) if name != start and contracts[name].has_history]


def _taken(contract: Contract, along: str | None) -> list[Reference]:
    """Return the references by which a table's rows are filtered."""
    chosen = [reference for reference in contract.relationships if reference.name == along]
    others = (each for each in contract.active_references if each.dimension not in {c.dimension for c in chosen})
    return [*chosen, *others]


def is_ignored(contracts: Contracts, of: str, ignores: Iterable[str], table: str) -> bool:
    """Whether a filter on a table does not matter, by design, to a measure over table or view `of` that ignores others.

    Who ignores a dimension ignores what it refers to. What is of the engine's own record says of the tables how they
    came, and nothing of what is in them.
    """
    if of == ETL_RUNS.name:
        return table != of
    return any(name == "*" or path(contracts, name, table) is not None for name in ignores)


def answers(report: Report, contracts: Contracts, measure: str, table: str) -> bool:
    """Return whether a filter on a table's columns reaches all that a measure is made of. Who ignores it answers."""
    said = report.measures[measure]
    if said.of:
        view = report.views.get(said.of)
        like = view.like if view else said.of
        return is_ignored(contracts, like, said.ignores, table) or path(contracts, like, table, said.along) is not None
    named = said.made_of or tuple(name for name in _MEASURE.findall(said.dax or "") if name in report.measures)
    return all(answers(report, contracts, name, table) for name in named if name != measure)


def unreached(report: Report, contracts: Contracts, visual: Visual, slicers: Iterable[str]) -> dict[str, list[str]]:
    """Return the measures of a visual that do not answer to some slicers ("table.column"), with these."""
    found = {
        name: [column for column in slicers if not answers(report, contracts, name, column.partition(".")[0])]
        for name in visual.measures
    }
    return {name: columns for name, columns in found.items() if columns}


def guarded_by(report: Report, contracts: Contracts, measure: Measure) -> list[str]:
    """Return the tables of which a choice on some page leaves a measure nothing to say, and DAX has to be told so.

    A product or a quotient needs no telling: it is nothing as soon as one of its measures is.
    """
    if measure.tree is not None and not _has_sum(measure.tree):
        return []
    chosen = (column for page in report.pages for column in (*page.slicers, *(v.by for v in page.visual if v.by)))
    tables = dict.fromkeys(column.partition(".")[0] for column in chosen)
    tables.pop(ETL_RUNS.name, None)  # what is chosen of it says which tables are looked at
    return [table for table in tables if not answers(report, contracts, measure.name, table)]


def _has_sum(formula: Formula) -> bool:
    match formula:
        case Negative(value):
            return _has_sum(value)
        case Operation(sign, left, right):
            return sign in ("+", "-") or _has_sum(left) or _has_sum(right)
    return False
