"""The semantic model: what it is made of, and which faults are caught before anybody opens it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pytest

from config import Settings
from config.paths import ROOT
from etl.company.report import read_report
from etl.contract.types import TIME
from etl.core.errors import ContractError
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.core.receipt import ColumnReceipt, TableReceipt
from etl.core.runs import Store
from etl.dashboard.rehearse import rehearse
from etl.load.etl_runs import published_contracts
from etl.report.names import friendly
from powerbi import model
from powerbi.check import faults_of
from powerbi.folder import check_folder, left_over, stale_files, write
from powerbi.project import project_files
from powerbi.report import name_of
from powerbi.tmdl import Node, TmdlError, read, written
from powerbi.years import newest_year, windows

REPORT = read_report(ROOT / "powerbi")
CONTRACTS = published_contracts(ROOT / "tables")
KEPT = model.kept(REPORT, CONTRACTS)
FILES = project_files(REPORT, CONTRACTS)
MODEL = f"{name_of(REPORT)}.SemanticModel/definition"


NOT_THERE = {
    "etl_runs.receipt",
    "dim_date.date_key",
    "dim_client.email",
    "dim_team_member.email",
    "fact_sales.contract_date_key",
    "fact_sales.return_date_key",
    "fact_client_deployment.first_contract_date_key",
    "fact_deployment_day.date_key",
    "fact_usage_movements.movement_date_key",
}
"""Columns that the sample's model does without."""


def objects(path: str) -> list[Node]:
    """Read a file of the model."""
    return read(FILES[f"{MODEL}/{path}.tmdl"])


def column(table: str, name: str) -> Node:
    """Find a column."""
    (node,) = objects(f"tables/{table}")
    return next(child for child in node.of("column") if child.name == name)


def test_the_project_is_not_stale() -> None:
    """What is committed is what the contracts, measures and pages say: `python -m powerbi` renews it."""
    assert stale_files(ROOT / "powerbi" / name_of(REPORT), FILES) == []


def test_the_same_input_gives_the_same_bytes() -> None:
    """Else each run would be a difference to review."""
    assert project_files(read_report(ROOT / "powerbi"), published_contracts(ROOT / "tables")) == FILES


def test_a_stale_file_is_named(tmp_path: Path) -> None:
    """One that is lacking, one that is changed, a table too many; what Desktop or a person keeps there is none."""
    ours = [
        "X.Report/StaticResources/RegisteredResources/OldSober.json",
        "X.Report/definition/bookmarks/reset-p.bookmark.json",
        "X.Report/definition/pages/p/visuals/v/mobile.json",
        "X.SemanticModel/definition/tables/T.tmdl",
    ]
    others = [
        "X.Report/.pbi/localSettings.json",
        "X.SemanticModel/DAXQueries/q.dax",
        "X.Report/definition/bookmarks/b.bookmark.json",
        "X.Report/StaticResources/RegisteredResources/logo.png",
    ]
    for path, text in {"a": "1", "b": "2", **dict.fromkeys([*ours, *others], "4")}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert stale_files(tmp_path, {"a": "1", "b": "two", "c": "3"}) == [*ours, "b", "c"]


def test_a_project_that_was_never_written_is_one_sentence(tmp_path: Path) -> None:
    """And not a list of all of its files; of many stale ones ten are named."""
    with pytest.raises(ContractError, match=r"CloudServices was never written\.$") as never:
        check_folder(tmp_path / "CloudServices", FILES)
    assert never.value.hint == "Run python -m powerbi."
    write(tmp_path / "CloudServices", FILES, list(FILES))
    check_folder(tmp_path / "CloudServices", FILES)
    many = {path: f"{text} " for path, text in FILES.items()}
    with pytest.raises(ContractError, match=rf"is stale: [^,]*(, [^,]*){{9}} and {len(FILES) - 10} more\.$"):
        check_folder(tmp_path / "CloudServices", many)


