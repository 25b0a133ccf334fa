"""Which slicers a measure answers to: what the references say is what SQL and Power BI do when a member is chosen."""

from collections.abc import Callable

import pytest

from etl.company.pages import Page
from etl.load.warehouse import Warehouse
from etl.report.reach import answers, unreached
from tests.truth.dax import Dax
from tests.truth.night import COMPANIES, Company
from tests.truth.test_measures import CONTRACTS, REPORT, SQL, dax_of, differences

__all__ = ["dax_of"]

CHOICES = [pytest.param(page, column, id=f"{page.name} {column}") for page in REPORT.pages for column in page.slicers]


@pytest.mark.parametrize(("page", "column"), CHOICES)
def test_a_slicer_reaches_what_the_references_say(
    duckdb_of: Callable[[Company], Warehouse], dax_of: Callable[[Company], Dax], page: Page, column: str
) -> None:
    """Where it does not, both say nothing, and never the total; where it does, both say the same."""
    warehouse = duckdb_of(COMPANIES[0])
    table = column.partition(".")[0]
    members = warehouse.read(SQL.query(["Contracts"], column)).to_pylist()
    member = max(members, key=lambda row: row["v0"] or 0)["label"]
    measures = [m for m in dict.fromkeys(m for v in page.visual for m in v.measures) if REPORT.has_sql(m)]
    (row,) = warehouse.read(SQL.query(measures, None, {column: [member]})).to_pylist()
    said = {measure: row[f"v{place}"] for place, measure in enumerate(measures)}
    assert differences(dax_of(COMPANIES[0]).values(measures, {column: [member]}), said) == {}
    silent = {measure for visual in page.visual for measure in unreached(REPORT, CONTRACTS, visual, [column])}
    assert silent == {measure for measure in measures if not answers(REPORT, CONTRACTS, measure, table)}
    assert {measure for measure in silent if said[measure] is not None} == set()
    assert [measure for measure in measures if said[measure] is not None]


def test_some_measures_do_not_answer_to_a_slicer_of_their_page() -> None:
    """Else nothing above was put to the test."""
    income = next(page for page in REPORT.pages if page.name == "Income")
    silent = {name for visual in income.visual for name in unreached(REPORT, CONTRACTS, visual, income.slicers)}
    assert {"Open Pace", "Open Revenue to Date"} <= silent
    assert not silent & {"Net Revenue", "Return Rate", "Contracts"}
