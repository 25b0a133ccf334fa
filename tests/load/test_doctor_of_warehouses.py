"""What the doctor says of BigQuery, through the real client, and of the DuckDB file; nothing is changed there."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import duckdb
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client, Dataset

from config import Settings
from etl.company.tables import contracts
from etl.doctor.check import FAILURE, OK, WARNING
from etl.doctor.company import read_settings
from etl.load.open import open_warehouse
from tests.doctor.found import Patient
from tests.load.nights import PROJECT
from tests.load.proxy import Proxy, answered, refusal
from tests.night.company import DIM_THING

DATASET = "doctored"


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """Give a company with a table, whose warehouse is a DuckDB file."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/dim_thing.py").write_text(DIM_THING)
    return Patient(tmp_path, {}, {"TABLES_DIR": str(tmp_path / "tables")})


@pytest.fixture
def cloud(patient: Patient, proxy: Proxy) -> Iterator[Patient]:
    """Give that company with BigQuery behind a proxy; what the doctor does there reads, or is a dry run."""
    patient.settings |= {
        "WAREHOUSE": "bigquery",
        "BIGQUERY_PROJECT": PROJECT,
        "BIGQUERY_DATASET": DATASET,
        "BIGQUERY_CREDENTIALS": "anonymous",
        "BIGQUERY_ENDPOINT": proxy.url,
    }
    yield patient
    assert proxy.count(r"^(PATCH|PUT|DELETE) |^POST \S+/(datasets|tables)(\?|$)") == 0


def not_well(patient: Patient) -> list[tuple[str, str, str, str]]:
    """Examine the warehouse; gives what is not well: check, level, sentence, cure."""
    found = patient.part("warehouse")
    return [(name, one.level, one.sentence, one.cure) for name, one in found if one.level != OK]


def test_a_bigquery_that_is_empty_is_well(cloud: Patient) -> None:
    """It says what the first night will make."""
    assert not_well(cloud) == []
    [said] = [finding.sentence for finding in cloud.found("changes", "warehouse")]
    assert f"The dataset {PROJECT}.{DATASET} is created." in said


DENIED = "Access Denied: Project a-project: User does not have bigquery.{} permission in project a-project."
FREE_TIER = "Billing has not been enabled for this project. DML queries are not allowed in the free tier."


@pytest.mark.parametrize(
    ("request_", "reason", "said", "check", "sentence", "cure"),
    [
        (
            "POST .*/jobs",
            "accessDenied",
            DENIED.format("jobs.create"),
            "jobs",
            "may not run jobs",
            "roles/bigquery.user",
        ),
        ("POST .*/(queries|jobs)", "billingNotEnabled", FREE_TIER, "billing", "sandbox", "Turn billing on"),
        (
            ".*",
            "accessNotConfigured",
            "BigQuery API has not been used in project 1 before: https://x/apis/api/bigquery.googleapis.com/overview",
            "jobs",
            "disabled",
            "gcloud services enable bigquery.googleapis.com",
        ),
        (".*", "x", "Request had insufficient authentication scopes.", "jobs", "scopes", "--scopes=cloud-platform"),
    ],
    ids=["jobs", "sandbox", "API disabled", "scopes"],
)
def test_a_refusal_is_said_with_its_cure(
    cloud: Patient, proxy: Proxy, request_: str, reason: str, said: str, check: str, sentence: str, cure: str
) -> None:
    """By BigQuery's own answer to what a night would ask."""
    proxy.rules.append(refusal(f"^{request_}", 403, reason, said, times=99))
    faults = not_well(cloud)
    assert any(
        (name, level) == (check, FAILURE) and sentence in told and cure in tried for name, level, told, tried in faults
    ), faults


def test_what_may_not_be_created_or_changed_is_named(cloud: Patient, proxy: Proxy) -> None:
    """By dry runs for what is missing, and for tables that are there by their permissions."""
    proxy.rules.append(refusal("^POST .*/jobs", 403, "accessDenied", DENIED.format("datasets.create"), times=99))
    assert [name for name, *_ in not_well(cloud) if name == "permissions"] == ["permissions"] * 2
    proxy.rules.clear()
    _prepare(cloud, proxy)
    mine = {"permissions": ["bigquery.tables.get", "bigquery.tables.getData", "bigquery.tables.delete"]}
    proxy.rules.append(answered("/tables/dim_thing:testIamPermissions", mine, times=9))
    [(name, level, said, cure)] = not_well(cloud)
    assert (name, level) == ("permissions", FAILURE)
    assert "lacks bigquery.tables.update, bigquery.tables.updateData on" in said
    assert "etl grants" in cure