def test_a_project_of_an_older_title_is_named(tmp_path: Path) -> None:
    """Beside the new one, before it is written and afterwards; a project that a person made is left alone."""
    old, new = tmp_path / "CloudServices", tmp_path / "Cloud"
    write(old, FILES, list(FILES))
    own = tmp_path / "Own" / "Own.SemanticModel" / ".platform"
    own.parent.mkdir(parents=True)
    for text in ("{}", "[]", "no JSON", '{"config": {"logicalId": "1"}}'):
        own.write_text(text)
        assert left_over(new) == [old]
    renamed = project_files(replace(REPORT, title="Cloud"), CONTRACTS)
    with pytest.raises(
        ContractError, match=r"Cloud was never written\. The report had another title: \S*/CloudServices"
    ):
        check_folder(new, renamed)
    write(new, renamed, list(renamed))
    with pytest.raises(ContractError, match=r"/CloudServices was written for it, and is left over\.") as left:
        check_folder(new, renamed)
    assert left.value.hint.startswith("Delete")
    shutil.rmtree(old)
    check_folder(new, renamed)


@pytest.mark.parametrize("title", ["", "–", "pages", "measures"])
def test_a_title_that_is_no_name_of_a_project_is_refused(title: str) -> None:
    """Else the report itself would be taken for what an older run has written."""
    with pytest.raises(ContractError, match="cannot be named"):
        name_of(replace(REPORT, title=title))


def test_what_is_one_too_many_goes_with_its_folder(tmp_path: Path) -> None:
    """Power BI would take an empty folder for a visual."""
    page = "X.Report/definition/pages/a"
    old = {f"{page}/visuals/x/visual.json": "1", f"{page}/page.json": "2"}
    write(tmp_path, old, list(old))
    new = {f"{page}/page.json": "3"}
    write(tmp_path, new, stale_files(tmp_path, new))
    assert [path.name for path in (tmp_path / page).iterdir()] == ["page.json"]
    assert (tmp_path / page / "page.json").read_text() == "3"


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_table_has_its_columns_with_descriptions(name: str) -> None:
    """The contract's words are the analysts' tooltips; nobody sees a key, and nothing is added up by itself.

    Keys that nothing is related by, and personal data that no page shows, are not there at all.
    """
    (table,) = objects(f"tables/{friendly(name)}")
    assert table.description == CONTRACTS[name].description
    columns = {c.name: c for c in table.of("column")}
    wanted = [c for c in CONTRACTS[name].declared if f"{name}.{c.name}" not in NOT_THERE]
    assert {friendly(c.name) for c in wanted} == {n for n, c in columns.items() if not c.expression}
    for declared in wanted:
        node = columns[friendly(declared.name)]
        assert node.description.startswith(declared.description)
        is_hidden = "isHidden" in node.properties
        assert is_hidden or declared.role not in ("surrogate key", "reference")
        assert not is_hidden or declared.role not in ("natural key",) or name.startswith("fact_")
        assert node.properties["summarizeBy"] == "none"


def test_the_calendar_is_the_date_table() -> None:
    """Marked, its date the key, its months in order; the unknown member, which has no day, stays out."""
    (calendar,) = objects("tables/Date")
    assert calendar.properties["dataCategory"] == "Time"
    assert column("Date", "Date").properties["isKey"] is True
    assert column("Date", "Month Name").properties["sortByColumn"] == "Month"
    (partition,) = calendar.of("partition")
    assert "each [date] <> null" in str(partition.properties["source"])
    assert ("annotation", "__PBI_TimeIntelligenceEnabled", "0") in [
        (n.kind, n.name, n.expression) for n in objects("model")
    ]


def test_hierarchies_lead_from_the_coarse_to_the_fine() -> None:
    """Calendar; product → deployment; region → office → member."""
    found = {
        hierarchy.name: [level.name for level in hierarchy.of("level")]
        for path in FILES
        if "/tables/" in path
        for hierarchy in read(FILES[path])[0].of("hierarchy")
    }
    assert found == {
        "Calendar": ["Year", "Quarter", "Month Name", "Date"],
        "Product and Deployment": ["Product Name", "Deployment Name"],
        "Region, Office and Member": ["Region", "Office Name", "Member Name"],
    }


