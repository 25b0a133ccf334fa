"""A star built of what changed is the star of all rows: every table, every column, keys and receipts included."""

import shutil
from collections import Counter
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.paths import ROOT
from etl import transform
from etl.core import arrow_csv
from etl.core.manifest import LoadedManifest, LoadedTable, StarManifest, StarTable
from sample import changes, generate
from tests.download.company import Company

TODAY = date(2026, 3, 31)
BESIDES = """
UPDATE catalogue.deployments SET unit_price = unit_price + 1, updated_at = now()
  WHERE product_id = 2 AND edition % 9 = 1;
UPDATE catalogue.deployments SET closes_on = closes_on - 2, updated_at = now()
  WHERE product_id = 3 AND edition % 11 = 1;
UPDATE sales.contracts SET instances = -5, updated_at = now() WHERE contract_id % 211 = {seed};
UPDATE sales.contracts SET instances = 5, updated_at = now() WHERE instances < 0 AND contract_id % 3 = {seed} % 3;
UPDATE sales.contracts SET client_id = 99999999, updated_at = now() WHERE contract_id % 307 = {seed};
DELETE FROM sales.contracts WHERE contract_id % 401 = {seed};
UPDATE legacy.orders SET price = price + 1, updated_at = now() WHERE order_no % 160 = {seed};
DELETE FROM usage.movements WHERE movement_id % 203 = {seed};
DELETE FROM people.team_members WHERE team_member_id = 10 + {seed};
"""
"""Prices and closing dates that facts look up; rows that are rejected, and healed; lost clients, members and rows."""


@pytest.fixture
def company(postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Give the sample company with many small blocks."""
    monkeypatch.setattr("etl.download.writer.BLOCK_BYTES", 60_000)
    filled = {"contracts": 6_000, "seed": 3, "today": TODAY, "dirt": "much", "database": "star_of_changes"}
    source = generate.fill(postgres_server, **filled)
    settings = {"TABLES_DIR": str(ROOT / "tables"), "WORKERS": "2", "KEEP_RUNS": "30"}
    company = Company(tmp_path, {"cloud": source}, settings)
    shutil.copytree(ROOT / "queries", tmp_path / "queries")
    return company


def change_source(company: Company, seed: int) -> None:
    """Change the source as a night would, and in what nights seldom bring."""
    changes.change(company.sources["cloud"], rows=60, seed=seed)
    with closing(psycopg2.connect(company.sources["cloud"])) as source, source:
        source.cursor().execute(BESIDES.format(seed=seed))


def build(company: Company) -> StarManifest:
    """Build the star of the newest raw run."""
    ended = company.call(ROOT / "TablesTransformMain.py", partial(transform.run, ask=None))
    assert ended.code == 0, ended.err
    return company.store.star.newest("")


def publish(company: Company, star: StarManifest) -> None:
    """Commit the receipt of its publishing."""
    tables = {n: LoadedTable(star=t.model_copy(update={"files": ()}), bytes=0) for n, t in star.tables.items()}
    told = {"run": star.run, "made_from": star.run, "origin": star.origin, "as_of": star.as_of, "tables": tables}
    manifest = LoadedManifest(stage="loaded", seconds=0, peak_memory_mb=0, **told)
    with company.store.loaded.working(star.run) as folder:
        company.store.loaded.commit(folder, manifest, keep=30)


def rows_of(company: Company, star: StarManifest, table: StarTable) -> pa.Table:
    """Read the rows of a table that stand."""
    folder = company.store.star.path(star.run)
    whole = pa.concat_tables([pq.read_table(folder / file.parquet.name) for file in table.files if file.parquet])
    csv = pa.concat_tables([arrow_csv.read_file(folder / file.name, whole.schema) for file in table.files])
    assert csv.equals(whole)
    gone = pq.read_table(folder / table.superseded.name).column(0).to_numpy() if table.superseded else []
    assert len(gone) == table.gone
    return whole.take(pa.array(np.setdiff1d(np.arange(len(whole)), gone)))


def told(company: Company, star: StarManifest, name: str) -> dict[str, Any]:
    """Return all that a star holds and tells of a table."""
    table, folder = star.tables[name], company.store.star.path(star.run)
    rejects = Counter[str]()
    for file in table.files:
        path = folder / "rejects" / file.name
        if path.is_file():
            schema = pa.schema([("reason", pa.string()), ("row", pa.string())])
            rejects.update(map(str, arrow_csv.read_file(path, schema).to_pylist()))
    counts = ("handed", "rejected", "set_aside", "merged", "before_window", "unknown", "months", "left")
    found = {each: getattr(table, each) for each in counts}
    found["months"] = {m: s for m, s in table.months.items() if set(s.values()) != {"0"}}
    return found | {
        "rows": Counter(map(str, rows_of(company, star, table).to_pylist())),
        "rejects": rejects,
        "receipt": table.receipt,
        "by_partition": table.by_partition,
    }


def check_changes(company: Company, before: StarManifest, star: StarManifest) -> None:
    """See that each table is the one before, less what is told to be removed, and what is told to be added."""
    folder, found = company.store.star.path(star.run), 0
    for name, table in star.tables.items():
        if table.change is None:
            continue
        assert table.change.on == before.tables[name].run
        expected = Counter(map(str, rows_of(company, before, before.tables[name]).to_pylist()))
        removed, added = (
            Counter(str(row) for file in files for row in pq.read_table(folder / file.name).to_pylist())
            for files in (table.change.removed, table.change.added)
        )
        assert (removed.total(), added.total()) == (table.change.removed_rows, table.change.added_rows)
        assert removed <= expected
        assert expected - removed + added == Counter(map(str, rows_of(company, star, table).to_pylist()))
        found += 1
    assert found >= 9


def test_a_star_of_changes_is_the_star_of_all_rows(company: Company) -> None:
    """Night after night: each stands on the one before, and tells what all rows would."""
    company.done()
    published = build(company)
    publish(company, published)
    for seed in (1, 2):
        change_source(company, seed)
        company.done()
        by_changes = build(company)
        assert by_changes.tables["fact_sales"].change
        hidden = company.data / "3_loaded"
        hidden.rename(company.data / "3_hidden")
        in_full = build(company)
        shutil.rmtree(hidden, ignore_errors=True)
        (company.data / "3_hidden").rename(hidden)
        assert not in_full.tables["fact_sales"].superseded
        for name in in_full.tables:
            mine, theirs = told(company, by_changes, name), told(company, in_full, name)
            for what in theirs:
                assert mine[what] == theirs[what], (seed, name, what)
        check_changes(company, published, by_changes)
        publish(company, by_changes)
        published = by_changes
    company.settings["WINDOW_YEARS"] = "2"
    assert not build(company).tables["fact_sales"].superseded, "a longer or shorter window is for all rows"
