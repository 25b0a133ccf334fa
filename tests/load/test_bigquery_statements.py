"""Every statement that BigQuery is sent, analyzed by Google's own analyzer; receipts, evaluated by its evaluator."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal as Exact
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config import load as load_settings
from config.paths import SAMPLE_SETTINGS
from etl.company.report import read_report
from etl.contract.table import Contract
from etl.core.receipt import TableReceipt
from etl.dashboard.answers import asked_rows
from etl.load.bigquery import sql
from etl.load.etl_runs import ETL_RUNS, published_contracts
from etl.load.head import ETL_HEAD
from etl.load.open import open_warehouse
from etl.load.warehouse import Handover
from etl.receipts.arrow import has_sum, receipt_of
from etl.receipts.bigquery import BIGQUERY
from etl.receipts.memory import row_hash
from etl.receipts.sql import figures, receipt_from, select_receipt
from etl.report.sql import Composer
from tests.load.contracts import FLIGHT, STAR, Rows
from tests.load.googlesql import GoogleSql, compiled_in, rows_as_sql
from tests.load.nasty import NASTY, TEXTS, nasty_night, nasty_report, second_report
from tests.load.nights import AS_OF, NEXT_RUN, PROJECT, RUN, bigquery_settings, load, night
from tests.load.proxy import Listening, running_proxy


@pytest.fixture(scope="module", autouse=True)
def _compiled(pytestconfig: pytest.Config) -> Iterator[None]:
    assert pytestconfig.cache is not None
    with compiled_in(pytestconfig.cache.mkdir("googlesql")):
        yield


@pytest.fixture(scope="module")
def google() -> GoogleSql:
    """Give the evaluator, without a table."""
    return GoogleSql({})


def declared(dataset: str, contracts: list[Contract], run: str) -> dict[str, pa.Schema]:
    """Declare every table of a star, published and staged."""
    every = [*contracts, ETL_RUNS, ETL_HEAD]
    tables = {name: c.schema for c in every for name in (c.name, f"{PROJECT}.{dataset}.{c.name}")}
    staged = {f"{PROJECT}.{dataset}_staging.{c.name}__{run}": c.schema for c in contracts}
    return tables | staged | {"probe": pa.schema({"x": pa.int64()})}


def test_every_statement_of_two_nights_is_googles_sql(running: str, tmp_path: Path) -> None:
    """What the loader sends, for a company with every type and for one with nasty names, types and texts."""
    chosen = bigquery_settings(running, tmp_path)
    with running_proxy(running, Listening) as proxy:
        with open_warehouse(chosen.model_copy(update={"bigquery_endpoint": proxy.url})) as warehouse:
            for run, count in ((RUN, 3), (NEXT_RUN, 2)):
                handovers = [*night(tmp_path, count, STAR), *nasty_night(tmp_path, count)]
                warehouse.check(run, handovers)
                load(warehouse, run, handovers)
                for handover in handovers:
                    found = warehouse.published_receipt(handover.contract, handover.receipt)
                    assert found == handover.receipt
            assert len(warehouse.published()) == len(handovers)
            there = warehouse.read("SELECT `order` FROM dim_select ORDER BY select_key").to_pylist()
            assert [row["order"] for row in there] == TEXTS
        contracts = [*STAR, *NASTY]
        google = GoogleSql(declared(str(chosen.bigquery_dataset), contracts, handovers[0].star_run))
        assert sum(google.analyze(statement) for statement in proxy.statements) > len(proxy.statements)
    sent = "\n".join(proxy.statements)
    for word in (
        sql.PROBE,
        "CREATE TABLE IF NOT EXISTS",
        "UPDATE",
        "TRUNCATE",
        "INSERT",
        "COMMIT",
        "BIGNUMERIC",
        "FROM (",
    ):
        assert word in sent
    assert "EXCEPTION" not in sent


def test_the_columns_that_a_script_reads_are_known() -> None:
    """Of what it fills or empties none; of what it counts none; of subqueries and conditions their own."""
    analyzer = GoogleSql({"old": FLIGHT.schema, "fresh": FLIGHT.schema})
    first, second, *_ = FLIGHT.schema.names
    read = analyzer.columns_read(
        "DECLARE found STRING; TRUNCATE TABLE old;"
        f" INSERT INTO old ({first}, {second}) SELECT {first}, {second} FROM fresh;"
        f" SET found = (SELECT CAST(MAX({first}) AS STRING) FROM old);"
        " SELECT COUNT(*) FROM fresh;"
    )
    assert read == [{}, {"fresh": {first, second}}, {"old": {first}}, {"fresh": set()}]


@pytest.mark.parametrize("company", ["sample", "second"])
def test_every_statement_of_the_dashboard_is_googles_sql(company: str, tmp_path: Path) -> None:
    """Each measure by itself, each visual of each page, and the names of its members."""
    if company == "sample":
        chosen = load_settings(SAMPLE_SETTINGS)
        report, contracts = read_report(chosen.report_folder), published_contracts(chosen.tables_dir)
    else:
        report, contracts = second_report(tmp_path), {c.name: c for c in [*STAR, ETL_RUNS]}
    composer, asked = Composer(report, contracts), []

    def read(statement: str) -> pa.Table:
        asked.append(statement)
        return pa.table({})

    for each in report.measures.values():
        if each.sql:
            read(composer.query([each.name]))
    for visual in (visual for page in report.pages for visual in page.visual):
        asked_rows(visual, composer, read)
        if visual.by and visual.names:
            read(composer.names(visual.by, visual.names, [1]))
    google = GoogleSql({name: contract.schema for name, contract in contracts.items()})
    assert sum(map(google.analyze, asked)) == len(asked) > 5


def test_columns_of_a_report_may_be_called_like_words_of_sql(tmp_path: Path) -> None:
    """As an axis, a filter, a balance's order and a member's name: in GoogleSQL and in DuckDB's."""
    composer = Composer(nasty_report(tmp_path), {contract.name: contract for contract in NASTY})
    asked = [
        composer.query(["Groups"], "dim_select.order", {"fact_group.group": [1], "dim_select.hash": ["x"]}),
        composer.names("dim_select.order", "dim_select.hash", ["x"]),
    ]
    google = GoogleSql({contract.name: contract.schema for contract in NASTY})
    assert sum(map(google.analyze, asked)) == len(asked)
    with duckdb.connect() as connection:
        for contract in NASTY:
            connection.register(contract.name, contract.schema.empty_table())
        for statement in asked:
            assert connection.execute(statement).fetchall() == []


