"""The companies whose nights are to be survived, and the draw of moments."""

import random
from pathlib import Path

import pytest

from tests.survival.company import Shop


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


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """Give the seed that the moments are drawn by: another one each time, unless one is asked for."""
    asked = request.config.getoption("--seed")
    return int(asked) if asked is not None else random.SystemRandom().randrange(1_000_000)


@pytest.fixture(scope="session")
def moments(request: pytest.FixtureRequest) -> int:
    """Give how many moments are to be drawn in all."""
    return int(request.config.getoption("--moments"))
