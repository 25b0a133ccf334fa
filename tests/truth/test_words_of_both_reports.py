"""What is said of the published numbers: the dashboard's and Power BI's words are the same, and true."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from config.paths import ROOT
from etl.company.pages import Page, Visual
from etl.company.report import Report, read_report
from etl.company.sayings import Saying
from etl.company.targets import Target
from etl.dashboard import picture as shown
from etl.dashboard.drawing import picture
from etl.dashboard.words import changed, judged, sentence
from etl.load.etl_runs import published_contracts
from etl.load.warehouse import Warehouse
from etl.report.sql import Composer
from powerbi.texts import change_name, target_name, texts, title_name
from tests.truth.dax import Dax
from tests.truth.night import COMPANIES, Company

CONTRACTS = published_contracts(ROOT / "tables")
CARD = Visual(
    kind="card",
    title="All editions",
    alt="…",
    measures=("Net Revenue", "Return Rate"),
    change={"Net Revenue": "Net Revenue YoY %"},
    spark="dim_date.year_month",
    said=(
        Saying(when="[Net Revenue YoY %] >= 0.01", text="More than last year: {Net Revenue YoY %}, {Net Revenue}"),
        Saying(when="[Net Revenue YoY %] < 0", text="Less than last year: {Net Revenue YoY %} ({Latest Contract})"),
        Saying(text="As much as last year, or not known: {Net Revenue}"),
    ),
)
PANELS = Visual(
    kind="line",
    title="Products",
    alt="…",
    measures=("Net Revenue", "Contracts"),
    by="dim_date.year_month",
    panels="dim_product.product_name",
)
PAGE = Page(name="Words", title="T", visual=(CARD, PANELS))
YEARS, PRODUCTS = "SELECT DISTINCT year FROM dim_date", "SELECT DISTINCT product_name FROM dim_product"


def report() -> Report:
    """Give the report with one page of words, and a target."""
    target = Target(measure="Return Rate", at_most=Decimal("0.05"))
    return replace(read_report(ROOT / "powerbi"), pages=(PAGE,), targets={"Return Rate": target})


def test_power_bi_says_of_every_year_and_product_what_sql_says(duckdb_of: Callable[[Company], Warehouse]) -> None:
    """The title, the change and the target, letter by letter; and not always the same."""
    worded, warehouse = report(), duckdb_of(COMPANIES[0])
    sql, dax = Composer(worded, CONTRACTS), Dax(warehouse, worded, CONTRACTS)
    formats = {name: measure.format for name, measure in worded.measures.items()}
    names = [*CARD.said_of, "Return Rate"]
    titles = set()
    for column, members in (("dim_date.year", YEARS), ("dim_product.product_name", PRODUCTS)):
        for member in warehouse.read(f"{members} WHERE {column.partition('.')[2]} IS NOT NULL").column(0).to_pylist():
            row = warehouse.read(sql.query(names, None, {column: [member]})).to_pylist()[0]
            values = dict(zip(names, row.values(), strict=True))
            found = dax.values(texts(worded), {column: [member]})
            title = sentence(CARD.said, values, formats) or CARD.title
            assert found[title_name(PAGE, CARD)] == title
            change = changed(values["Net Revenue YoY %"], formats["Net Revenue YoY %"])
            told = f"{change.sign} {change.text}" if change else "–"
            assert found[change_name("Net Revenue YoY %")] == f"{told} Net Revenue YoY %"
            met = judged(values["Return Rate"], worded.targets["Return Rate"], formats["Return Rate"])
            assert found[target_name("Return Rate")] == (f"{met.sign} {met.text}" if met else None)
            titles.add(title.partition(":")[0])
    assert len(titles) > 1


@pytest.fixture(scope="module")
def drawn(duckdb_of: Callable[[Company], Warehouse]) -> tuple[shown.Visual, shown.Visual]:
    """Give the card and the panels as the dashboard has them."""
    card, panels = picture(report(), CONTRACTS, duckdb_of(COMPANIES[0]).read, "…").pages[0].visuals
    return card, panels


def test_a_card_has_its_change_and_its_small_lines(
    duckdb_of: Callable[[Company], Warehouse], drawn: tuple[shown.Visual, shown.Visual]
) -> None:
    """The months of a small line add up to the number above it."""
    card, _ = drawn
    assert [series.name for series in card.shown] == list(CARD.measures)
    place = card.series[0].change
    assert place is not None and card.series[place].name == "Net Revenue YoY %"
    assert card.series[1].target is not None
    assert card.spark
    assert sum(row[1] for row in card.spark.rows if isinstance(row[1], Decimal)) == card.rows[0][1]
    assert [row[0] for row in card.spark.rows] == sorted(str(row[0]) for row in card.spark.rows)
    assert card.said and card.said.startswith(("More", "Less", "As much"))


def test_each_panel_is_of_its_member(
    duckdb_of: Callable[[Company], Warehouse], drawn: tuple[shown.Visual, shown.Visual]
) -> None:
    """As a query by hand says; every product that has sold has one."""
    _, panels = drawn
    by_hand: dict[str, list[tuple[object, ...]]] = {}
    for name, *row in zip(
        *duckdb_of(COMPANIES[0])
        .read("""
            SELECT product_name, year_month, SUM(net_revenue), COUNT(*)
            FROM fact_sales JOIN dim_deployment USING (deployment_key) JOIN dim_product USING (product_key)
            JOIN dim_date ON date_key = contract_date_key
            WHERE product_name IS NOT NULL AND year_month IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""")
        .to_pydict()
        .values(),
        strict=True,
    ):
        by_hand.setdefault(name, []).append(tuple(row))
    assert {panel.title: list(panel.rows) for panel in panels.panels} == by_hand
    assert len(by_hand) > 3 and panels.rows == ()
