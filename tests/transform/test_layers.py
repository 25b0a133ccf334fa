"""Stage 2 reads a table by its layers: the star is the one that all rows of the source would give."""

import shutil
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

import psycopg2
import pyarrow.parquet as pq
import pytest

from config.paths import ROOT
from etl import transform
from etl.core.manifest import StarManifest
from sample import generate
from tests.download.company import Company

CHANGED = """
UPDATE sales.contracts SET instances = instances + 1, updated_at = now() WHERE contract_id % 50 = 7;
UPDATE sales.contracts SET instances = -5, updated_at = now() WHERE contract_id % 211 = 3;
UPDATE sales.contracts SET client_id = 99999999, updated_at = now() WHERE contract_id % 307 = 3;
DELETE FROM sales.contracts WHERE contract_id % 101 = 5;
UPDATE legacy.orders SET price = price + 1, touched_at = now() AT TIME ZONE 'Europe/Madrid', updated_at = now()
  WHERE order_no % 60 = 1;
UPDATE usage.movements SET instances = instances + 1, updated_at = now() WHERE usage_id % 40 = 1;
DELETE FROM usage.movements WHERE usage_id IN (SELECT usage_id FROM usage.movements WHERE usage_id % 40 = 1)
  AND movement_id % 3 = 1;
"""
"""Also rows that are rejected from now on, and some that refer to nobody; and groups that lose a row."""


@pytest.fixture
def company(postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Give the sample company with many small blocks."""
    monkeypatch.setattr("etl.download.writer.BLOCK_BYTES", 60_000)
    filled = {"contracts": 6_000, "seed": 3, "today": date(2026, 3, 31), "dirt": "much", "database": "layers"}
    source = generate.fill(postgres_server, **filled)
    company = Company(tmp_path, {"cloud": source}, {"TABLES_DIR": str(ROOT / "tables"), "WORKERS": "2"})
    shutil.copytree(ROOT / "queries", tmp_path / "queries")
    return company


def star(company: Company, *options: str) -> dict[str, list[str]]:
    """Extract and build; returns the rows of each table, in an order of their own."""
    company.done(*options)
    ended = company.call(ROOT / "TablesTransformMain.py", partial(transform.run, ask=None))
    assert ended.code == 0, ended.err
    built: StarManifest = company.store.star.newest("")
    rows = {}
    for name, table in built.tables.items():
        parts = [pq.read_table(company.store.star.path(built.run) / f.parquet.name) for f in table.files if f.parquet]
        rows[name] = sorted(str(row) for part in parts for row in part.to_pylist())
        rows[f"{name}: counts"] = [str(table.all_rejected), str(table.all_set_aside), str(table.unknown)]
    return rows


def test_a_star_of_layers_is_the_star_of_all_rows(company: Company) -> None:
    """Every table, every column, keys included, and what was rejected: streamed, grouped and summarized ones."""
    before = star(company)
    company.publish()
    with closing(psycopg2.connect(company.sources["cloud"])) as source, source:
        source.cursor().execute(CHANGED)
    by_changes = star(company)
    raw = company.store.raw.newest("")
    assert {len(table.changes.layers) for table in raw.tables.values() if table.changes} == {2}
    assert all(t.changes.layers[1].rows < t.rows / 5 for t in raw.tables.values() if t.changes)
    in_full = star(company, "--full")
    assert {name for name in in_full if in_full[name] != by_changes[name]} == set()
    assert {name for name in in_full if in_full[name] != before[name]} >= {"fact_sales", "fact_usage_movements"}
