"""A running stand-in for Fabric, and a small report to publish there."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.company.report import Report, read_report
from etl.company.roles import Role
from etl.contract.table import Contract
from etl.load.etl_runs import published_contracts
from powerbi.project import project_files
from powerbi.service.parts import MODEL, REPORT, files_of
from powerbi.service.prove import prove
from powerbi.service.publish import Wanted
from tests.publish.engine import evaluator
from tests.publish.fabric import VALUES, Fabric
from tests.publish.started import fabric, pem
from tests.publish.tiny import Tiny
from tests.truth.dax import Dax

__all__ = ["fabric", "pem"]


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """Give the contracts of all that is published."""
    return published_contracts(ROOT / "tables")


@pytest.fixture(scope="session")
def report() -> Report:
    """Give a report of few measures on one page, so that the proof is soon done, and the sample's pages may change."""
    return read_report(Path(__file__).with_name("report"))


@pytest.fixture(scope="session")
def project(report: Report, contracts: dict[str, Contract]) -> dict[str, str]:
    """Give the files of the report's project."""
    return project_files(report, contracts)


@pytest.fixture
def tiny(contracts: dict[str, Contract]) -> Tiny:
    """Give a small star."""
    return Tiny(contracts)


@pytest.fixture
def wanted(
    fabric: Fabric, project: dict[str, str], report: Report, contracts: dict[str, Contract], tiny: Tiny
) -> Wanted:
    """Give what is to be published; the service answers queries from the star, and so does SQL."""
    fabric.evaluate = evaluator(Dax(tiny, report, contracts), contracts)
    return Wanted(
        model=files_of(project, MODEL),
        report=files_of(project, REPORT),
        parameters=VALUES,
        prove=lambda dataset: prove(report, contracts, dataset.ask, tiny.read),
    )


@pytest.fixture(scope="session")
def secured(report: Report, contracts: dict[str, Contract]) -> dict[str, str]:
    """Give the files of the model with roles."""
    north = Role(name="North", where={"dim_office.region": "North"})
    own = Role(name="Own rows", user="dim_client.client_name")
    return files_of(project_files(replace(report, roles=(north, own)), contracts), MODEL)


@pytest.fixture
def roles(wanted: Wanted, secured: dict[str, str]) -> Wanted:
    """Give the same with roles."""
    return replace(wanted, model=secured)


@pytest.fixture
def quick(wanted: Wanted) -> Wanted:
    """Give the same without the proof."""
    return replace(wanted, prove=None)
