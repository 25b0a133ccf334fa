"""What each version from 1.0 on left on the disk and in its warehouse is read by this one, and nobody is asked."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config.paths import ROOT
from etl import load, published, transform
from etl.commands import main
from etl.core.cli import script
from tests.called import called
from tests.upgrade.keep import HERE, fill, unpack

KEPT = sorted(HERE.glob("data-*"))
MORE = """
INSERT INTO shops VALUES (1, 'Bilbao', 3);
UPDATE shops SET name = 'Málaga centro' WHERE shop_id = 3;
INSERT INTO customers VALUES ('B-1', 'DE', NULL, '2026-03-07 10:00:00');
INSERT INTO sales VALUES (10, 1, 'B-1', '2026-03-03', '20.00', 'sale');
"""


class Home:
    """A company of an older version, as its last night left it."""

    def __init__(self, kept: Path, folder: Path) -> None:
        self.kept, self.folder = kept, folder
        unpack(kept, folder)
        (self.run,) = (path.name for path in (folder / "data/3_loaded").iterdir())

    def call(self, command: str, *rest: str) -> str:
        """Run a command of this version, which must succeed; returns what it printed."""
        done = called(main, ["etl", command, *rest, "--env", str(self.folder / "prod.env")])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def night(self, **environment: str) -> None:
        """Run a night of this version, which must succeed, in a process of its own, as its log is."""
        line = [sys.executable, "-m", "etl", "night", "--env", str(self.folder / "prod.env")]
        done = subprocess.run(line, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def stage(self, run: Callable[..., None], *rest: str) -> None:
        """Run a stage of this version, which must succeed."""
        line = ["Stage.py", *rest, "--env", str(self.folder / "prod.env")]
        done = called(lambda: script(run, "Stage.py", "", ""), line)
        assert done.returncode == 0, done.stdout + done.stderr

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        """Query what is published."""
        with duckdb.connect(str(self.folder / "data/warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def keys(self, dimension: str, key: str, natural: str) -> dict[str, int]:
        """Return the published keys by natural key."""
        return dict(self.asked(f"SELECT {natural}::TEXT, {key} FROM {dimension} WHERE {key} > 0"))

    def manifests(self, stage: str) -> list[dict[str, object]]:
        """Read the manifests of a stage, oldest first."""
        return [
            json.loads(path.read_bytes()) for path in sorted((self.folder / "data" / stage).glob("2*/manifest.json"))
        ]


@pytest.fixture(scope="module", params=KEPT, ids=lambda kept: kept.name)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Give what a version kept."""
    return Home(request.param, tmp_path_factory.mktemp("kept") / "shop")


def test_a_folder_is_kept_of_each_version_from_the_first_on() -> None:
    """Small, and free of paths of the machine that it was made on."""
    assert KEPT[0].name == "data-1.0"
    for kept in KEPT:
        files = [path for path in kept.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 200_000
        assert not [path for path in files if b"/tmp/" in path.read_bytes()]


def test_what_an_older_version_did_can_be_looked_at(home: Home) -> None:
    """Its night, why a number is what it is, what it rejected, what is published."""
    assert json.loads(home.call("status", "--json"))["nights"][-1]["run"] == home.run
    assert "a test" in home.call("why", "fact_sale")
    assert "price" in home.call("rejects", "fact_sale")
    assert list(csv.reader(home.call("sql", "SELECT sum(price) FROM fact_sale", "--csv").splitlines()))[1] == [
        "100113.34"
    ]


def test_the_next_night_goes_on_where_the_older_version_stopped(home: Home) -> None:
    """No guard refuses, nothing passes for changed by hand, and each member keeps its key.

    That its environment is out of date, as nightly.sh told it, the night notes in its log, and goes on.
    """
    dimensions = [("dim_shop", "shop_key", "shop_id"), ("dim_customer", "customer_key", "customer_no")]
    dimensions.append(("dim_date", "date_key", "date"))
    before = [home.keys(*each) for each in dimensions]
    fill(home.folder, MORE)
    home.night(ETL_STALE="The environment .venv is out of date.")
    log = sorted((home.folder / "data/nights").glob("*.log"))[-1].read_text(encoding="utf-8")
    assert " WARNING The environment .venv is out of date.\n" in log
    after = [home.keys(*each) for each in dimensions]
    assert all(old.items() <= new.items() for old, new in zip(before, after, strict=True))
    new = [{name: key for name, key in b.items() if name not in a} for a, b in zip(before, after, strict=True)]
    assert new == [{"1": max(before[0].values()) + 1}, {"B-1": max(before[1].values()) + 1}, {}]
    loaded = home.manifests("3_loaded")[-1]
    assert (loaded["altered"], loaded["accepted"]) == ({}, {})


def test_any_stage_runs_again_from_a_run_of_an_older_version(home: Home) -> None:
    """Its raw files make the same star, with keys that go on from the newest; its star can be published again."""
    home.stage(partial(transform.run, ask=published.ask), "--from", home.run)
    star = home.manifests("2_star")[-1]
    assert star["made_from"] == home.run
    home.stage(load.run, "--from", home.run)
    assert home.asked("SELECT count(*), sum(price) FROM fact_sale") == [(5, Decimal("100113.34"))]