def test_one_path_is_active_and_the_others_are_reachable() -> None:
    """Sales relate to the calendar by the contract's day; a measure can choose the day of return."""
    relations = [node.properties for node in objects("relationships")]
    to_date = {r["fromColumn"]: r.get("isActive") for r in relations if r["toColumn"] == "Date.Date"}
    assert to_date["Sales.'Contract Date'"] is None
    assert to_date["Sales.'Return Date'"] == "false"
    dax = {node.name: str(node.expression) for node in objects("tables/Key Measures")[0].of("measure")}
    assert "USERELATIONSHIP('Sales'[Return Date], 'Date'[Date])" in dax["Returned Revenue by Day of Return"]


def test_a_person_sets_three_parameters() -> None:
    """Power BI itself sets two more, where a table has a refresh policy."""
    assert [node.name for node in objects("expressions")] == ["Project", "Dataset", "Billing Project"]
    ranged = read(project_files(REPORT, CONTRACTS, {"fact_sales": 20})[f"{MODEL}/expressions.tmdl"])
    assert [node.name for node in ranged[3:]] == ["RangeStart", "RangeEnd"]
    assert all("IsParameterQueryRequired=true" in str(node.expression) for node in ranged)


@pytest.mark.parametrize(("newest", "years"), [(2026, (2025, 2027)), (None, (1900, 2100))])
def test_desktop_imports_the_last_year(newest: int | None, years: tuple[int, int]) -> None:
    """What was published last and the year before; the service itself says what each partition is of."""
    files = project_files(REPORT, CONTRACTS, {"fact_sales": 20}, newest)
    start, end = read(files[f"{MODEL}/expressions.tmdl"])[3:]
    for node, year in zip((start, end), years, strict=True):
        assert str(node.expression).startswith(f"#datetime({year}, 1, 1, 0, 0, 0) meta ")


@pytest.mark.parametrize("name", list(CONTRACTS))
def test_a_table_whose_rows_may_change_is_read_whole(name: str) -> None:
    """Contracts come back late, and deployments leave the published window: a year that is kept would be wrong."""
    (table,) = objects(f"tables/{friendly(name)}")
    (partition,) = table.of("partition")
    assert not list(table.of("refreshPolicy"))
    assert "RangeStart" not in str(partition.properties["source"])


@pytest.mark.parametrize(("settled", "read_again"), [(0, "1"), (2, "3"), (30, "20")])
def test_years_are_kept_where_the_contract_says_that_their_rows_are_settled(settled: int, read_again: str) -> None:
    """Power BI puts its range into the partition's query and into the policy's; the year under way counts as one."""
    table = model.table(replace(CONTRACTS["fact_sales"], settled_after=settled), CONTRACTS, KEPT, years=20)
    (policy,), (partition,) = table.of("refreshPolicy"), table.of("partition")
    assert policy.properties["incrementalPeriods"] == read_again
    assert policy.properties["rollingWindowPeriods"] == "20"
    for source in (policy.properties["sourceExpression"], partition.properties["source"]):
        assert "[contract_date] >= Date.From(RangeStart) and [contract_date] < Date.From(RangeEnd)" in str(source)


@pytest.mark.parametrize(
    ("first", "last", "years"),
    [
        ("2024-01-01", "2026-11-01", 10),
        ("1995-03-01", "2026-11-01", 40),  # since before 2000, and longer ago than twenty years
        ("1900-01-01", "2026-11-01", 140),
        ("1899-12-31", "2026-11-01", None),
        ("2024-01-01", "2027-01-01", None),  # a policy ends with the year under way
        (None, None, None),
    ],
)
def test_a_policy_keeps_every_year_that_is_published(
    tmp_path: Path, first: str | None, last: str | None, years: int | None
) -> None:
    """By the receipt of what was published last, with years to spare; where it does not tell, there is none."""
    settings = Settings(warehouse="duckdb", data_dir=tmp_path, local_dir=tmp_path, business_time_zone="UTC")
    contracts = CONTRACTS | {"fact_sales": replace(CONTRACTS["fact_sales"], settled_after=2)}
    assert windows(settings, contracts) == {}
    assert newest_year(settings) is None
    receipt = TableReceipt(rows=9, columns={"contract_date": ColumnReceipt(nulls=0, min=first, max=last)})
    at = datetime(2026, 11, 29, tzinfo=UTC)
    star = StarTable(run="20261129T000000Z", raw_run="", as_of=at, files=(), receipt=receipt, seconds=0)
    table = LoadedTable(star=star, bytes=0)
    runs = Store.of(settings).loaded
    with runs.working("20261129T000000Z") as folder:
        told = {"run": "20261129T000000Z", "stage": "loaded", "made_from": None, "origin": {}, "as_of": at}
        manifest = LoadedManifest(**told, tables={"fact_sales": table}, seconds=0, peak_memory_mb=0)
        runs.commit(folder, manifest, keep=1)
    assert windows(settings, contracts) == ({"fact_sales": years} if years else {})
    assert windows(settings, CONTRACTS) == {}
    assert newest_year(settings) == 2026


