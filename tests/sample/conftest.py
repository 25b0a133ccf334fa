"""One server for all tests of the sample, with a sample of 1,000 contracts in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from sample import generate, server

TODAY = dt.date(2026, 3, 31)
Ask = Callable[[str, str], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def ask() -> Ask:
    """The rows of a query in the database at a URL."""

    def rows(url: str, query: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    return rows


@pytest.fixture(scope="session")
def sample_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("sample") / "source"
    with server.running(folder) as url:
        yield url
    server.remove(folder)


@pytest.fixture(scope="session")
def cloud(sample_server: str) -> str:
    return generate.fill(sample_server, contracts=1_000, seed=1, today=TODAY, dirt="much")


@pytest.fixture(scope="session")
def larger(sample_server: str) -> str:
    return generate.fill(sample_server, contracts=40_000, seed=1, today=TODAY, database="larger")
