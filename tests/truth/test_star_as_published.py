"""The star as published is read of its files, where they are what the warehouse holds; the warehouse reads nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import config
from etl.core.runs import Store
from etl.load.bigquery.warehouse import BigQueryWarehouse
from etl.load.warehouse import Warehouse
from etl.report.published import opened_as_published
from tests.truth.night import COMPANIES, Company, Night

SUM = "SELECT COUNT(*) AS n, SUM(net_revenue) AS net FROM fact_sales JOIN dim_date ON date_key = contract_date_key"


def settings_of(night: Night, kind: str) -> config.Settings:
    """Read the settings of the night's warehouse."""
    return config.load(night.folder / f"{kind}.env")


@contextmanager
def marked(store: Store, warehouse: Warehouse) -> Iterator[None]:
    """Have the record of the publishing say what marks the tables bear.

    BigQuery says of a table when a script changed its rows, by which the load takes its mark; the emulator does not.
    """
    (run,) = store.loaded.committed()
    file = store.loaded.path(run) / "manifest.json"
    written = file.read_text(encoding="utf-8")
    manifest = json.loads(written)
    for name, mark in warehouse.marks(list(manifest["tables"])).items():
        manifest["tables"][name]["mark"] = mark
    file.write_text(json.dumps(manifest), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(written, encoding="utf-8")


def test_tables_without_a_mark_are_asked_themselves(
    night_of: Callable[[Company], Night], bigquery_of: Callable[[Company], Warehouse]
) -> None:
    """Nobody knows whether they were changed by hand since."""
    bigquery_of(COMPANIES[0])
    with opened_as_published(settings_of(night_of(COMPANIES[0]), "bigquery")) as (_, source):
        assert source == "From the published tables."


def test_bigquery_reads_no_table_for_a_dashboard_after_a_night(
    night_of: Callable[[Company], Night],
    bigquery_of: Callable[[Company], Warehouse],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is asked for `etl_runs`, and for what it says of its tables."""
    warehouse, settings = bigquery_of(COMPANIES[0]), settings_of(night_of(COMPANIES[0]), "bigquery")
    expected = warehouse.read(SUM).to_pylist()
    asked: list[str] = []
    read = BigQueryWarehouse.read
    monkeypatch.setattr(BigQueryWarehouse, "read", lambda self, sql: asked.append(sql) or read(self, sql))
    with marked(Store.of(settings), warehouse), opened_as_published(settings) as (run, source):
        assert source.startswith("From the files of the published star ")
        assert run(SUM).to_pylist() == expected
        assert run("SELECT DISTINCT run_id FROM etl_runs").num_rows == 1
    assert asked
    assert all("FROM etl_runs" in sql and "fact_sales" not in sql for sql in asked)


def test_the_tables_are_asked_where_the_files_are_another_star_s(
    night_of: Callable[[Company], Night], duckdb_of: Callable[[Company], Warehouse], tmp_path: Path
) -> None:
    """With the files of a night that is not published there is nothing here to read."""
    duckdb_of(COMPANIES[0])
    settings = settings_of(night_of(COMPANIES[0]), "duckdb")
    with opened_as_published(settings) as (run, of_files):
        expected = run(SUM).to_pylist()
    assert of_files == f"From the files of the published star {Store.of(settings).star.committed()[-1]}."
    elsewhere = settings.model_copy(update={"data_dir": tmp_path, "duckdb_file": settings.duckdb_path})
    with opened_as_published(elsewhere) as (run, of_tables):
        assert run(SUM).to_pylist() == expected
    assert of_tables == "From the published tables."
