"""Drilling down: the levels below a visual's axis, along the hierarchies of the contracts."""

from collections.abc import Collection

from etl.company.pages import Visual
from etl.company.report import Report
from etl.contract.table import Contracts
from etl.core.errors import ContractError
from etl.report.sql import Composer


def levels_below(visual: Visual, report: Report, contracts: Contracts) -> tuple[str, ...]:
    """Return the columns to which a visual's axis can be drilled down, the coarsest first, as "table.column".

    Of the first hierarchy that has the axis, as far as all of the visual's measures answer to a level, the ranking one
    among them. Personal data that no page shows is none.
    """
    shown = {column for page in report.pages for each in page.visual for column in each.columns}
    for name, contract in contracts.items():
        for levels in contract.hierarchies.values():
            full = [level if "." in level else f"{name}.{level}" for level in levels]
            if visual.by in full[:-1]:
                return _answered(full[full.index(visual.by) + 1 :], visual, report, contracts, shown)
    return ()


def _answered(
    levels: list[str], visual: Visual, report: Report, contracts: Contracts, shown: Collection[str]
) -> tuple[str, ...]:
    composer = Composer(report, contracts)
    for number, level in enumerate(levels):
        table, _, name = level.partition(".")
        is_hidden = next(c for c in contracts[table].columns if c.name == name).pii and level not in shown
        if is_hidden or not all(_answers(composer, measure, level) for measure in (*visual.measures, visual.ranked_by)):
            return tuple(levels[:number])
    return tuple(levels)


def _answers(composer: Composer, measure: str, column: str) -> bool:
    """Whether a measure can be asked by a column."""
    try:
        composer.query([measure], column)
    except ContractError:
        return False
    return True
