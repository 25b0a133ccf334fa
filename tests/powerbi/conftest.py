"""The company's report and what is generated of it."""

from pathlib import Path

import pytest

from config.paths import ROOT
from etl.company.report import Report, read_report
from etl.contract.table import Contract
from etl.load.etl_runs import published_contracts
from powerbi.project import project_files
from powerbi.report import report_files


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """Give the contracts of all tables that a report may show."""
    return published_contracts(ROOT / "tables")


@pytest.fixture(scope="session")
def report() -> Report:
    """Give the company's report."""
    return read_report(Path(ROOT / "powerbi"))


@pytest.fixture(scope="session")
def files(report: Report, contracts: dict[str, Contract]) -> dict[str, str]:
    """Give the files of the company's report; a test that changes them works on a copy."""
    return report_files(report, contracts)


@pytest.fixture(scope="session")
def project(report: Report, contracts: dict[str, Contract]) -> dict[str, str]:
    """Give the files of the whole project, model and report; one of the tables has a refresh policy."""
    return project_files(report, contracts, {"fact_sales": 20})