def test_what_stands_in_the_way_is_told_one_by_one(cloud: Patient, proxy: Proxy) -> None:
    """Another location, and an expiry that somebody set: what a load would refuse, in its own words."""
    options = {"api_endpoint": proxy.target}
    with Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options) as client:
        dataset = Dataset(f"{PROJECT}.{DATASET}")
        dataset.location, dataset.default_table_expiration_ms = "US", 9 * 24 * 3600 * 1000
        client.create_dataset(dataset)
    found = [(level, said) for name, level, said, _ in not_well(cloud) if name == "changes"]
    assert [level for level, _ in found] == [FAILURE] * 2
    assert "is in US, BIGQUERY_LOCATION is EU" in found[0][1]
    assert "default_table_expiration_days = NULL" in found[1][1]


@pytest.mark.parametrize(("seconds", "level"), [(-120, WARNING), (900, FAILURE)])
def test_a_clock_that_is_off_is_told(
    cloud: Patient, monkeypatch: pytest.MonkeyPatch, seconds: float, level: str
) -> None:
    """By the Date of BigQuery's answers; from five minutes on Google takes no signed request."""
    told = BaseHTTPRequestHandler.date_time_string
    monkeypatch.setattr(
        BaseHTTPRequestHandler, "date_time_string", lambda self: told(self, time.time() + seconds), raising=True
    )
    [finding] = cloud.found("clock", "warehouse")
    assert (finding.level, "NTP" in finding.cure) == (level, True)


def test_a_bigquery_that_nobody_answers_for_is_one_failure(patient: Patient) -> None:
    """And is not asked for minutes, once by each check."""
    patient.settings |= {
        "WAREHOUSE": "bigquery",
        "BIGQUERY_PROJECT": PROJECT,
        "BIGQUERY_DATASET": DATASET,
        "BIGQUERY_CREDENTIALS": "anonymous",
        "BIGQUERY_ENDPOINT": "http://127.0.0.1:9",
    }
    began = time.monotonic()
    [(_, level, said, cure)] = not_well(patient)
    assert time.monotonic() - began < 20
    assert (level, "cannot be reached" in said, "BIGQUERY_ENDPOINT" in cure) == (FAILURE, True, True)


def _prepare(patient: Patient, proxy: Proxy) -> None:
    """Make datasets and tables as a load does; forget the calls."""
    settings = _settings(patient)
    with open_warehouse(settings) as warehouse:
        warehouse.ensure(list(contracts(settings.tables_dir).values()))
    proxy.seen.clear()


def _settings(patient: Patient) -> Settings:
    settings, faults = read_settings(patient.env)
    assert settings is not None, faults
    return settings


def test_a_duckdb_file_is_well_until_it_is_not(patient: Patient) -> None:
    """One that is none, one that another program writes into, one in a folder that is closed."""
    assert not_well(patient) == []
    file = patient.data / "warehouse.duckdb"
    file.parent.mkdir()
    file.write_text("none")
    [(name, level, said, _)] = not_well(patient)  # once, though two checks meet it
    assert (name, level) == ("changes", FAILURE)
    assert "it is not a DuckDB file" in said
    file.unlink()
    with duckdb.connect(str(file)) as other:
        other.execute("CREATE TABLE mine (x INTEGER)")
    assert not_well(patient) == []


def test_published_tables_of_another_company_are_refused(patient: Patient) -> None:
    """As a load refuses them: the head says whose they are."""
    patient.sources["shop"] = f"sqlite:///{patient.folder / 'shop.db'}"
    settings = _settings(patient)
    with open_warehouse(settings) as warehouse:
        warehouse.ensure(list(contracts(settings.tables_dir).values()))
    with duckdb.connect(str(patient.data / "warehouse.duckdb")) as other:
        theirs = """run_id = '20300101T000000Z', origin = '{"source shop": "x://elsewhere/db"}'"""
        other.execute(f"UPDATE etl_head SET {theirs}")
    [(name, level, said, _)] = not_well(patient)
    assert (name, level) == ("owner", FAILURE)
    assert "were published from the source shop" in said
