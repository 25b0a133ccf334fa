"""What BigQuery's tables say about themselves, and that no night takes it from them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client

from etl.load.open import open_warehouse
from etl.load.warehouse import Warehouse
from tests.load.contracts import FLIGHT, STAR
from tests.load.nights import NEXT_RUN, PROJECT, RUN, bigquery_settings, load, night


@pytest.fixture(scope="module")
def two_nights(running: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, Client, str]]:
    """A warehouse that holds its second night, a client that looks at it, and its dataset."""
    folder = tmp_path_factory.mktemp("nights")
    settings = bigquery_settings(running, folder)
    options = {"api_endpoint": running}
    with (
        open_warehouse(settings) as warehouse,
        Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options) as client,
    ):
        load(warehouse, RUN, night(folder, 3, STAR))
        load(warehouse, NEXT_RUN, night(folder, 2, STAR))
        yield warehouse, client, f"{PROJECT}.{settings.bigquery_dataset}"


def test_tables_tell_their_contract_after_every_night(two_nights: tuple[Warehouse, Client, str]) -> None:
    """Descriptions, modes, exact decimals, partitioning, clustering, labels and keys are there and survive."""
    _, client, dataset = two_nights
    table = client.get_table(f"{dataset}.fact_flight")
    assert table.description == FLIGHT.description
    assert {f.name: f.description for f in table.schema} == {c.name: c.description for c in FLIGHT.columns}
    assert {f.name for f in table.schema if f.mode == "REQUIRED"} == {c.name for c in FLIGHT.columns if not c.nullable}
    assert [(f.precision, f.scale) for f in table.schema if f.name == "price"] == [(18, 2)]
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("MONTH", "day")
    assert table.clustering_fields == ["planet_key", "ship_key"]
    assert table.labels == {"managed_by": "etl", "kind": "fact"}
    keys = table.to_api_repr()["tableConstraints"]
    assert keys["primaryKey"] == {"columns": ["flight_id"]}
    references = {key["name"]: key["referencedTable"]["tableId"] for key in keys["foreignKeys"]}
    assert references == {"fk_planet_key": "dim_planet", "fk_ship_key": "dim_ship"}
    assert client.get_table(f"{dataset}.dim_ship").labels["kind"] == "dimension"


def test_staging_is_empty_after_a_publish_and_expires_anyway(two_nights: tuple[Warehouse, Client, str]) -> None:
    """What is staged costs no storage: it is dropped after the publish, or by BigQuery after three days."""
    _, client, dataset = two_nights
    assert list(client.list_tables(f"{dataset}_staging")) == []
    assert client.get_dataset(f"{dataset}_staging").default_table_expiration_ms == 3 * 24 * 3600 * 1000
    assert client.get_dataset(dataset).default_table_expiration_ms is None
    assert client.get_dataset(dataset).location == "EU"


def test_labels_of_a_person_stay(two_nights: tuple[Warehouse, Client, str]) -> None:
    """Labels that somebody else gave a table are kept, and missing ones of ours come back."""
    warehouse, client, dataset = two_nights
    table = client.get_table(f"{dataset}.fact_flight")
    table.labels = {"cost_center": "space", "kind": None}
    client.update_table(table, ["labels"])
    assert warehouse.changes(STAR) == ["fact_flight gets its labels."]
    warehouse.ensure(STAR)
    labels = client.get_table(f"{dataset}.fact_flight").labels
    assert labels == {"cost_center": "space", "managed_by": "etl", "kind": "fact"}


def test_dataset_elsewhere_is_refused(emulator: str, tmp_path: Path) -> None:
    """A dataset cannot move: settings that name another location than it lies in are refused."""
    settings = bigquery_settings(emulator, tmp_path)
    with open_warehouse(settings) as warehouse:
        warehouse.ensure([])
    elsewhere = settings.model_copy(update={"bigquery_location": "US"})
    with open_warehouse(elsewhere) as warehouse, pytest.raises(Exception, match="is in EU, BIGQUERY_LOCATION is US"):
        warehouse.ensure([])
