"""A running stand-in for the Power BI service, whose certificate is trusted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.refresh.server import certificate, running
from tests.refresh.service import PowerBi


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the certificate."""
    return certificate(tmp_path_factory.mktemp("power_bi"))


@pytest.fixture
def power_bi(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PowerBi]:
    """Give a running service; processes that the test starts trust it, too."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    with running(pem) as service:
        yield service
