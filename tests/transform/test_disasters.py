"""Disasters: a worker that is killed, a disk that is full. Nothing is committed, and the next run is fine."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.survival.kills import workers_of
from tests.transform.house import DIM_SHOP, FACT_SALE, House, Raw, sales, shops

SLOW = FACT_SALE.replace(
    "    return sales[",
    """    import pathlib
    import time

    if (pathlib.Path(__file__).parent / "slow").exists():
        time.sleep(60)
    return sales[""",
)


def test_a_killed_worker_ends_the_run_with_a_sentence(house: House) -> None:
    """SIGKILL, as the kernel sends it for want of memory: exit 1, nothing is committed, the next run is fine."""
    house.write(fact_sale=SLOW)
    (house.tables_dir / "slow").touch()
    house.raw(1, shops=shops(1), sales=sales("1 1 1.00", "2 1 1.00"))
    script = subprocess.Popen(house.command(), stderr=subprocess.PIPE, text=True)
    working = house.store.star.folder
    deadline = time.monotonic() + 30
    while not list(working.glob(".*/dim_shop.csv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(workers_of(script.pid)[0], signal.SIGKILL)
    told = script.communicate(timeout=30)[1]
    assert script.returncode == 1
    assert "Error: A worker process was killed" in told
    assert "Traceback" not in told
    assert list(working.iterdir()) == []
    (house.tables_dir / "slow").unlink()
    assert house.script().returncode == 0
    assert len(house.rows("fact_sale")) == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount the small file system that is to be filled")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_the_run_with_a_sentence(small_disk: Path) -> None:
    """While a worker writes: exit 1, nothing is committed and nothing left behind."""
    house = House(small_disk, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    many = [(str(n), f"Shop {n} " + "x" * 40) for n in range(9_000)]
    house.raw(10_000, shops=Raw("shop_id int64, name string", many, ("shop_id",)), sales=sales("1 1 1.00"))
    done = house.script()
    assert done.returncode == 1
    assert "Error: The disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(house.store.star.folder.iterdir()) == []
