"""The nights and the warehouses: every night is run once, and its star published once in each warehouse."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from etl.load.warehouse import Warehouse
from sample import server
from tests.dashboard.browser import browser
from tests.load.emulator import NoEmulatorError, running_emulator
from tests.publish.started import fabric, pem
from tests.truth.night import COMPANIES, Company, Night, published, run_night

T = TypeVar("T")

__all__ = ["browser", "fabric", "pem"]


@contextmanager
def side_by_side(work: Callable[[Company], T]) -> Iterator[Callable[[Company], T]]:
    """Begin the work for all companies at once; give what waits for the result of one."""
    with ThreadPoolExecutor(len(COMPANIES)) as threads:
        under_way = {company: threads.submit(work, company) for company in COMPANIES}
        yield lambda company: under_way[company].result()


@pytest.fixture(scope="session")
def night_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Company], Night]]:
    """Give the night of a company, with the truth about it."""
    folder: Path = tmp_path_factory.mktemp("truth")
    with ExitStack() as stack:
        url = stack.enter_context(server.running(folder / "source"))
        yield stack.enter_context(side_by_side(lambda company: run_night(company, url, folder / str(company))))
    server.remove(folder / "source")


@pytest.fixture(scope="session")
def duckdb_of(night_of: Callable[[Company], Night]) -> Iterator[Callable[[Company], Warehouse]]:
    """Give the DuckDB in which the star of a company's night is published."""
    with ExitStack() as stack:

        def work(company: Company) -> Warehouse:
            return stack.enter_context(published(night_of(company), "duckdb"))

        with side_by_side(work) as warehouses:
            yield warehouses


@pytest.fixture(scope="session")
def bigquery_of(
    night_of: Callable[[Company], Night], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Company], Warehouse]]:
    """Give the BigQuery, an emulator of its own, in which the star of a company's night is published."""
    with ExitStack() as stack:

        def start(company: Company) -> str:
            return stack.enter_context(running_emulator(tmp_path_factory.mktemp("emulator")))

        try:
            with side_by_side(start) as started:
                addresses = {company: started(company) for company in COMPANIES}
        except NoEmulatorError as reason:
            pytest.skip(f"the star was not published in BigQuery: {reason}")

        def work(company: Company) -> Warehouse:
            settings = {"BIGQUERY_PROJECT": "company", "BIGQUERY_DATASET": "star", "BIGQUERY_CREDENTIALS": "anonymous"}
            night = night_of(company)
            return stack.enter_context(published(night, "bigquery", **settings, BIGQUERY_ENDPOINT=addresses[company]))

        with side_by_side(work) as warehouses:
            yield warehouses
