"""`python -m powerbi --publish` and `--prove`, with an embedded database where BigQuery would be."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.company.report import read_report
from etl.contract.table import Contract
from powerbi.__main__ import main
from tests.called import called
from tests.publish.engine import evaluator
from tests.publish.fabric import Fabric
from tests.publish.tiny import Tiny
from tests.truth.dax import Dax


class _Warehouse(Tiny):
    def __enter__(self) -> "_Warehouse":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it open."""

    @contextmanager
    def reading(self):  # type: ignore[no-untyped-def]
        """Give what reads."""
        yield self.read


def test_what_is_announced_is_done_and_can_be_proven_again(
    tmp_path: Path, fabric: Fabric, contracts: dict[str, Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0 where all is equal under the pages' slicers, and 3 with the measure's name where a row is lost."""
    folder = tmp_path / "report"
    shutil.copytree(ROOT / "powerbi", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "CloudServices"))
    settings = {"WAREHOUSE": "bigquery", "BIGQUERY_PROJECT": "company", "BIGQUERY_DATASET": "star"}
    settings |= {"REPORT_DIR": str(folder), "TABLES_DIR": str(ROOT / "tables"), "BUSINESS_TIME_ZONE": "UTC"}
    env = tmp_path / "prod.env"
    env.write_text("".join(f"{name}={value}\n" for name, value in (settings | fabric.settings).items()))
    env.chmod(0o600)
    warehouse = _Warehouse(contracts)
    monkeypatch.setattr("powerbi.service.command.open_warehouse", lambda _: warehouse)
    dax = Dax(warehouse, read_report(folder), contracts)  # type: ignore[arg-type]
    fabric.evaluate = evaluator(dax, contracts)

    announced = called(main, ["powerbi", "--env", str(env), "--publish", "--dry-run"])
    assert (announced.returncode, fabric.items) == (0, {}), announced.stderr
    assert "Project = company, Dataset = star, Billing Project = payer" in announced.stdout
    done = called(main, ["powerbi", "--env", str(env), "--publish", "--no-proof"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Set POWERBI_DATASET={fabric.of('SemanticModel')[0]['id']}" in done.stdout
    before = called(main, ["powerbi", "--env", str(env), "--prove"])
    assert before.returncode == 0, before.stdout + before.stderr
    assert "Year = 2025" in before.stdout  # to which the measures of clients' editions, for example, do not answer
    dax.tables["Sales"]["rows"].pop()
    proven = called(main, ["powerbi", "--env", str(env), "--prove"])
    assert (proven.returncode, "Contracts" in proven.stdout, "Contracts" in before.stdout) == (3, True, False)