@pytest.mark.parametrize(
    ("scale", "kind"), [(0, "decimal"), (2, "decimal"), (4, "decimal"), (5, "double"), (9, "double")]
)
def test_no_decimal_is_rounded_to_four_places(scale: int, kind: str) -> None:
    """Power BI's exact decimals have four; a column with more is a floating-point number, and says so."""
    sales = CONTRACTS["fact_sales"]
    columns = tuple(replace(c, type=pa.decimal128(18, scale)) if c.name == "unit_price" else c for c in sales.columns)
    found = model.table(
        replaced := replace(sales, columns=columns), CONTRACTS, model.kept(REPORT, CONTRACTS | {"fact_sales": replaced})
    )
    node = next(child for child in found.of("column") if child.name == "Unit Price")
    assert node.properties["dataType"] == kind
    assert ("floating-point" in node.description) == (kind == "double")


def test_there_are_thirty_measures_each_with_a_folder_a_format_and_a_meaning() -> None:
    """What an analyst sees of a measure is said in one sentence."""
    assert len(REPORT.measures) >= 30
    (table,) = objects("tables/Key Measures")
    for node in table.of("measure"):
        assert node.description.endswith(".")
        if node.name in REPORT.measures:  # and not one that only words a title or a change
            assert node.properties["displayFolder"] == REPORT.measures[node.name].folder
    assert {"Data as of", "All Tables of One Night"} <= set(REPORT.measures)


def test_instants_come_without_their_zone() -> None:
    """Power BI would show a TIMESTAMP in the zone of whoever looks; a driver that gives none changes nothing."""
    (table,) = objects("tables/Usage Movements")
    (partition,) = table.of("partition")
    in_utc = "each if _ is datetimezone then DateTimeZone.RemoveZone(DateTimeZone.ToUtc(_)) else _"
    assert f'{{"moved_at", {in_utc}, type datetime}}' in str(partition.properties["source"])


def test_every_query_names_its_driver_and_no_error_becomes_a_blank() -> None:
    """Else the tenant's or the workspace's setting chooses, and a type that does not fit is not noticed."""
    sources = [text for text in FILES.values() if "GoogleBigQuery.Database" in text]
    assert len(sources) == len(CONTRACTS)
    for text in sources:
        assert text.count("GoogleBigQuery.Database") == text.count('Implementation = "2.0"')
    assert "returnErrorValuesAsNull" not in "".join(FILES.values())


def test_what_is_written_is_read_again() -> None:
    """TMDL of any file: the checks see what Power BI will."""
    for path, text in FILES.items():
        if path.endswith(".tmdl"):
            assert written(read(text)) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("table T\n\t\t\tcolumn C\n", "line 2"),
        ("table T\n    column C\n", "line 2"),
        ("table T\n\tcolumn C\n\t\tdataType int64 : 7\n", "line 3"),
    ],
)
def test_bad_indentation_is_named(text: str, told: str) -> None:
    """Tabs, one more than the parent has."""
    with pytest.raises(TmdlError, match=told):
        read(text)


def spoiled(path: str, right: str, wrong: str) -> dict[str, str]:
    """Change a file of the model by hand."""
    name = f"{MODEL}/{path}.tmdl"
    assert right in FILES[name]
    return FILES | {name: FILES[name].replace(right, wrong, 1)}


