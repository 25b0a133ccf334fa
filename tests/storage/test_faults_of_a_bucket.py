"""A bucket that is no use: one sentence with the cure, the right exit code, and nothing lost."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from config import Settings
from etl.core import storage as core
from etl.core.cli import outermost
from etl.core.folders import folder_of
from etl.core.job import Job
from etl.load import stage
from tests.load.proxy import Proxy, answered, slow_answer, stalled
from tests.load.scripts import load, told
from tests.load.test_script_in_bigquery import key_file
from tests.storage.cloud import Emulator, Preconditions, forbidden
from tests.transform.dask_cluster import until
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops


@pytest.fixture
def house(
    tmp_path: Path, bucket: str, storage: Emulator, cloud: Preconditions, monkeypatch: pytest.MonkeyPatch
) -> House:
    """A house in a bucket, with a star and a new raw run; from then on before the proxy."""
    monkeypatch.setenv(core.EMULATOR, storage.url)
    house = House(tmp_path, bucket, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99"))
    house.build()
    house.raw(shops=shops(1, 2), sales=sales("8 2 1.00", "9 1 2.00"))
    monkeypatch.setenv(core.EMULATOR, cloud.url)
    return house


def ended(capsys: pytest.CaptureFixture[str], folder: Path, **settings: str) -> tuple[int, str]:
    """Open a data folder as a script does; gives the exit code and what was said."""
    given = {"warehouse": "duckdb", "business_time_zone": "UTC", "local_dir": folder} | settings
    code = outermost(lambda: folder_of(Settings(**given)) and None)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "\nTry: " in said
    return code, said


def test_a_bucket_that_this_account_may_not_read(house: House, bucket: str, cloud: Preconditions) -> None:
    """Exit code 1; which role is to be granted."""
    cloud.rules.append(forbidden())
    code, error, advice = told(house.script())
    assert code == 1
    assert error == f"Error: Cloud Storage refused gs://{bucket}: this account is not allowed to."
    assert "roles/storage.objectUser" in advice


def test_a_bucket_that_this_account_may_not_write(
    house: House, bucket: str, storage: Emulator, cloud: Preconditions
) -> None:
    """Not even the lock; nothing is changed."""
    before = storage.files(bucket)
    cloud.rules.append(forbidden("^POST /upload"))
    code, error, _ = told(house.script())
    assert (code, "this account is not allowed to" in error) == (1, True)
    assert storage.files(bucket) == before


def test_a_permission_that_is_taken_away_in_mid_run(
    house: House, bucket: str, storage: Emulator, cloud: Preconditions
) -> None:
    """Also a worker tells it; the last star stays, and when the permission is back the next run makes its own."""
    before = storage.files(bucket)
    cloud.rules.append(forbidden("^POST /upload.*fact_sale"))
    code, error, _ = told(house.script())
    assert (code, "this account is not allowed to" in error) == (1, True)
    assert storage.files(bucket) == before
    cloud.rules.clear()
    house.build()
    assert [row["sale_id"] for row in house.rows("fact_sale")] == [8, 9]


def test_a_stage_that_is_interrupted(house: House, bucket: str, storage: Emulator, cloud: Preconditions) -> None:
    """Of its run and its lock nothing stays in the bucket."""
    before = storage.files(bucket)
    cloud.rules.append(slow_answer("^POST /upload.*fact_sale.*upload_id", 3))
    stage = subprocess.Popen(house.command(), stderr=subprocess.PIPE, text=True)
    until(lambda: cloud.rules[0].times == 0)
    assert {name.split("/")[1] for name in storage.files(bucket).keys() - before.keys()} >= {"2_star", "lock"}
    stage.terminate()
    _, said = stage.communicate(timeout=30)
    assert stage.returncode == 130
    assert "Interrupted; nothing more was committed." in said
    assert storage.files(bucket) == before


def test_a_receipt_that_cannot_be_kept_is_told_as_that(house: House, cloud: Preconditions) -> None:
    """The star is published; loaded again when the permission is back, it leaves its receipt."""
    house.build()
    house.store.identity()
    cloud.rules += [answered("ifGenerationMatch=0", {}, status=200), forbidden("ifGenerationMatch=0")]
    code, error, _ = told(load(house))
    assert code == 1
    assert f"The star {house.star.run} is published, but its receipt cannot be kept in gs://" in error
    assert house.store.loaded.committed() == []
    cloud.rules.clear()
    stage.load(Job(house.settings, house.store, house.next_run()))
    assert house.store.loaded.newest("").made_from == house.star.run


def test_a_bucket_that_is_not_there(tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, with its name."""
    code, said = ended(capsys, tmp_path, data_dir=f"gs://{bucket}-not/etl")
    assert code == 1
    assert f"Error: There is no bucket {bucket}-not." in said


@contextmanager
def silent() -> Iterator[str]:
    """An endpoint that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def nobody() -> Iterator[str]:
    """An endpoint at which nobody listens."""
    yield "http://127.0.0.1:9"


@pytest.mark.parametrize("endpoint", [silent, nobody])
def test_an_endpoint_that_does_not_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    endpoint: Callable[[], AbstractContextManager[str]],
) -> None:
    """It is told in bounded time: 15 seconds, here 1."""
    monkeypatch.setattr(core, "_FIRST_CALL", 1.0)
    began = time.monotonic()
    with endpoint() as address:
        monkeypatch.setenv(core.EMULATOR, address)
        code, said = ended(capsys, tmp_path, data_dir="gs://bucket/etl")
    assert code == 1
    assert "Cloud Storage cannot be reached, or did not answer in time, for gs://bucket/etl." in said
    assert f"Check the network and {core.EMULATOR}" in said
    assert time.monotonic() - began < 5


def test_a_call_that_stalls_is_made_again(house: House, cloud: Preconditions, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute of silence, here half a second."""
    path = house.store.folder / "file"
    monkeypatch.setattr(path.fs, "requests_timeout", aiohttp.ClientTimeout(sock_read=0.5))
    cloud.rules.append(stalled("^POST /upload.*file"))
    path.write_text("x")
    assert cloud.rules[0].times == 0
    assert path.read_text() == "x"


def test_missing_credentials_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And how to get some."""
    monkeypatch.delenv(core.EMULATOR, raising=False)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    code, said = ended(capsys, tmp_path, data_dir="gs://bucket/etl")
    assert code == 1
    assert "no default credentials" in said
    assert "gcloud auth application-default login" in said


def test_credentials_that_google_refuses_are_told_without_them(
    tmp_path: Path, cloud: Proxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Google answers may quote them."""
    monkeypatch.delenv(core.EMULATOR)
    refused = {"error": "invalid_grant", "error_description": "hunter2 was revoked"}
    cloud.rules.append(answered("^POST /token", refused, status=400, times=9))
    key = key_file(tmp_path, f"{cloud.url}/token")
    settings = {"bigquery_credentials": "key file", "bigquery_key_file": str(key)}
    code, said = ended(capsys, tmp_path, data_dir="gs://bucket/etl", **settings)
    assert code == 1
    assert "it did not accept the credentials" in said
    assert "hunter2" not in said


def test_what_reads_a_bucket_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and what to install."""
    monkeypatch.delitem(sys.modules, "etl.core.storage")
    monkeypatch.setitem(sys.modules, "gcsfs.core", None)
    code, said = ended(capsys, tmp_path, data_dir="gs://bucket/etl")
    assert code == 2
    assert "DATA_DIR is gs://bucket/etl, and what reads Cloud Storage is not installed." in said
    assert "./setup.sh requirements-" in said
