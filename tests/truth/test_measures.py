"""The measures of Power BI: what their DAX gives is what SQL on the published tables says."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.paths import ROOT
from etl.company.pages import Visual
from etl.company.report import read_report
from etl.dashboard.answers import asked_rows
from etl.load.etl_runs import published_contracts
from etl.load.warehouse import Warehouse
from etl.report import dax as in_dax
from etl.report.reach import answers
from etl.report.sql import Composer
from powerbi import model
from powerbi.service.differ import cell, differs
from tests.truth.dax import Context, Dax, filtered
from tests.truth.night import COMPANIES, Company

REPORT = read_report(ROOT / "powerbi")
CONTRACTS = published_contracts(ROOT / "tables")
SQL = Composer(REPORT, CONTRACTS)
VISUALS = [pytest.param(visual, id=visual.title) for page in REPORT.pages for visual in page.visual]

MOST_SALES = "SELECT {} FROM fact_sales JOIN dim_date ON date_key = contract_date_key GROUP BY 1 ORDER BY COUNT(*) DESC"
BEST_EDITION = """
SELECT {} FROM fact_sales JOIN dim_deployment USING (deployment_key) WHERE edition > 1
GROUP BY product_id, edition ORDER BY COUNT(*) DESC, 1"""

CONTEXTS: dict[str, dict[str, str]] = {
    "everything": {},
    "a year": {"dim_date.year": f"{MOST_SALES.format('year')} LIMIT 1"},
    "a month": {"dim_date.year_month": f"{MOST_SALES.format('year_month')} LIMIT 1"},
    "a day": {"dim_date.date": f"{MOST_SALES.format('date')} LIMIT 1"},
    "29 February": {"dim_date.date": "SELECT DATE '2024-02-29'"},
    "28 February after it": {"dim_date.date": "SELECT DATE '2025-02-28'"},
    "Februaries": {"dim_date.month": "SELECT 2"},
    "the years to come": {"dim_date.year": "SELECT EXTRACT(YEAR FROM MAX(contract_date)) + 1 FROM fact_sales"},
    "a product": {"dim_product.product_name": "SELECT product_name FROM dim_product WHERE product_id = 1"},
    "an edition": {
        "dim_deployment.product_id": f"{BEST_EDITION.format('product_id')} LIMIT 1",
        "dim_deployment.edition": f"{BEST_EDITION.format('edition')} LIMIT 1",
    },
    "the open editions": {"dim_deployment.is_open": "SELECT TRUE"},
    "a channel": {"dim_channel.channel_name": "SELECT channel_name FROM dim_channel WHERE is_digital"},
    "two regions in two years": {
        "dim_office.region": "SELECT region FROM dim_office WHERE region IN ('Portugal', 'Islands') GROUP BY 1",
        "dim_date.year": f"{MOST_SALES.format('year')} LIMIT 2",
    },
    "a country": {"dim_client.country": "SELECT 'Spain'"},
    "a member in a quarter": {
        "dim_team_member.team_member_id": """
            SELECT team_member_id FROM fact_sales JOIN dim_team_member USING (team_member_key)
            WHERE team_member_key <> 0 GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT 1""",
        "dim_date.quarter": "SELECT 2",
    },
    "a region in other letters": {"dim_office.region": "SELECT ' sOuTh '"},
    "no catalogue": {"dim_client.catalogue": "SELECT CAST(NULL AS VARCHAR)"},
    "no catalogue, or one": {
        "dim_client.catalogue": "SELECT * FROM (VALUES (NULL), ('Global'), (' GLOBAL ')) AS chosen"
    },
    "no day": {"dim_date.year": "SELECT CAST(NULL AS BIGINT)"},
    "an office with quotes": {"dim_office.office_name": "SELECT 'l''hospitalet \\ \"Nord\"' UNION SELECT 'Madrid'"},
    "members who are retained": {"fact_team_deployment.retention": "SELECT 'Retained'"},
}
"""Filter contexts: what is chosen of which columns, as SQL that finds it."""


@pytest.fixture(scope="session")
def dax_of(duckdb_of: Callable[[Company], Warehouse]) -> Callable[[Company], Dax]:
    """Give the model with the published tables of a company."""
    made: dict[Company, Dax] = {}

    def of(company: Company) -> Dax:
        if company not in made:
            made[company] = Dax(duckdb_of(company), REPORT, CONTRACTS)
        return made[company]

    return of


def chosen(warehouse: Warehouse, name: str) -> Context:
    """Find the values of a filter context."""
    return {column: warehouse.read(sql).column(0).to_pylist() for column, sql in CONTEXTS[name].items()}


def expected(warehouse: Warehouse, context: Context) -> dict[str, Any]:
    """Say in SQL what every measure is."""
    found = told_in_sql(warehouse, [name for name in REPORT.measures if REPORT.has_sql(name)], context)
    found["Member Rank"] = member_rank(warehouse, context)
    found["Rows Imported"] = sum(
        warehouse.read(f"SELECT COUNT(*) FROM {name}").column(0)[0].as_py() for name in CONTRACTS if name != "etl_runs"
    )
    return found


def told_in_sql(warehouse: Warehouse, names: Sequence[str], context: Context) -> dict[str, Any]:
    """Ask for measures in the SQL of the report."""
    (row,) = warehouse.read(SQL.query(names, None, context)).to_pylist()
    return {name: row[f"v{number}"] for number, name in enumerate(names)}


def member_rank(warehouse: Warehouse, context: Context) -> int | None:
    """Say which place the one member of the context has among all."""
    members = context.get("dim_team_member.team_member_id", ())
    if len(members) != 1:
        return None
    others = {c: v for c, v in context.items() if c.partition(".")[0] not in ("dim_team_member", "dim_office")}
    rows = warehouse.read(SQL.query(["Member Revenue"], "dim_team_member.team_member_id", others)).to_pylist()
    revenue = {row["label"]: row["v0"] for row in rows}
    own = revenue.get(members[0])
    return None if own is None else 1 + sum(other > own for other in revenue.values() if other is not None)


def differences(found: Mapping[str, Any], sql: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Name the measures of which DAX and SQL say different things."""
    return {n: (found[n], sql[n]) for n in sql if differs(REPORT.measures[n].format, found[n], sql[n])}


