"""Stage 2 on a Dask cluster: the same bytes as here, whatever happens to a worker; what is said of a useless one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.paths import ROOT
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops

pytest.importorskip("distributed", reason="Dask is not installed")

DEADLINE = 40.0
Process = subprocess.Popen[bytes]


@contextmanager
def started(folder: Path, *command: str) -> Iterator[Process]:
    """Run a program of Dask as it is started by hand, in the project's folder."""
    with (folder / f"{command[0]}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "dask", *command], cwd=ROOT, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    give_up = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the file in which a running scheduler tells its address."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    told = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    with started(folder, "scheduler", *told):
        until(file.exists)
        yield file


@contextmanager
def worker(scheduler: Path) -> Iterator[Process]:
    """Run a worker, which nobody starts again when it is killed."""
    told = ["--scheduler-file", str(scheduler), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    with started(scheduler.parent, "worker", *told) as process:
        yield process


def address(scheduler: Path) -> str:
    """Give the scheduler's address, as EXECUTOR wants it."""
    return str(json.loads(scheduler.read_text())["address"]).replace("tcp://", "dask://")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house whose sales come in 200 blocks."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(10, shops=shops(1, 2, 3), sales=sales(*(f"{n} {n % 4} {n}.25" for n in range(2000))))
    return house


def files(house: House) -> dict[str, str]:
    """Give the hash of every file of the newest star, and of its key maps."""
    star = house.star
    return {file.name: file.sha256 for table in star.tables.values() for file in table.files} | star.keys


def test_a_cluster_builds_the_same_bytes(house: House, scheduler: Path) -> None:
    """Scheduler and two workers as processes of their own; the star is that of this machine's workers."""
    house.build()
    here = files(house)
    with worker(scheduler), worker(scheduler):
        done = house.script(EXECUTOR=address(scheduler))
    assert done.returncode == 0, done.stderr
    assert len(house.store.star.committed()) == 2
    assert files(house) == here


def test_a_killed_worker_costs_nothing_but_time(house: House, scheduler: Path) -> None:
    """What it had not told yet another one does again: nothing is lost or doubled."""
    house.build()
    here = files(house)
    with worker(scheduler) as unlucky, worker(scheduler):
        variables = os.environ | {"EXECUTOR": address(scheduler)}
        stage = subprocess.Popen(house.command(), env=variables, stderr=subprocess.PIPE, text=True)
        until(lambda: len(list(house.store.star.folder.glob(".*/fact_sale.*.csv"))) > 5)
        unlucky.kill()
        unlucky.wait()
        assert not list(house.store.star.folder.glob(".*/manifest.json"))
        _, err = stage.communicate(timeout=60)
    assert stage.returncode == 0, err
    assert len(house.store.star.committed()) == 2
    assert files(house) == here


def test_a_cluster_of_no_use_is_a_sentence(house: House, scheduler: Path, tmp_path: Path) -> None:
    """No scheduler, no worker, a worker that does not see the data: nothing is committed."""
    done = house.script(EXECUTOR="dask://127.0.0.1:9")
    assert done.returncode == 1
    assert "The Dask scheduler at dask://127.0.0.1:9 does not answer." in done.stderr
    done = house.script(EXECUTOR=address(scheduler))
    assert done.returncode == 1
    assert "has no worker" in done.stderr
    assert house.store.star.committed() == []


def test_an_address_that_is_none_is_a_fault_of_the_settings(house: House) -> None:
    """Exit code 2."""
    done = house.script(EXECUTOR="127.0.0.1:8786")
    assert done.returncode == 2
    assert "EXECUTOR" in done.stderr
