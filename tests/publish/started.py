"""A running stand-in for Fabric and Power BI, as fixtures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.fabric import Fabric
from tests.publish.server import FabricHandler
from tests.refresh.server import certificate, serving


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the certificate."""
    return certificate(tmp_path_factory.mktemp("fabric"))


@pytest.fixture
def fabric(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fabric]:
    """Give a running service, where nothing is published yet."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    with serving(pem, Fabric(), FabricHandler) as service:
        yield service