@pytest.mark.parametrize(
    ("company", "context"),
    [(COMPANIES[0], name) for name in CONTEXTS]
    + [
        (COMPANIES[1], name)
        for name in ("everything", "a month", "an edition", "two regions in two years", "an office with quotes")
    ],
    ids=str,
)
def test_every_measure_is_what_sql_says(
    duckdb_of: Callable[[Company], Warehouse], dax_of: Callable[[Company], Dax], company: Company, context: str
) -> None:
    """In every filter context: sums to the cent, counts exactly, BLANK where SQL has NULL.

    What no page chooses leaves measures in Power BI that do not answer to it alone: of these is not asked.
    """
    values = chosen(duckdb_of(company), context)
    sql = expected(duckdb_of(company), values)
    assert set(sql) == set(REPORT.measures)
    of_facts = {column.partition(".")[0] for column in values if column.startswith("fact_")}
    sql = {n: v for n, v in sql.items() if all(answers(REPORT, CONTRACTS, n, fact) for fact in of_facts)}
    assert differences(dax_of(company).values(sql, values), sql) == {}


KEPT = model.kept(REPORT, CONTRACTS)
CHOSEN_BY = [
    f"{contract.name}.{column.name}"
    for contract in CONTRACTS.values()
    if contract.is_dimension
    for column in contract.built
    if column in KEPT.of(contract)
]
SPELLINGS = [str, str.upper, str.lower, str.swapcase, lambda text: f" {text}  "]


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_dozen_measures_are_what_sql_says_whatever_is_chosen(
    duckdb_of: Callable[[Company], Warehouse], dax_of: Callable[[Company], Dax], data: st.DataObject
) -> None:
    """Up to three members of up to three columns of dimensions, NULL among them, however they are spelled."""
    company = data.draw(st.sampled_from(COMPANIES))
    context: dict[str, list[object]] = {}
    for column in data.draw(st.lists(st.sampled_from(CHOSEN_BY), min_size=1, max_size=3, unique=True)):
        table, _, name = column.partition(".")
        every = duckdb_of(company).read(f"SELECT DISTINCT {name} FROM {table} ORDER BY 1").column(0).to_pylist()
        members = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=3, unique=True))
        spell = data.draw(st.sampled_from(SPELLINGS))
        context[column] = [spell(value) if isinstance(value, str) else value for value in members]
    measures = [name for name in REPORT.measures if REPORT.has_sql(name)]
    names = data.draw(st.lists(st.sampled_from(measures), min_size=12, max_size=12, unique=True))
    sql = told_in_sql(duckdb_of(company), names, context)
    assert differences(dax_of(company).values(names, context), sql) == {}


