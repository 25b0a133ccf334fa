"""Reach: a measure says nothing under a filter that it does not answer to, in SQL and in DAX."""

from dataclasses import replace
from typing import Any

import pytest

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.core.errors import ContractError
from etl.load.etl_runs import ETL_RUNS
from etl.report.dax import guarded
from etl.report.reach import answers, unreached
from etl.report.sql import Composer
from tests.report.small_star import CONTRACTS, DAYS, SHOPS, opened, report_of
from tests.truth.dax import Dax

SALES = [
    {"sale_id": 1, "day_key": 1, "day": DAYS[1]["day"], "shop_key": 1, "till": 1, "pieces": 2},
    {"sale_id": 2, "day_key": 2, "day": DAYS[2]["day"], "shop_key": 3, "till": 1, "pieces": 5},
]
NAMES = ["Sold", "Shops", "All Sold", "Ratio", "Both"]
BY_MONTH = {"dim_day.month": [1]}


def said(name: str, **what: Any) -> Measure:
    """Return a measure."""
    return Measure.model_validate({"name": name, "folder": "F", "meaning": "M.", "format": "0"} | what)


def report() -> Report:
    """Return a report with a slicer by month, which says nothing of shops."""
    card = Visual.model_validate({"kind": "card", "title": "T", "alt": "A.", "measures": NAMES})
    measures = [
        said("Sold", of="fact_sale", sum="pieces"),
        said("Shops", of="dim_shop", count=True, known=["shop_key"]),
        said("All Sold", of="fact_sale", sum="pieces", ignores=["dim_day"]),
        said("Ratio", formula="[Sold] / [Shops]"),
        said("Both", formula="[Sold] + [Shops]"),
        said("By Hand", dax="[Sold] + 0 * [Shops]"),
    ]
    page = Page.model_validate({"name": "P", "title": "P", "slicers": list(BY_MONTH), "visual": [card]})
    return replace(report_of(measures), pages=(page,))


def test_what_does_not_answer_says_nothing_in_sql_and_in_dax() -> None:
    """A formula of which a part does not answer says nothing as a whole; what ignores the slicer goes on."""
    with opened({"dim_day": DAYS, "dim_shop": SHOPS, "fact_sale": SALES}) as star:
        (row,) = star.read(Composer(report(), CONTRACTS).query(NAMES, None, BY_MONTH)).to_pylist()
        (total,) = star.read(Composer(report(), CONTRACTS).query(NAMES)).to_pylist()
        dax = Dax(star, report(), CONTRACTS)
        assert dax.values(["By Hand"], BY_MONTH) == {"By Hand": None}
        assert dax.values(["By Hand"], {}) == {"By Hand": 7}
        assert list(dax.values(NAMES, BY_MONTH).values()) == list(row.values()) == [2, None, 7, None, None]
        assert list(dax.values(NAMES, {}).values()) == list(total.values()) == [7, 3, 7, 7 / 3, 10]


def test_the_matrix_names_the_slicers_that_are_not_answered_to() -> None:
    """By measure, for the dashboard and the dictionary."""
    (visual,) = report().pages[0].visual
    found = unreached(report(), CONTRACTS, visual, BY_MONTH)
    assert found == {name: ["dim_day.month"] for name in ("Shops", "Ratio", "Both")}
    assert not answers(report(), CONTRACTS, "By Hand", "dim_day")


def test_alone_or_by_an_axis_it_says_nothing_either() -> None:
    """Not even the members of the axis; an axis that is not answered to is refused."""
    composer = Composer(report(), CONTRACTS)
    with opened({"dim_day": DAYS, "dim_shop": SHOPS, "fact_sale": SALES}) as star:
        assert star.read(composer.query(["Shops", "Both"], None, BY_MONTH)).to_pylist() == [{"v0": None, "v1": None}]
        assert star.read(composer.query(["Shops"], "dim_shop.region", BY_MONTH)).to_pylist() == []
        rows = star.read(composer.query(["Sold", "Shops"], "dim_shop.shop_id", BY_MONTH)).to_pylist()
        assert rows == [{"label": 1, "v0": 2, "v1": None}]
    with pytest.raises(ContractError, match="dim_day says nothing of the rows of dim_shop"):
        composer.query(["Shops"], "dim_day.month")


def test_the_engine_s_own_record_answers_to_all() -> None:
    """Whether numbers are to be trusted does not depend on what is chosen."""
    contracts = CONTRACTS | {ETL_RUNS.name: ETL_RUNS}
    runs = report_of([said("Rows", of="etl_runs", latest=["table_name", "run_id"], sum="row_count")])
    assert answers(runs, contracts, "Rows", "dim_day")
    composer = Composer(runs, contracts)
    assert composer.query(["Rows"], None, BY_MONTH) == composer.query(["Rows"])


def test_dax_is_guarded_by_what_a_page_chooses() -> None:
    """A quotient needs no guard of its own: it is nothing as soon as a part is."""
    measures = report().measures
    texts = {name: guarded(measure, report(), CONTRACTS) for name, measure in measures.items()}
    assert {name for name, dax in texts.items() if "ISFILTERED('Day')" in dax} == {"Shops", "Both", "By Hand"}
    assert texts["Both"] == "IF(NOT(ISFILTERED('Day')), [Sold] + [Shops])"