@settings(max_examples=100)
@example("\x00")
@given(st.text(max_size=40))
def test_every_text_is_a_literal(google: GoogleSql, text: str) -> None:
    """A text that is written into a statement is that text to BigQuery, whatever is in it."""
    assert google.evaluate(f"SELECT {sql.literal(text)}") == text


SCHEMA = pa.schema(
    [
        pa.field("i", pa.int64()),
        pa.field("d", pa.decimal128(18, 2)),
        pa.field("w", pa.decimal128(38, 9)),
        pa.field("n", pa.decimal128(29, 0)),
        pa.field("s", pa.string()),
        pa.field("b", pa.bool_()),
        pa.field("f", pa.float64()),
        pa.field("day", pa.date32()),
        pa.field("t", pa.timestamp("us", "UTC")),
        pa.field("clock", pa.time64("us")),
    ]
)


def exact(precision: int, scale: int) -> st.SearchStrategy[Exact]:
    """Draw decimals, the longest ones too."""
    most = 10**precision - 1
    return st.one_of(st.sampled_from([0, 1, -1, most, -most]), st.integers(-most, most)).map(
        lambda units: Exact(f"{units}e-{scale}")
    )


VALUES = {
    "i": st.one_of(st.sampled_from([2**63 - 1, -(2**63)]), st.integers(-(2**63), 2**63 - 1)),
    "d": exact(18, 2),
    "w": exact(38, 9),
    "n": exact(29, 0),
    "s": st.one_of(st.sampled_from(TEXTS), st.text(max_size=80)),
    "b": st.booleans(),
    "f": st.floats(allow_nan=False, allow_infinity=False),
    "day": st.dates(),
    "t": st.datetimes(timezones=st.just(UTC)),
    "clock": st.times(),
}
TABLES = st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), max_size=4)


def receipt_by(google: GoogleSql, rows: str, schema: pa.Schema) -> TableReceipt:
    """Let Google compute the receipt, by the query that asks BigQuery for it."""
    query = select_receipt(schema, BIGQUERY, rows, hashes=True)
    row = google.row(query)
    values = {"row_count": int(row["row_count"]), "hash_sum": Exact(row["hash_sum"])}
    for number, figure in enumerate(figures(schema, BIGQUERY)):
        told = row[f"f{number}"]
        values[f"f{number}"] = told if told is None else _read(told, figure.what, figure.column.type)
    return receipt_from(values, schema, BIGQUERY)


def _read(told: Any, what: str, kind: pa.DataType) -> Any:
    if what == "nulls":
        return int(told)
    if pa.types.is_date(kind):
        return date.fromisoformat(told)
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(told)
    return Exact(told) if has_sum(kind) else told


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@example([])
@given(TABLES)
def test_google_computes_the_receipt_that_the_core_computes(google: GoogleSql, rows: Rows) -> None:
    """Sums, limits, NULLs and the hash over the rows are the same; the published receipt differs in nothing."""
    table = pa.Table.from_pylist(rows, SCHEMA)
    expected = receipt_of(table).model_copy(update={"hash_sum": str(row_hash(table, SCHEMA))})
    assert receipt_by(google, rows_as_sql(table), SCHEMA) == expected
    assert differences(google, table, expected) == ""


def differences(google: GoogleSql, table: pa.Table, receipt: TableReceipt) -> str:
    """Let Google evaluate what the publishing script compares, over a table's rows."""
    contract = replace(FLIGHT, columns=())
    vars(contract)["schema"] = SCHEMA
    handover = Handover(contract, (), receipt, RUN, AS_OF, 0)
    said: str = google.evaluate(sql.differences_sql(handover, rows_as_sql(table)))
    return said


def test_a_figure_that_differs_is_named(google: GoogleSql) -> None:
    """Each figure of a receipt, and the hash, is compared by Google's evaluator too."""
    table = pa.Table.from_pylist(
        [dict.fromkeys(VALUES), {"i": 1, "w": Exact(2), "s": "x", "day": date(2031, 1, 1)}], SCHEMA
    )
    right = receipt_of(table).model_copy(update={"hash_sum": str(row_hash(table, SCHEMA))})
    wrong = {"i": {"sum": "2"}, "w": {"max": "3"}, "s": {"min": "y"}, "day": {"nulls": 2}}
    columns = {name: right.columns[name].model_copy(update=change) for name, change in wrong.items()}
    altered = right.model_copy(update={"rows": 3, "columns": right.columns | columns, "hash_sum": "1"})
    named = "rows, i (sum), w (max), s (min), day (nulls), the hash over the rows"
    assert differences(google, table, altered) == named