@pytest.mark.parametrize("visual", VISUALS)
def test_every_visual_shows_what_dax_says(
    duckdb_of: Callable[[Company], Warehouse], dax_of: Callable[[Company], Dax], visual: Visual
) -> None:
    """The dashboard without Power BI has the numbers of the one with it: member by member, a dozen of them."""
    company = COMPANIES[0]
    rows = asked_rows(visual, SQL, duckdb_of(company).read)
    assert rows
    for label, *values in rows[:: len(rows) // 12 + 1]:
        context = {visual.by: [label]} if visual.by else {}
        found = dax_of(company).values(visual.measures, context)
        assert differences(found, dict(zip(visual.measures, values, strict=True))) == {}, label


@pytest.mark.parametrize("visual", VISUALS)
def test_every_warehouse_answers_a_visual_alike(
    duckdb_of: Callable[[Company], Warehouse], bigquery_of: Callable[[Company], Warehouse], visual: Visual
) -> None:
    """The queries are written in the SQL that BigQuery and DuckDB share."""
    rows = {kind: asked_rows(visual, SQL, of(COMPANIES[0]).read) for kind, of in (("d", duckdb_of), ("b", bigquery_of))}
    assert len(rows["d"]) == len(rows["b"])
    formats = [REPORT.measures[name].format for name in visual.measures]
    for one, other in zip(rows["d"], rows["b"], strict=True):
        assert one[0] == other[0] or visual.by == "etl_runs.run_id"  # each load is a run of its own
        if "published" not in visual.alt and "instant" not in visual.alt:
            assert not any(map(differs, formats, map(cell, one[1:]), other[1:])), (one, other)


def test_members_are_filtered_as_the_engine_does_it(
    duckdb_of: Callable[[Company], Warehouse], dax_of: Callable[[Company], Dax]
) -> None:
    """The short way to the members that equal a variable is the engine's own: of days, texts, and nothing."""
    seen = set()

    def both(evaluating: Any, arguments: str, context: Any) -> Any:
        found = filtered(evaluating, arguments, context)
        if " == " in arguments:
            assert found == evaluating._fn_filter(arguments, context)
            seen.add(type(found[0]["__value__"]) if found else None)
        return found

    values = chosen(duckdb_of(COMPANIES[0]), "an edition")
    with mock.patch("tests.truth.dax.filtered", both):
        dax_of(COMPANIES[0]).values([name for name in REPORT.measures if REPORT.has_sql(name)], values)
    assert seen == {dt.datetime, str, None}


def test_a_table_of_another_night_is_told(duckdb_of: Callable[[Company], Warehouse]) -> None:
    """Power BI reads the tables one by one: where a publish comes in between, the measure of trust says so."""
    dax = Dax(duckdb_of(COMPANIES[0]), REPORT, CONTRACTS)
    trust = ["All Tables of One Night"]
    assert dax.values(trust, {}) == {"All Tables of One Night": True}
    last = dax.tables["Sales"]["rows"].pop()
    assert dax.values(trust, {}) == {"All Tables of One Night": False}
    dax.tables["Sales"]["rows"].append(last)
    runs = dax.tables["ETL Runs"]
    runs["rows"][0][runs["columns"].index("As of")] -= dt.timedelta(days=1)
    assert Dax.values(dax, trust, {}) == {"All Tables of One Night": False}


def test_no_variable_is_named_like_a_function() -> None:
    """Power BI refuses such a measure, and this engine does not."""
    catalogue = pytest.importorskip("pbix_mcp.dax.function_catalog")
    functions = {name for name, _ in catalogue.FUNCTION_CATALOG}
    assert {"LASTDATE", "PRODUCT", "RANK"} <= functions
    used = {
        name
        for measure in REPORT.measures.values()
        for name in re.findall(r"\bVAR (\w+)", in_dax.dax_of(measure, REPORT, CONTRACTS))
    }
    assert len(used) > 5
    assert [name for name in used if name.upper() in functions] == []


@pytest.mark.parametrize(
    ("measure", "right", "wrong"),
    [
        ("Net Revenue", "Net Revenue", "Gross Revenue"),
        ("New Clients", '"New"', '"None"'),
        ("Active Clients", "KEEPFILTERS('Sales'[Client Key] <> 0)", "KEEPFILTERS('Sales'[Client Key] >= 0)"),
        ("Net Revenue LY", "[One Year Later]", "[Date]"),
        ("Pace", "Comparable Net Revenue to Date", "Net Revenue to Date"),
        (
            "Returned Revenue by Day of Return",
            "USERELATIONSHIP('Sales'[Return Date], 'Date'[Date])",
            "ALL('Sales'[Origin])",
        ),
    ],
)
def test_a_measure_that_is_slightly_wrong_is_noticed(
    duckdb_of: Callable[[Company], Warehouse], measure: str, right: str, wrong: str
) -> None:
    """The comparison can fail."""
    dax = Dax(duckdb_of(COMPANIES[0]), REPORT, CONTRACTS)
    assert right in dax.measures[measure]
    dax.measures[measure] = dax.measures[measure].replace(right, wrong)
    values = chosen(duckdb_of(COMPANIES[0]), "a year")
    (row,) = duckdb_of(COMPANIES[0]).read(SQL.query([measure], None, values)).to_pylist()
    assert differences(dax.values([measure], values), {measure: row["v0"]})
