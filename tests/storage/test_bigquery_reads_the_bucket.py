"""Stage 3 with the star in a bucket: BigQuery loads the Parquet from there, all files of a table in one job."""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from etl.core.job import Job
from etl.load import stage
from etl.load.bigquery.client import connector
from etl.load.bigquery.warehouse import BigQueryWarehouse
from etl.load.open import open_warehouse
from tests.load.emulator import NoEmulatorError, running_emulator
from tests.load.nights import bigquery_settings
from tests.load.proxy import Proxy, lost_answer, running_proxy
from tests.storage.cloud import Emulator
from tests.transform.house import FACT_SALE, STREAMED_SHOP, House, sales, shops

SALES = [(number, f"{number}.25") for number in range(20)]
LOAD = r"^POST /bigquery/v2/projects/[\w-]+/jobs\?"


@pytest.fixture(scope="module")
def bigquery(storage: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A BigQuery emulator that finds the storage emulator's objects, behind a proxy."""
    try:
        with (
            running_emulator(tmp_path_factory.mktemp("bigquery"), storage.objects) as address,
            running_proxy(address) as proxy,
        ):
            yield proxy
    except NoEmulatorError as reason:
        pytest.skip(f"the BigQuery scenarios were not run: {reason}")


@pytest.fixture
def house(tmp_path: Path, bucket: str, bigquery: Proxy) -> House:
    """A house in a bucket whose sales are several files."""
    house = House(tmp_path, bucket, dim_shop=STREAMED_SHOP, fact_sale=FACT_SALE)
    named = bigquery_settings(bigquery.url, tmp_path)
    fields = ("warehouse", "bigquery_project", "bigquery_dataset", "bigquery_credentials", "bigquery_endpoint")
    house.settings = house.settings.model_copy(update={name: getattr(named, name) for name in fields})
    house.raw(2, shops=shops(1, 2), sales=sales(*(f"{n} {1 + n % 2} {price}" for n, price in SALES)))
    house.build()
    bigquery.seen.clear()
    return house


def publish(house: House) -> None:
    """Run stage 3."""
    stage.load(Job(house.settings, house.store, house.next_run()))


def published(house: House) -> list[tuple[int, str]]:
    """Read the published sales."""
    with open_warehouse(house.settings) as warehouse:
        rows = warehouse.read("SELECT sale_id, price FROM fact_sale ORDER BY sale_id").to_pylist()
    return [(row["sale_id"], f"{row['price']:.2f}") for row in rows]


def test_files_of_a_table_are_loaded_by_one_job(house: House, bucket: str, storage: Emulator) -> None:
    """By their addresses; nothing is uploaded to BigQuery, and the star's own Parquet is what is loaded."""
    publish(house)
    assert published(house) == SALES
    run = house.store.loaded.committed()[-1]
    with connector(house.settings)() as client:
        ours = [job for job in client.list_jobs() if str(house.settings.bigquery_dataset) in job.job_id]
    jobs = [job for job in ours if job.job_type == "load"]
    files = [file for table in house.star.tables.values() for file in table.files]
    assert len(files) > 3
    found = sorted(uri for job in jobs for uri in job.source_uris)
    star = f"gs://{bucket}/etl/2_star/{house.star.run}"
    assert found == sorted(f"{star}/{file.name.removesuffix('.csv')}.parquet" for file in files)
    assert len(jobs) == 2
    assert {name for name in storage.files(bucket) if "3_loaded" in name} == {f"etl/3_loaded/{run}/manifest.json"}


def test_a_job_whose_answer_was_lost_is_not_started_twice(house: House, bigquery: Proxy) -> None:
    """Its id is that of the files' content."""
    bigquery.rules.append(lost_answer(LOAD))
    publish(house)
    assert bigquery.count(LOAD) == 3  # two tables, and the publishing
    assert published(house) == SALES


def test_what_a_killed_run_has_staged_is_found(house: House, bigquery: Proxy) -> None:
    """Although its Parquet lay elsewhere: another run loads nothing again."""
    killed = mock.patch.object(BigQueryWarehouse, "publish", side_effect=KeyboardInterrupt)
    with killed, pytest.raises(KeyboardInterrupt):
        publish(house)
    started = bigquery.count(LOAD)
    publish(house)
    assert bigquery.count(LOAD) == started + 1  # the publishing
    assert published(house) == SALES
