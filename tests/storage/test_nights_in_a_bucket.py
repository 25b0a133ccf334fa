"""Whole nights whose data folder is in a bucket: the star of a disk to the byte, and what stays on the machine."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from etl.core.runs import Store
from tests.storage.cloud import Emulator, bucket_store, of_raw, of_star
from tests.survival.company import Shop


@dataclass
class Nights:
    """Two companies of the same rows, one with its data on the disk, and `shop`, whose data are in a bucket."""

    shop: Shop
    here: Store
    there: Store
    bucket: str
    done: subprocess.CompletedProcess[str]

    def etl(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the project over the bucket."""
        name, *others = command
        return self.shop.ended([sys.executable, "-m", "etl", name, "--env", str(self.shop.env), *others])


@pytest.fixture(scope="module")
def nights(storage: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """Run both nights."""
    disk, shop = Shop(tmp_path_factory.mktemp("disk")), Shop(tmp_path_factory.mktemp("shop"))
    bucket, local = storage.bucket(), shop.folder / "machine"
    shop.settings |= {"DATA_DIR": f"gs://{bucket}/etl", "LOCAL_DIR": str(local)}
    with pytest.MonkeyPatch.context() as environment, ThreadPoolExecutor() as both:
        environment.setenv("STORAGE_EMULATOR_HOST", storage.url)
        for done in both.map(Shop.night, (disk, shop)):
            assert done.returncode == 0, done.stderr
        yield Nights(shop, Store(disk.data), bucket_store(bucket, local), bucket, done)


def test_the_star_is_that_of_a_disk_to_the_byte(nights: Nights, storage: Emulator) -> None:
    """Raw files, star, key maps, rejects: each file has the bytes, and the manifests' receipts are the same."""
    here, there = nights.here, nights.there
    assert of_raw(there.raw.newest("")) == of_raw(here.raw.newest(""))
    assert of_star(there.star.newest("")) == of_star(here.star.newest(""))
    every = storage.files(nights.bucket).items()
    made = {name.split("/", 3)[3]: data for name, data in every if not name.endswith(("folder.id", "manifest.json"))}
    disk = [stage.path(stage.committed()[-1]) for stage in (here.raw, here.star)]
    files = {str(path.relative_to(run)): path for run in disk for path in run.rglob("*.*") if path.is_file()}
    del files["manifest.json"]
    assert made == {name: path.read_bytes() for name, path in files.items()}


def test_what_is_of_one_machine_stays_there(nights: Nights, storage: Emulator) -> None:
    """In the bucket are the runs of the three stages and no lock; lock, logs and warehouse are on the disk."""
    assert {name.split("/")[1] for name in storage.files(nights.bucket)} == {"1_raw", "2_star", "3_loaded", "folder.id"}
    assert {path.name for path in nights.there.local.iterdir()} == {
        *("lock", "nights", "warehouse.duckdb", "warehouse.duckdb.lock")
    }
    assert f"receipts: gs://{nights.bucket}/etl; logs: {nights.there.local}\n" in nights.done.stdout


def test_the_looks_work(nights: Nights) -> None:
    """`status`, `why`, `preview --from-raw` and `doctor` read the bucket."""
    status = nights.etl("status")
    assert status.returncode == 0, status.stderr
    assert "LoadFilesBQ.py" in status.stdout
    assert f", run {nights.there.loaded.committed()[-1]}, star" in status.stdout
    why = nights.etl("why", "fact_sale")
    assert f"Published in run {nights.there.loaded.committed()[-1]}." in why.stdout
    assert str(nights.there.star.newest("").tables["fact_sale"].receipt.hash_sum) in why.stdout
    preview = nights.etl("preview", "fact_sale", "--from-raw")
    assert f"The rows are those of raw run {nights.there.raw.committed()[-1]}." in preview.stdout, preview.stderr
    doctor = nights.etl("doctor", "--only", "machine")
    assert f"The data folder gs://{nights.bucket}/etl can be used." in doctor.stdout, doctor.stdout + doctor.stderr
    assert "A bucket has room." in doctor.stdout
