"""Stage 2 on a Dask cluster whose workers write into a bucket: the same bytes as on a disk, whatever befalls them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.load.proxy import running_proxy
from tests.storage.cloud import Emulator, forbidden
from tests.storage.conftest import needs_dask
from tests.transform.dask_cluster import address, running_scheduler, until, worker
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops

pytestmark = needs_dask


def house(folder: Path, bucket: str = "") -> House:
    """Give a house whose sales come in 40 blocks."""
    folder.mkdir()
    house = House(folder, bucket, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(10, shops=shops(1, 2, 3), sales=sales(*(f"{n} {n % 4} {n}.25" for n in range(400))))
    return house


@pytest.fixture
def scheduler(bucket: str, tmp_path: Path) -> Iterator[Path]:
    """A scheduler, for workers that know the bucket."""
    with running_scheduler(tmp_path) as file:
        yield file


def test_a_killed_worker_costs_nothing_but_time(
    tmp_path: Path, bucket: str, storage: Emulator, scheduler: Path
) -> None:
    """Of two workers one is killed in mid-run: the star is that of a disk, and the bucket holds it and nothing else."""
    here, there = house(tmp_path / "here"), house(tmp_path / "there", bucket)
    here.build(run="20300401T000000Z")

    def blocks() -> list[str]:
        return [name for name in storage.files(bucket) if "/fact_sale." in name and name.endswith(".csv")]

    with worker(scheduler) as unlucky, worker(scheduler):
        variables = os.environ | {"EXECUTOR": address(scheduler)}
        stage = subprocess.Popen(there.command(), env=variables, stderr=subprocess.PIPE, text=True)
        until(lambda: len(blocks()) > 5)
        unlucky.kill()
        unlucky.wait()
        assert there.store.star.committed() == []
        _, err = stage.communicate(timeout=60)
    assert stage.returncode == 0, err
    assert len(blocks()) == 40
    assert there.files() == here.files()
    made = storage.files(bucket)
    for name, data in here_files(here).items():
        assert made.pop(f"etl/2_star/{there.star.run}/{name}") == data
    assert {name for name in made if "2_star" in name} == {f"etl/2_star/{there.star.run}/manifest.json"}


def here_files(house: House) -> dict[str, bytes]:
    """Read the files of a star on the disk, but its manifest."""
    folder = house.store.star.path(house.star.run)
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    del found["manifest.json"]
    return found


def test_a_worker_that_may_not_read_the_bucket_is_a_sentence(
    tmp_path: Path, bucket: str, storage: Emulator, scheduler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, with why; nothing is committed."""
    there = house(tmp_path / "there", bucket)
    with running_proxy(storage.url) as proxy, ExitStack() as stack:
        proxy.rules.append(forbidden())
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("STORAGE_EMULATOR_HOST", proxy.url)
            stack.enter_context(worker(scheduler))
        done = there.script(EXECUTOR=address(scheduler))
    assert done.returncode == 1
    assert "The worker tcp://127.0.0.1:" in done.stderr
    assert f"does not see gs://{bucket}/etl/2_star/" in done.stderr
    assert "this account is not allowed to" in done.stderr
    assert there.store.star.committed() == []
