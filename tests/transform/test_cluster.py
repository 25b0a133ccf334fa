"""Stage 2 on a Dask cluster: the same bytes as here, whatever happens to a worker; what is said of a useless one."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from etl.core import cluster
from etl.core.fingerprint import fingerprint
from tests.transform.certificates import made_certificates
from tests.transform.dask_cluster import address, running_scheduler, until, worker
from tests.transform.house import FACT_SALE, STREAMED_SHOP, House, shops
from tests.transform.test_doubled_keys import touched

pytest.importorskip("distributed", reason="Dask is not installed")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the file in which a running scheduler tells its address."""
    with running_scheduler(tmp_path_factory.mktemp("cluster")) as file:
        yield file


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house whose sales come in 60 blocks, some of them twice."""
    house = House(tmp_path, dim_shop=STREAMED_SHOP, fact_sale=FACT_SALE)
    house.raw(10, shops=shops(1, 2, 3), sales=touched(*(f"{n % 570} {n % 4} {n}.25 {n}" for n in range(600))))
    return house


def test_a_cluster_builds_the_same_bytes(house: House, scheduler: Path) -> None:
    """Scheduler and two workers as processes of their own; the star is that of this machine's workers."""
    house.build()
    here = house.files()
    with worker(scheduler), worker(scheduler):
        done = house.script(EXECUTOR=address(scheduler))
    assert done.returncode == 0, done.stderr
    assert len(house.store.star.committed()) == 2
    assert house.files() == here


def test_a_killed_worker_costs_nothing_but_time(house: House, scheduler: Path) -> None:
    """What it had not told yet another one does again: nothing is lost or doubled."""
    house.build()
    here = house.files()
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
    assert house.files() == here


def test_a_worker_that_lives_on_builds_with_the_tables_of_tonight(house: House, scheduler: Path) -> None:
    """A file was changed between two nights: the star is that of this machine's workers, with the new code."""
    with worker(scheduler):
        assert house.script(EXECUTOR=address(scheduler)).returncode == 0
        house.write(
            fact_sale=FACT_SALE.replace("    return sales", "    return sales.assign(price=sales['price'] * 2)")
        )
        done = house.script(EXECUTOR=address(scheduler))
        assert done.returncode == 0, done.stderr
        there = house.files()
    house.build()
    assert house.files() == there
    assert {row["price"] % 1 for row in house.rows("fact_sale")} == {Decimal("0.50")}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"engine": "older"}, "runs another version of this project"),
        ({"code": "older"}, "sees other table files in "),
        ({"folder": Path("/nowhere")}, "does not see /nowhere: it is not there"),
    ],
)
def test_a_worker_with_other_code_is_refused(house: House, changed: dict[str, object], why: str | None) -> None:
    """It may have been started from another checkout, or before an update."""
    tables = house.tables_dir
    ours = cluster._Ours(house.folder, tables, fingerprint(tables), cluster._ENGINE)
    fault = cluster._fault(replace(ours, **changed))
    assert (fault[0][: len(why)] if fault and why else fault) == why


def test_a_cluster_that_is_reached_by_tls_builds_the_same_bytes(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With certificates on both sides; without one, or with another authority's, nobody is let in."""
    house.build()
    here, folder = house.files(), tmp_path_factory.mktemp("tls")
    ours, others = made_certificates(folder / "ours"), made_certificates(folder / "others")
    with running_scheduler(folder, *ours.options) as scheduler, worker(scheduler, *ours.options):
        done = house.script(EXECUTOR=address(scheduler), **ours.settings)
        assert done.returncode == 0, done.stderr
        assert house.files() == here
        for stranger in (others.settings, ours.settings | {"EXECUTOR_CA": others.settings["EXECUTOR_CA"]}):
            done = house.script(EXECUTOR=address(scheduler), **stranger)
            assert done.returncode == 1
            assert f"The Dask scheduler at {address(scheduler)} does not answer." in done.stderr
        done = house.script(EXECUTOR=address(scheduler).replace("tls://", "dask://"))
        assert done.returncode == 1
        done = house.script(EXECUTOR=address(scheduler), **ours.settings | {"EXECUTOR_KEY": str(folder / "gone.pem")})
        assert done.returncode == 2
        assert "gone.pem) cannot be used: No such file or directory." in done.stderr


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
