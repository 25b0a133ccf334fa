"""Nights to be published: rows become CSV, Parquet and a handover, by the code that does so every night."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from config import Settings
from etl.contract.table import Contract, Table
from etl.core import arrow_csv
from etl.core.head import Head
from etl.core.manifest import StarFile
from etl.load import parquet
from etl.load.warehouse import Handover, Warehouse
from etl.receipts.arrow import add
from tests.load.contracts import FLIGHT, PLANET, SHIP, Rows, flights, planets, ships

if TYPE_CHECKING:  # who tests DuckDB imports no library of Google's
    from etl.load.bigquery.warehouse import BigQueryWarehouse

AS_OF = datetime(2031, 5, 18, 2, 30, tzinfo=UTC)
PROJECT = "a-project"
ORIGIN = {"data folder": "f0", "source shop": "sqlite:///shop.db"}
RUN = "20310518T023000Z"
NEXT_RUN = "20310519T023000Z"


def duckdb_settings(folder: Path) -> Settings:
    """Settings whose warehouse is a file in `folder`."""
    return _settings(warehouse="duckdb", data_dir=folder / "data")


def bigquery_settings(address: str, folder: Path, **others: Any) -> Settings:
    """Settings whose warehouse is a dataset of its own in the emulator (or proxy) at this address."""
    given = {
        "bigquery_project": PROJECT,
        "bigquery_dataset": f"star_{uuid.uuid4().hex[:8]}",
        "bigquery_credentials": "anonymous",
        "bigquery_endpoint": address,
    }
    return _settings(warehouse="bigquery", data_dir=folder, **(given | others))


def impatient(address: str, folder: Path, **settings: Any) -> "BigQueryWarehouse":
    """Give a warehouse in BigQuery that repeats calls for three seconds at the most."""
    from etl.load.bigquery.client import connector
    from etl.load.bigquery.warehouse import BigQueryWarehouse

    chosen = bigquery_settings(address, folder, **settings)
    return BigQueryWarehouse(connector(chosen), PROJECT, str(chosen.bigquery_dataset), patience=3.0)


def _settings(**given: Any) -> Settings:
    return Settings(business_time_zone="Europe/Madrid", **given)


def hand_over(contract: Contract, rows: Rows, folder: Path, *, files: int = 1, rejected: int = 0) -> Handover:
    """Write rows as CSV files and convert each into a Parquet file."""
    table = pa.Table.from_pylist(rows, contract.schema)
    share = -(-table.num_rows // files)
    folder = folder / uuid.uuid4().hex
    folder.mkdir(parents=True)
    conversions = [
        conversion
        for number in range(files)
        for conversion in parquet.conversions(
            contract,
            [csv_file(table.slice(number * share, share), folder, f"{contract.name}.{number}.csv")],
            folder,
            folder / str(number),
        )
    ]
    receipt = add([parquet.convert(conversion) for conversion in conversions], contract.schema)
    paths = [conversion.target.rename(folder / f"{n}.parquet") for n, conversion in enumerate(conversions)]
    return Handover(contract, tuple(paths), receipt, "20310518T020000Z", AS_OF, rejected)


def csv_file(table: pa.Table, folder: Path, name: str) -> StarFile:
    """Write a CSV file of the star and give its manifest's entry."""
    data = arrow_csv.write(table)
    (folder / name).write_bytes(data)
    return StarFile(name=name, bytes=len(data), rows=table.num_rows, sha256=hashlib.sha256(data).hexdigest())


def night(folder: Path, count: int, contracts: Sequence[Contract] = (PLANET, SHIP)) -> list[Handover]:
    """Make tables of `count` rows each."""
    rows = {PLANET.name: planets, SHIP.name: ships, FLIGHT.name: flights}
    return [hand_over(contract, rows[contract.name](count), folder) for contract in contracts]


def load(warehouse: Warehouse, run: str, handovers: list[Handover]) -> None:
    """Do what stage 3 does every night."""
    warehouse.ensure([handover.contract for handover in handovers])
    for handover in handovers:
        warehouse.stage(run, handover)
    publish(warehouse, run, handovers)


def publish(warehouse: Warehouse, run: str, handovers: list[Handover]) -> None:
    """Publish what is staged, upon whatever is published."""
    warehouse.publish(handovers, warehouse.head(), Head(run, ORIGIN))


def counts(warehouse: Warehouse, contracts: Sequence[Contract] = (PLANET, SHIP)) -> list[int]:
    """Count the rows of published tables."""
    sql = ", ".join(f"(SELECT COUNT(*) FROM {contract.name}) AS {contract.name}_rows" for contract in contracts)
    return list(warehouse.read(f"SELECT {sql}").to_pylist()[0].values())


def all_of(warehouse: Warehouse, contract: Contract) -> Rows:
    """Read a whole published table, in the order of its key."""
    columns = ", ".join(contract.schema.names)
    rows: Rows = warehouse.read(
        f"SELECT {columns} FROM {contract.name} ORDER BY {contract.schema.names[0]}"
    ).to_pylist()
    return rows


def changed(contract: Contract, model: type[Table]) -> Contract:
    """Give a table another contract class."""
    return Contract.of(contract.name, model)


def false_receipt(handover: Handover) -> Handover:
    """Hand the same rows over with a receipt that says one more."""
    return replace(handover, receipt=handover.receipt.model_copy(update={"rows": handover.receipt.rows + 1}))
