"""The companies whose nights are to be survived, and the draw of moments."""

import random
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.survival.company import ChangingShop, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Give a company before its first night."""
    return Shop(tmp_path / "shop")


@pytest.fixture
def published(shop: Shop) -> Shop:
    """Give a company with one night published, undisturbed."""
    done = shop.run("night")
    assert done.returncode == 0, done.stderr
    return shop


@pytest.fixture
def changing(tmp_path: Path, postgres_server: str) -> Shop:
    """Give a company with two nights published, the second one of what had changed."""
    with closing(psycopg2.connect(postgres_server)) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE changing")
    made = ChangingShop(tmp_path / "changing", postgres_server.replace("/postgres?", "/changing?"))
    for _ in range(2):
        made.next_night()
        done = made.run("night")
        assert done.returncode == 0, done.stderr
    made.see()
    return made


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """Give the seed that the moments are drawn by: another one each time, unless one is asked for."""
    asked = request.config.getoption("--seed")
    return int(asked) if asked is not None else random.SystemRandom().randrange(1_000_000)


@pytest.fixture(scope="session")
def moments(request: pytest.FixtureRequest) -> int:
    """Give how many moments are to be drawn in all."""
    return int(request.config.getoption("--moments"))
