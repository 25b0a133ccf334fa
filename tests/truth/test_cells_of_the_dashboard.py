"""What the sample's dashboard answers to a choice is what SQL says, on all pages, and it fits into its file."""

import random
from collections.abc import Callable

import pytest

from config.paths import ROOT
from etl.company.report import read_report
from etl.load.etl_runs import published_contracts
from etl.load.warehouse import Warehouse
from tests.dashboard.choices import NEEDED, Asked, Drilled, answered
from tests.truth.night import COMPANIES, Company

pytestmark = NEEDED


@pytest.fixture(scope="module", params=COMPANIES, ids=str)
def asked(request: pytest.FixtureRequest, duckdb_of: Callable[[Company], Warehouse]) -> Asked:
    """Give the sample's report, asked of what is published."""
    read = duckdb_of(request.param).read
    return Asked.of(read_report(ROOT / "powerbi"), published_contracts(ROOT / "tables"), read)


def test_single_choices_of_every_visual_are_what_sql_says(asked: Asked) -> None:
    """A few combinations of each visual, its title and its small lines, drawn anew for each company."""
    draw = random.Random(len(asked.given["months"]))
    every = [(number, asked.contexts(number)) for number in range(len(asked.visuals))]
    asks = [(number, context) for number, of in every for context in draw.sample(of, min(4, len(of)))]
    asked.compare(asks, answered(asked.queries, asks))


def test_what_is_drilled_down_to_is_what_sql_says(asked: Asked) -> None:
    """Every member that can be drilled down to: regions by office, products by edition; and under some choices."""
    lower = Drilled(asked.report, asked.contracts, asked.read, asked.given)
    assert {visual.by for visual in lower.visuals} == {"dim_office.office_name", "dim_deployment.deployment_name"}
    draw = random.Random(5)
    every = [(number, lower.contexts(number)) for number in range(len(lower.visuals))]
    asks = [(number, c) for number, of in every for c in [*(c for c in of if len(c) == 1), *draw.sample(of, 3)]]
    lower.compare(asks, answered(lower.queries, asks))


def test_several_choices_are_what_sql_says_or_choose_one(asked: Asked) -> None:
    """Of each visual that has parts: some members of each slicer, in some range of months."""
    draw = random.Random(1)
    asks = [(number, asked.several(number, draw)) for number in range(len(asked.visuals)) for _ in range(2)]
    answers = answered(asked.queries, asks)
    found = [(ask, answer) for ask, answer in zip(asks, answers, strict=True) if "rows" in answer]
    assert len(found) > len(asks) / 3
    asked.compare(*zip(*found, strict=True))
