"""The plants that faults are injected into, made once."""

from pathlib import Path

import pytest

from tests.download.conftest import company
from tests.load.conftest import running
from tests.mutation.plant import Plant

__all__ = ["company", "running"]


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory, shop: str) -> Plant:
    """Give a plant of a few hundred rows with an embedded warehouse."""
    return Plant(_folder(tmp_path_factory, "small"), shop, rows=300)


@pytest.fixture(scope="session")
def large_plant(tmp_path_factory: pytest.TempPathFactory, shop: str) -> Plant:
    """Give one of more than 25,000 rows."""
    return Plant(_folder(tmp_path_factory, "large"), shop, rows=30_000)


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    return factory.mktemp("plants") / name
