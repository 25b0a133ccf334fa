"""The two warehouses that every scenario runs over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from etl.load.bigquery.warehouse import BigQueryWarehouse
from etl.load.open import open_warehouse
from etl.load.warehouse import Warehouse
from tests.load.contracts import PLANET
from tests.load.emulator import NoEmulatorError, forget, running_emulator
from tests.load.nights import PROJECT, RUN, bigquery_settings, duckdb_settings, impatient, load, night
from tests.load.proxy import Proxy, running_proxy


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the one BigQuery emulator of all tests."""
    try:
        with running_emulator(tmp_path_factory.mktemp("emulator")) as address:
            yield address
    except NoEmulatorError as reason:
        pytest.skip(f"the BigQuery scenarios were not run: {reason}")


@pytest.fixture
def emulator(running: str) -> Iterator[str]:
    """The address of a BigQuery emulator that holds nothing."""
    yield running
    forget(running, PROJECT)


@pytest.fixture(params=["duckdb", "bigquery"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse, of either kind."""
    if request.param == "duckdb":
        settings = duckdb_settings(tmp_path)
    else:
        settings = bigquery_settings(request.getfixturevalue("emulator"), tmp_path)
    with open_warehouse(settings) as opened:
        yield opened


@pytest.fixture
def bigquery(emulator: str, tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse in the emulator."""
    with open_warehouse(bigquery_settings(emulator, tmp_path)) as opened:
        yield opened


@pytest.fixture
def proxy(emulator: str) -> Iterator[Proxy]:
    """A proxy before the emulator, which does what a test tells it to."""
    with running_proxy(emulator) as started:
        yield started


@pytest.fixture
def behind_proxy(proxy: Proxy, tmp_path: Path) -> Iterator[BigQueryWarehouse]:
    """A warehouse that does not see that there is a proxy, and gives up after three seconds or three tries."""
    with stamina.set_testing(True, attempts=3, cap=True), impatient(proxy.url, tmp_path) as opened:
        yield opened


@pytest.fixture
def last_night(behind_proxy: BigQueryWarehouse, tmp_path: Path) -> BigQueryWarehouse:
    """A warehouse with five planets of last night."""
    load(behind_proxy, RUN, night(tmp_path, 5, [PLANET]))
    return behind_proxy
