"""One Cloud Storage emulator for all tests of this folder, whose library finds it by the variable of Google's own."""

import importlib.util
from collections.abc import Iterator

import pytest

pytest.importorskip("gcsfs", reason="gcsfs is not installed")
pytest.importorskip("gcp_storage_emulator", reason="there is no emulator of Cloud Storage")

from tests.load.proxy import running_proxy
from tests.storage.cloud import Emulator, Preconditions, running_storage

needs_dask = pytest.mark.skipif(not importlib.util.find_spec("distributed"), reason="Dask is not installed")


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulator."""
    with running_storage(tmp_path_factory.mktemp("storage")) as emulator:
        yield emulator


@pytest.fixture
def bucket(storage: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of its own, for this process and those that it starts."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.url)
    return storage.bucket()


@pytest.fixture
def cloud(bucket: str, storage: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Preconditions]:
    """A proxy before the bucket, which does what a test tells it to."""
    with running_proxy(storage.url, Preconditions) as proxy:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        yield proxy