def test_a_measure_of_a_column_that_was_renamed_is_refused() -> None:
    """Its measures are not told, so that nothing is written."""
    sales = CONTRACTS["fact_sales"]
    columns = tuple(replace(c, name="net_income") if c.name == "net_revenue" else c for c in sales.columns)
    with pytest.raises(ContractError, match=r"\[Net Revenue\] cannot be made: There is no column net_revenue"):
        project_files(REPORT, CONTRACTS | {"fact_sales": replace(sales, columns=columns)})


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda: spoiled("relationships", "fromColumn: Sales.'Client Key'", "fromColumn: Sales.'Customer Key'"),
         "fromColumn Sales.'Customer Key' is not there"),
        (lambda: spoiled("tables/Client", "dataType: int64", "dataType: string"),
         "is int64, and Client.'Client Key' string"),
        (lambda: spoiled("relationships", "\tisActive: false\n", ""), "two active paths from Sales to Date"),
        (lambda: spoiled("tables/Key Measures", "\tmeasure 'Net Revenue'", "\t\t\tmeasure 'Net Revenue'"),
         "is indented by 3 tabs"),
        (lambda: spoiled("tables/Date", "sortByColumn: Month", "sortByColumn: Months"), "sorted by Months"),
        (lambda: spoiled("tables/Date", "column: Quarter", "column: Term"), "the level Quarter is not a column"),
        (lambda: spoiled("tables/Key Measures", "[Gross Revenue])", "[Gros Revenue])"), "there is no"),
        (lambda: spoiled("tables/Key Measures", "SUM('Sales'[", "SUMM('Sales'["), "no function SUMM. Did you mean SUM"),
        (lambda: spoiled("tables/Key Measures", "COUNTROWS('Sales')", "COUNTROWS('Sale')"), "there is no table Sale"),
        (lambda: spoiled("tables/Key Measures", "COUNTROWS('Sales')", "COUNTROWS('Sales'"), "its brackets do not"),
        (lambda: spoiled("tables/Key Measures", "VAR lastSale", "VAR sales"),
         "the variable sales is named like a table"),
        (lambda: spoiled("tables/Office", '"region", ', ""), "the query does not select region"),
        (lambda: spoiled("model", "ref table Office\n", ""), "does not refer to the table Office"),
        (lambda: spoiled("tables/Office", "table Office", "table Measures"), "a table cannot be named Measures"),
        (lambda: spoiled("tables/Office", "column Region", "column 'office name'"), "are named office name"),
        (lambda: spoiled("tables/Date", "hierarchy Calendar", "hierarchy Year"), "are named Year"),
        (lambda: spoiled("expressions", "expression Project", "expression Office"), "parameters are named Office"),
    ],
)  # fmt: skip
def test_a_fault_in_the_model_is_named(fault: Callable[[], dict[str, str]], told: str) -> None:
    """Every name that relationships, measures, hierarchies and queries use is there, and of a fitting type."""
    found = faults_of(fault())
    assert any(told in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("Net Revenue", {"sql": "SUM(net_revenu)"}, r"measure \[Net Revenue\]: Binder Error"),
        ("Net Revenue", {"of": "fact_sale"}, r"The measure \[Net Revenue\] is of fact_sale, which is no table or view"),
        ("Net Revenue", {"format": "€ #,0.00"}, r"measure \[Net Revenue\]"),
        ("Net Revenue", {"of": "fact_team_deployment"}, "page Income, visual “"),
    ],
)
def test_sql_that_cannot_be_asked_is_told_before_anything_is_written(
    name: str, changes: dict[str, str], told: str
) -> None:
    """Both ways of showing the report refuse the same faults."""
    faulty = REPORT.measures | {name: REPORT.measures[name].model_copy(update=changes)}
    with pytest.raises(ContractError, match=told):
        rehearse(replace(REPORT, measures=faulty), CONTRACTS)


def test_a_slicer_that_nothing_answers_to_is_refused() -> None:
    """It would be on the page, and choosing in it would empty every visual."""
    page = REPORT.pages[0].model_copy(update={"slicers": ("dim_date.year", "fact_usage_movements.movement")})
    with pytest.raises(ContractError, match=r"no visual answers to the slicer fact_usage_movements\.movement"):
        rehearse(replace(REPORT, pages=(page,)), CONTRACTS)


