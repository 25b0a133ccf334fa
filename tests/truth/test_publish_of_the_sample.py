"""The command that publishes, on the sample's night: what Power BI answers is what SQL on BigQuery says."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.company.report import read_report
from etl.load.etl_runs import published_contracts
from etl.load.warehouse import Warehouse
from powerbi.__main__ import main
from tests.called import called
from tests.publish.engine import evaluator
from tests.publish.fabric import Fabric
from tests.truth.dax import Dax
from tests.truth.night import COMPANIES, Company, Night

PAGE = """
name = "Sales"
title = "What was sold"
slicers = ["dim_office.region"]

[[visual]]
kind = "card"
title = "Contracts"
alt = "How many contracts there are."
measures = ["Contracts"]
"""

CONTRACTS = published_contracts(ROOT / "tables")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Give a part of the sample's report, with one slicer: each measure is asked about four times.

    That all measures are what SQL says is proven by others; here a few show that the command asks and compares them.
    """
    folder = tmp_path / "report"
    others = ("*.py", "__pycache__", "CloudServices", "[2345]_*.toml", "1_revenue_periods.toml", "1_income.toml")
    shutil.copytree(ROOT / "powerbi", folder, ignore=shutil.ignore_patterns(*others))
    head, _, _ = (folder / "report.toml").read_text().partition("[[target]]")
    (folder / "report.toml").write_text(head)
    (folder / "pages/1_sales.toml").write_text(PAGE)
    return folder


@pytest.fixture
def power_bi(
    fabric: Fabric,
    report: Path,
    night_of: Callable[[Company], Night],
    bigquery_of: Callable[[Company], Warehouse],
) -> Iterator[tuple[Dax, Callable[..., subprocess.CompletedProcess[str]]]]:
    """Give what Power BI has imported of the night, and the command, whose warehouse is BigQuery."""
    env = night_of(COMPANIES[0]).folder / "bigquery.env"
    dax = Dax(bigquery_of(COMPANIES[0]), read_report(report), CONTRACTS)
    fabric.evaluate = evaluator(dax, CONTRACTS)

    def command(*options: str) -> subprocess.CompletedProcess[str]:
        settings = fabric.settings | {"REPORT_DIR": str(report)}
        return called(main, ["powerbi", "--env", str(env), *options], **settings)

    yield dax, command


def test_the_sample_is_published_and_proven_by_one_command(
    fabric: Fabric, power_bi: tuple[Dax, Callable[..., subprocess.CompletedProcess[str]]]
) -> None:
    """Said beforehand by --dry-run, done once, proven again by --prove, which finds a row that is lost since."""
    dax, command = power_bi
    announced = command("--publish", "--dry-run")
    assert (announced.returncode, fabric.items) == (0, {})
    assert "would create the semantic model CloudServices" in announced.stdout
    assert "Project = company, Dataset = star, Billing Project = payer" in announced.stdout

    done = command("--publish")
    assert done.returncode == 0, done.stdout + done.stderr
    (model,) = fabric.of("SemanticModel")
    assert f"Set POWERBI_DATASET={model['id']}, so that every night refreshes it." in done.stdout
    assert "everything" in done.stdout
    assert "Region = " in done.stdout
    assert "would update" in command("--publish", "--dry-run").stdout

    dax.tables["Sales"]["rows"].pop()
    proven = command("--prove")
    assert proven.returncode == 3
    assert "Contracts" in proven.stdout
    assert [each["displayName"] for each in fabric.items.values()] == ["CloudServices", "CloudServices"]


def test_a_warehouse_that_power_bi_cannot_read_is_refused(
    fabric: Fabric, night_of: Callable[[Company], Night], duckdb_of: Callable[[Company], Warehouse]
) -> None:
    """An embedded database is no source of the service."""
    duckdb_of(COMPANIES[0])
    env = night_of(COMPANIES[0]).folder / "duckdb.env"
    done = called(main, ["powerbi", "--env", str(env), "--publish"], **fabric.settings)
    assert done.returncode == 2
    assert "WAREHOUSE is duckdb" in done.stderr
