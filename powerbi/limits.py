"""What a visual says of the slicers that do not matter to it: its numbers are blank while one of them is chosen."""

from collections.abc import Mapping, Sequence

from etl.company.pages import Page
from etl.company.report import Report
from etl.contract.table import Contract
from etl.report.names import friendly
from etl.report.reach import answers
from powerbi.expressions import Json, properties

_POINTS = 9


def noted(body: Json, page: Page, measures: Sequence[str], report: Report, contracts: Mapping[str, Contract]) -> Json:
    """Return a visual with a subtitle that names the slicers of its page to which its measures do not answer."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in measures:
        unheard = tuple(c for c in page.slicers if not answers(report, contracts, name, c.partition(".")[0]))
        found.setdefault(unheard, []).append(name)
    said = [_said(columns, names if len(found) > 1 else []) for columns, names in found.items() if columns]
    if not said:
        return body
    subtitle = properties(show=True, text="; ".join(said), titleWrap=True, fontSize=_POINTS)
    return {**body, "visualContainerObjects": {**body["visualContainerObjects"], "subTitle": subtitle}}


def _said(columns: Sequence[str], names: Sequence[str]) -> str:
    choices = [friendly(column.partition(".")[2]) for column in columns]
    return f"{', '.join(names)} not by {' or '.join(choices)}".lstrip()