STRANGERS = """
// what sold, Total of it: /* no table */
VAR Total = CALCULATE ( AVERAGE(Sales[Net Revenue]), DATEADD('Date'[Date], -1, YEAR) )
VAR _Last = MaxX ( TOPN(1, Sales, [Net Revenue], DESC), [Net Revenue] )
RETURN
    SWITCH(TRUE(), Total > 0 && NOT ISBLANK(_Last), "VAR of Other (Table", Total IN {1}, COUNTBLANK(Sales[Net Revenue]))
"""


def test_dax_as_others_write_it_is_no_fault() -> None:
    """Any function, in any case; variables, words and comments are not taken for tables."""
    found = REPORT.measures["Net Revenue"].model_copy(update={"dax": STRANGERS, "sql": None, "of": None, "sum": None})
    report = replace(REPORT, measures=REPORT.measures | {"Net Revenue": found})
    assert faults_of(project_files(report, CONTRACTS)) == []


def test_the_model_has_no_fault() -> None:
    """The check itself finds nothing to complain of."""
    assert faults_of(FILES) == []


def test_a_measure_without_a_name_that_is_known_is_refused_at_once(tmp_path: Path) -> None:
    """The catalogue's faults are sentences that name the file."""
    for part in ("measures", "views", "pages"):
        (tmp_path / part).mkdir()
    (tmp_path / "report.toml").write_text('title = "T"\n')
    (tmp_path / "measures/a.toml").write_text(
        'folder = "A"\n[[measure]]\nname = "X"\nmeaning = "."\nformat = "0"\ndax = "1"\n'
    )
    (tmp_path / "pages/p.toml").write_text(
        'name = "P"\ntitle = "T."\n[[visual]]\nkind = "card"\ntitle = "T"\nalt = "A"\nmeasures = ["Y"]\n'
    )
    with pytest.raises(ContractError, match=r"there is no measure \[Y\]"):
        read_report(tmp_path)


def test_a_time_of_day_is_one_without_a_date() -> None:
    """The model has one type for both; an annotation and the format tell them apart."""
    moves = CONTRACTS["fact_usage_movements"]
    columns = tuple(replace(c, type=TIME.arrow) if c.name == "moved_at" else c for c in moves.columns)
    found = model.table(
        replaced := replace(moves, columns=columns),
        CONTRACTS,
        model.kept(REPORT, CONTRACTS | {"fact_usage_movements": replaced}),
    )
    node = next(child for child in found.of("column") if child.name == "Moved At")
    assert (node.properties["dataType"], node.properties["formatString"]) == ("dateTime", "hh:mm:ss")
    assert [(child.kind, child.name, child.expression) for child in node.children] == [
        ("annotation", "UnderlyingDateTimeDataType", "Time")
    ]


def test_the_model_view_is_a_star(project: dict[str, str]) -> None:
    """Each table once, by its tag, none upon another; facts in one row, their dimensions above and below."""
    (drawn,) = json.loads(project[f"{MODEL.removesuffix('/definition')}/diagramLayout.json"])["diagrams"]
    tags = {read(project[path])[0].name: path for path in project if "/tables/" in path}
    boxes = {node["nodeIndex"]: (node["location"], node["size"]) for node in drawn["nodes"]}
    assert sorted(boxes) == sorted(tags)
    for node in drawn["nodes"]:
        assert node["nodeLineageTag"] == read(project[tags[node["nodeIndex"]]])[0].properties["lineageTag"]
    for (one, its), (other, size) in combinations(boxes.values(), 2):
        beside = one["x"] + its["width"] <= other["x"] or other["x"] + size["width"] <= one["x"]
        below = one["y"] + its["height"] <= other["y"] or other["y"] + size["height"] <= one["y"]
        assert beside or below
    facts = {boxes[friendly(n)][0]["y"] for n, c in CONTRACTS.items() if not c.is_dimension and c.relationships}
    dimensions = {boxes[friendly(n)][0]["y"] for n, c in CONTRACTS.items() if c.is_dimension}
    assert len(facts) == 1
    assert min(dimensions) < min(facts) < max(dimensions)
