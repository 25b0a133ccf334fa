"""A report that says all that one can say of its numbers: currency, targets, titles, changes, small lines, panels."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from etl.company.currency import money_format
from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.company.sayings import Saying
from etl.company.targets import Target
from powerbi.check import faults_of
from powerbi.names import MEASURES
from powerbi.project import project_files
from powerbi.texts import FOLDER, colour_name, target_name, title_name
from powerbi.tmdl import Node, read
from tests.powerbi.modeling import read_tmdl, roundtrip
from tests.powerbi.node import MODELING_NEEDED, NEEDED
from tests.powerbi.reading import Contracts, Files, faults_of_schema, misunderstood, visuals

SAID = (
    Saying(when="[Open Pace] >= 1", text="Ahead of the “edition” before: {Open Pace}, {Net Revenue}"),
    Saying(text="Behind, or not known: it's {Net Revenue}"),
)
CARD = Visual(
    kind="card",
    title="All",
    alt="All of it.",
    measures=("Net Revenue", "Open Pace", "Contracts"),
    change={"Net Revenue": "Net Revenue YoY %"},
    spark="dim_date.year_month",
    said=SAID,
    width=12,
)
TABLE = Visual(
    kind="table",
    title="By product",
    alt="A row per product.",
    measures=("Net Revenue", "Open Pace"),
    by="dim_product.product_name",
    said=SAID,
)
PANELS = Visual(
    kind="line",
    title="Product by product",
    alt="A line per product.",
    measures=("Net Revenue", "Net Revenue LY"),
    by="dim_date.year_month",
    panels="dim_product.product_name",
)
BAR = Visual(kind="bar", title="Pace", alt="A bar per product.", measures=("Open Pace",), by="dim_product.product_name")
PAGE = Page(name="Worded", title="All that can be said", visual=(CARD, TABLE, PANELS, BAR))


@pytest.fixture(scope="module", params=["EUR", "CHF", "JPY"])
def worded(request: pytest.FixtureRequest, report: Report, contracts: Contracts) -> Files:
    """Give the project of such a report, in a currency with a sign, in one with a code, and in one without cents."""
    money = report.measures["Net Revenue"].model_copy(
        update={"format": money_format("#,0" if request.param == "JPY" else "#,0.00", request.param, "…")}
    )
    signed = report.measures["Net Revenue YoY"].model_copy(
        update={"format": money_format("+#,0.00;-#,0.00", request.param, "…")}
    )
    measures = report.measures | {"Net Revenue": money, "Net Revenue YoY": signed}
    targets = {"Open Pace": Target(measure="Open Pace", at_least=Decimal(1))}
    return project_files(replace(report, measures=measures, targets=targets, pages=(PAGE,)), contracts)


def measures_of(files: Files) -> dict[str, Node]:
    """Give the model's measures."""
    (path,) = (path for path in files if path.endswith(f"tables/{MEASURES}.tmdl"))
    return {node.name: node for node in read(files[path])[0].of("measure")}


def visual_of(files: Files, kind: str, part: str) -> Any:
    """Give the content of the one visual of a kind in whose name a part is."""
    (content,) = (each for path, each in visuals(files, kind).items() if part in path)
    return content["visual"]


def test_it_is_a_project_without_fault(worded: Files) -> None:
    """By schema, by name, by type."""
    assert faults_of(worded) == []
    assert faults_of_schema({path: text for path, text in worded.items() if path.endswith(".json")}) == []


@NEEDED
def test_visuals_are_told_only_what_they_understand(worded: Files) -> None:
    """Microsoft's list of what each visual can be told has all of it."""
    assert list(misunderstood(worded)) == []


@MODELING_NEEDED
def test_microsofts_library_reads_the_currency_and_the_words(worded: Files, tmp_path: Path) -> None:
    """And would write them with the same bytes."""
    for path, text in worded.items():
        if path.endswith(".tmdl"):
            file = tmp_path / path.partition("/definition/")[2]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
    assert roundtrip(tmp_path) == read_tmdl(tmp_path)


def test_money_has_its_currency_and_words_are_hidden(worded: Files) -> None:
    """Words are no figures for analysts to choose from; each says what it is for."""
    measures = measures_of(worded)
    assert measures["Net Revenue"].properties["formatString"] in (
        r"\€#,0.00",
        "\\C\\H\\F\\\N{NO-BREAK SPACE}#,0.00",
        r"\¥#,0",
    )
    made = [node for node in measures.values() if node.properties["displayFolder"] == FOLDER]
    assert {title_name(PAGE, CARD), title_name(PAGE, TABLE), target_name("Open Pace")} <= {node.name for node in made}
    assert all(node.properties["isHidden"] is True and node.description for node in made)


def test_titles_are_computed_where_they_stand(worded: Files) -> None:
    """A card's heading says what the measure says; a table has it for its title."""
    heading = visual_of(worded, "multiRowCard", "all-")
    assert title_name(PAGE, CARD) in json.dumps(heading["query"])
    title = visual_of(worded, "tableEx", "by-product")["visualContainerObjects"]["title"][0]["properties"]["text"]
    assert title["expr"]["Measure"]["Property"] == title_name(PAGE, TABLE)


def test_only_what_has_a_target_has_a_colour(worded: Files) -> None:
    """In a card the number and its words, in a table the number, with its sign and the target beside it."""
    coloured = {path for path, text in worded.items() if colour_name("Open Pace") in text and path.endswith(".json")}
    assert len(coloured) == 3
    assert not [path for path in coloured if "net-revenue" in path or "contracts" in path]
    names = [
        projected.get("displayName")
        for projected in visual_of(worded, "tableEx", "by-product")["query"]["queryState"]["Values"]["projections"]
    ]
    assert names == [None, None, None, "Open Pace at least 100.0%"]


def test_a_chart_has_its_target_across_it(worded: Files) -> None:
    """Named, so that nobody has to guess what the line is."""
    (line,) = visual_of(worded, "clusteredBarChart", "pace-")["objects"]["y1AxisReferenceLine"]
    assert line["properties"]["displayName"]["expr"]["Literal"]["Value"] == "'Target: at least 100.0%'"
    assert line["properties"]["value"]["expr"]["Literal"]["Value"] == "1.000D"


def test_small_lines_and_panels_are_of_their_columns(worded: Files) -> None:
    """One line a number of the card; one small chart a product."""
    lines = visuals(worded, "lineChart")
    assert sum("spark" in path or "Rows" not in str(each) for path, each in lines.items()) == len(CARD.measures)
    rows = visual_of(worded, "lineChart", "product-by-product")["query"]["queryState"]["Rows"]["projections"]
    assert rows[0]["queryRef"] == "Product.Product Name"
