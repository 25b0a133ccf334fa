"""The proof of the receipts, 3 and 4, with BigQuery as the warehouse: staged by load jobs, published by one script.

What is handed over is the fact of the plant's two nights.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from google.cloud import bigquery

from etl.company.tables import contracts
from etl.core.errors import WarehouseError
from etl.core.receipt import TableReceipt
from etl.load import parquet
from etl.load.open import open_warehouse
from etl.load.warehouse import Handover, Warehouse
from tests.load.nights import bigquery_settings, publish
from tests.mutation.faults import FAULTS, Fault
from tests.mutation.injections import damaged_parquet, loaded_from, published_by
from tests.mutation.inserts import PUBLISHED, PublishedFault
from tests.mutation.plant import Plant

STAGED_HERE = ("a row lost", "money moved to other rows", "an hour's slip in one row")
PUBLISHED_HERE = (
    "columns of money in a wrong order",
    "flags moved to other rows",
    "a cent more here and a cent less there",
    "a trailing blank lost",
    "the rows of last night left",
)


@dataclass
class Cloud:
    """A warehouse in which the second night is staged. right: the rows that it ought to publish."""

    warehouse: Warehouse
    tonight: Handover
    plant: Plant
    right: list[dict[str, Any]]
    runs: int = 0

    def published(self) -> list[dict[str, Any]]:
        """Read the published fact."""
        rows: list[dict[str, Any]] = self.warehouse.read("SELECT * FROM fact_move").to_pylist()
        return sorted(rows, key=str)

    def new_run(self) -> str:
        """Name a run of which nothing is staged."""
        self.runs += 1
        return f"20300401T0000{self.runs:02}Z"


@pytest.fixture(scope="module")
def cloud(plant: Plant, running: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Publish the first night, and stage the second; staging tables stay, to be published from again and again."""
    folder = tmp_path_factory.mktemp("cloud")
    plant.go_back_to(plant.before_load)
    first, second = (handed_over(plant, run, folder / run) for run in plant.store.star.committed())
    settings = bigquery_settings(running, folder, bigquery_project="a-plant")  # the other tests empty theirs
    with open_warehouse(settings) as warehouse, mock.patch.object(bigquery.Client, "delete_table"):
        found = Cloud(warehouse, second, plant, [])
        warehouse.ensure([second.contract])
        for run, handover in (("tonight", second), ("last", first)):
            warehouse.stage(run, handover)
            publish(warehouse, run, [handover])
            found.right = found.right or found.published()
        assert found.published() != found.right
        yield found


def handed_over(plant: Plant, run: str, target: Path) -> Handover:
    """Hand a star's fact over, as stage 3 does."""
    star = plant.store.star.read(run)
    table, contract = star.tables["fact_move"], contracts(plant.settings.tables_dir)["fact_move"]
    work = parquet.conversions(contract, table.files, plant.store.star.path(run), target)
    files = tuple(parquet.ready(conversion)[0] for conversion in work)
    return Handover(contract, files, table.receipt, run, star.as_of, 0)


def without_receipt(handover: Handover) -> Handover:
    """Hand over as with RECEIPTS=off."""
    return replace(handover, receipt=TableReceipt(rows=handover.receipt.rows, columns={}))


def check_staging(cloud: Cloud, handover: Handover, seen: str) -> None:
    """Stage what is faulty: refused with receipts, published without."""
    before, run = cloud.published(), cloud.new_run()
    handover = replace(handover, star_run=run)  # or it would be staged in the place of what other tests publish
    with pytest.raises(WarehouseError, match="rows of fact_move are not those of the star: ") as refusal:
        cloud.warehouse.stage(run, handover)
        publish(cloud.warehouse, run, [handover])
    assert seen.removesuffix(" is another") in refusal.value.message
    assert cloud.published() == before
    with suppress(WarehouseError):  # rows are counted whatever the setting
        cloud.warehouse.stage(run, without_receipt(handover))
    publish(cloud.warehouse, run, [without_receipt(handover)])
    assert cloud.published() != cloud.right


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS if f.name in STAGED_HERE])
def test_a_fault_in_bigquerys_staged_table_is_refused_before_anything_is_published(
    cloud: Cloud, fault: Fault, tmp_path: Path
) -> None:
    """What load jobs made of the files is compared with the receipt in BigQuery's SQL."""
    spoilt = damaged_parquet(cloud.tonight, fault, tmp_path / "spoilt.parquet")
    check_staging(cloud, replace(cloud.tonight, files=(spoilt,)), fault.seen)


def test_a_file_that_is_loaded_twice_into_bigquery_is_refused_before_anything_is_published(cloud: Cloud) -> None:
    """A load job more or less is no matter of luck."""
    with loaded_from(lambda files: (*files, files[-1])):
        check_staging(cloud, cloud.tonight, "rows are")


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in PUBLISHED if f.name in PUBLISHED_HERE])
def test_a_fault_in_bigquerys_transaction_is_undone_before_anybody_sees_it(cloud: Cloud, fault: PublishedFault) -> None:
    """The script that publishes compares what it wrote with the receipt before it commits."""
    before = cloud.published()
    with published_by(fault):
        with pytest.raises(WarehouseError, match="The published rows of fact_move are not those of") as refusal:
            publish(cloud.warehouse, "tonight", [cloud.tonight])
        assert fault.seen in refusal.value.message
        assert cloud.published() == before
        publish(cloud.warehouse, "tonight", [without_receipt(cloud.tonight)])
    assert cloud.published() != cloud.right
