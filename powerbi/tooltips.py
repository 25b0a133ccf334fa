"""What a chart says of the member that is pointed at, besides its numbers: of what they are made, and what of them.

These are extra measures in the chart's own tooltip, and no page of the kind Tooltip: such a page would be one for each
set of measures, its numbers would be pictures to who cannot point, and it would say no more.
"""

from collections.abc import Iterator, Mapping

from etl.company.pages import Visual
from etl.company.report import Report
from etl.contract.table import Contract
from etl.report.reach import answers
from powerbi.texts import target_name

_MOST = 6
"""More is a table, which nobody reads as long as they point at something."""


def told(visual: Visual, report: Report, contracts: Mapping[str, Contract]) -> tuple[str, ...]:
    """Return the measures of a chart's tooltip that it does not draw.

    Of a rate what is divided; of what is drawn the rates and differences that begin with it; and whether a target is
    met. Only what answers to the chart's columns.
    """
    found = dict.fromkeys(name for name in _related(visual, report) if name not in visual.measures)
    said = [name for name in found if all(answers(report, contracts, name, each) for each in _tables(visual))]
    met = [target_name(name) for name in visual.measures if name in report.targets]
    return tuple([*met, *said][:_MOST])


def _related(visual: Visual, report: Report) -> Iterator[str]:
    """Name the measures of which those of a visual are made, then those that begin with them, and with these."""
    for name in visual.measures:
        yield from report.measures[name].made_of
    begun = list(visual.measures)
    for first in begun:
        more = [name for name, measure in report.measures.items() if measure.made_of[:1] == (first,)]
        begun += more  # measures are not made of each other, so this ends
        yield from more


def _tables(visual: Visual) -> set[str]:
    """Name the tables by whose columns a chart is divided."""
    return {column.partition(".")[0] for column in (visual.by, visual.panels) if column}
