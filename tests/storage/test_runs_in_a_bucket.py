"""Runs in a bucket: absent until the manifest is there, which comes last and goes first; and who keeps whom out."""

import json
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.core import nights
from etl.core.errors import DataError, LockError, StorageError
from etl.core.folders import link
from etl.core.lock import held, holder
from etl.core.manifest import LoadedManifest
from etl.core.nights import NightRecord
from etl.core.runs import Runs, Store
from etl.due import published_between
from tests.core.test_runs import commit, manifest
from tests.load.proxy import lost_answer
from tests.storage.cloud import Emulator, Preconditions, bucket_store, forbidden
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops

DAYS = [f"2030010{day}T000000Z" for day in range(1, 6)]

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from tests.core.test_runs import manifest
from tests.storage.cloud import bucket_store
runs = bucket_store(sys.argv[1], Path(sys.argv[2])).loaded
with runs.working("20300102T000000Z") as folder:
    (folder / "file.csv").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def store(bucket: str, tmp_path: Path) -> Store:
    """The data folder."""
    return bucket_store(bucket, tmp_path)


@pytest.fixture
def runs(store: Store) -> Runs[LoadedManifest]:
    """The runs of one of its stages."""
    return store.loaded


def test_a_run_is_seen_when_its_manifest_is_there(bucket: str, storage: Emulator, runs: Runs[LoadedManifest]) -> None:
    """Not before; then it is whole."""
    with runs.working(DAYS[0]) as folder:
        (folder / "deep" / "file.csv").write_text("x")
        assert storage.files(bucket).keys() == {f"etl/3_loaded/{DAYS[0]}/deep/file.csv"}
        assert runs.committed() == []
        with pytest.raises(DataError, match="No run is committed in gs://"):
            runs.newest("")
        runs.commit(folder, manifest(DAYS[0]), keep=7)
    assert runs.newest("").run == DAYS[0]
    assert (runs.path(DAYS[0]) / "deep" / "file.csv").read_text() == "x"


def test_the_manifest_comes_last_and_goes_first(tmp_path: Path, bucket: str, cloud: Preconditions) -> None:
    """In the order of the requests; of runs beyond those to be kept the manifest is removed before all else."""
    runs = bucket_store(bucket, tmp_path).loaded
    commit(runs, DAYS[0])
    assert cloud.made == [f"etl/3_loaded/{DAYS[0]}/{name}" for name in ("deep/file.csv", "manifest.json")]
    assert cloud.count("ifGenerationMatch=0") == 1
    cloud.seen.clear()
    commit(runs, DAYS[1], keep=1)
    removed = [request.rpartition("%2F")[2] for request in cloud.seen if request.startswith("DELETE")]
    assert removed == ["manifest.json", "file.csv"]
    assert runs.committed() == [DAYS[1]]


def test_a_reader_finds_every_run_that_it_sees_whole(tmp_path: Path, bucket: str, runs: Runs[LoadedManifest]) -> None:
    """It looks again and again while runs are committed and the oldest ones removed."""
    done, seen = threading.Event(), []
    reader = bucket_store(bucket, tmp_path).loaded

    def look() -> None:
        while not done.is_set():
            for run in reader.committed()[-1:]:
                seen.append((reader.read(run).run, (reader.path(run) / "deep" / "file.csv").read_text()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for day in DAYS:
            commit(runs, day, keep=2, text=day)
    finally:
        done.set()
        thread.join()
    assert len({run for run, _ in seen}) > 1
    assert all(run == text for run, text in seen)
    assert runs.committed() == DAYS[-2:]


def test_a_killed_run_is_absent_and_the_next_removes_it(
    tmp_path: Path, bucket: str, storage: Emulator, runs: Runs[LoadedManifest]
) -> None:
    """It has no manifest; what is not named like a run is somebody else's, and stays."""
    commit(runs, DAYS[0])
    (runs.folder / "backup" / "file").write_text("theirs")
    command = [sys.executable, "-c", KILLED, bucket, str(tmp_path), str(ROOT)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -9
    assert f"etl/3_loaded/{DAYS[1]}/file.csv" in storage.files(bucket)
    assert runs.committed() == [DAYS[0]]
    commit(runs, DAYS[2])
    left = {name.split("/")[2] for name in storage.files(bucket)}
    assert left == {DAYS[0], DAYS[2], "backup"}


def test_a_run_that_fails_is_absent(bucket: str, storage: Emulator, runs: Runs[LoadedManifest]) -> None:
    """Nothing of it stays."""
    with pytest.raises(ZeroDivisionError), runs.working(DAYS[0]) as folder:
        (folder / "file.csv").write_text("half")
        raise ZeroDivisionError
    assert storage.files(bucket) == {}


def test_a_whole_bucket_may_be_the_data_folder(tmp_path: Path, bucket: str, storage: Emulator) -> None:
    """DATA_DIR=gs://bucket."""
    runs = bucket_store(bucket, tmp_path, "").loaded
    commit(runs, DAYS[0])
    commit(runs, DAYS[1], keep=1)
    assert runs.committed() == [DAYS[1]]
    assert storage.files(bucket).keys() == {f"3_loaded/{DAYS[1]}/{name}" for name in ("deep/file.csv", "manifest.json")}


def test_what_is_committed_is_never_written_again(runs: Runs[LoadedManifest]) -> None:
    """A second run of the same name is refused."""
    commit(runs, DAYS[0])
    with pytest.raises(DataError, match="is already committed"), runs.working(DAYS[0]):
        pass


def test_a_manifest_whose_answer_was_lost_is_committed_once(tmp_path: Path, bucket: str, cloud: Preconditions) -> None:
    """The second try finds its own."""
    runs = bucket_store(bucket, tmp_path).loaded
    cloud.rules.append(lost_answer("ifGenerationMatch=0"))
    commit(runs, DAYS[0])
    assert cloud.rules[0].times == 0
    assert runs.newest("").run == DAYS[0]


def test_a_commit_that_fails_leaves_the_files_to_the_next_run(
    tmp_path: Path, bucket: str, storage: Emulator, cloud: Preconditions
) -> None:
    """For its manifest may be under way yet: it must not come to be one of a run without files."""
    runs = bucket_store(bucket, tmp_path).loaded
    cloud.rules.append(forbidden("ifGenerationMatch=0"))
    with pytest.raises(StorageError, match="this account is not allowed to"):
        commit(runs, DAYS[0])
    assert storage.files(bucket).keys() == {f"etl/3_loaded/{DAYS[0]}/deep/file.csv"}
    cloud.rules.clear()
    commit(runs, DAYS[1])
    assert {name.split("/")[2] for name in storage.files(bucket)} == {DAYS[1]}


def test_files_are_copied_by_the_bucket_itself(tmp_path: Path, bucket: str, cloud: Preconditions) -> None:
    """No bytes come here: what --only keeps."""
    runs = bucket_store(bucket, tmp_path).loaded
    commit(runs, DAYS[0], text="x" * 1000)
    cloud.seen.clear()
    link(["deep/file.csv"], runs.path(DAYS[0]), runs.path(DAYS[1]))
    assert [request.split()[0] for request in cloud.seen] == ["POST"]
    assert (runs.path(DAYS[1]) / "deep" / "file.csv").read_text() == "x" * 1000


@pytest.fixture
def claim(bucket: str, tmp_path: Path, cloud: Preconditions) -> Path:
    """The lock object of a data folder, before which there is a proxy."""
    return bucket_store(bucket, tmp_path).folder / "lock"


def test_another_machine_is_kept_out(tmp_path: Path, claim: Path) -> None:
    """It is told who holds the lock, and how to remove it if that machine is dead; exit code 75."""
    with held(tmp_path / "here", "the night", claim.parent):
        assert json.loads(claim.read_text())["stage"] == "the night"
        with pytest.raises(LockError) as caught, held(tmp_path / "there", "a stage", claim.parent):
            pass
        assert "Another run (the night, process " in str(holder(tmp_path / "there", claim.parent))
    assert f"holds {claim}." in caught.value.message
    assert "if that machine is dead for good, remove that object" in caught.value.hint
    assert caught.value.exit_code == 75
    assert holder(tmp_path / "there", claim.parent) is None
    with held(tmp_path / "there", "a stage", claim.parent):
        pass


def test_what_this_machine_has_left_it_takes_over(tmp_path: Path, claim: Path, cloud: Preconditions) -> None:
    """A lock object that was left under its own lock, which nobody holds, is a dead run's."""
    with held(tmp_path, "the night", claim.parent):
        left = claim.read_text()
    claim.write_text(left)
    assert holder(tmp_path, claim.parent) is None
    with held(tmp_path, "a stage", claim.parent):
        assert json.loads(claim.read_text())["stage"] == "a stage"
    assert not claim.is_file()


def test_a_clone_of_this_machine_takes_nothing_over(tmp_path: Path, claim: Path, cloud: Preconditions) -> None:
    """Its disk is a copy, with all that lies on it; nor does the end of our run remove another one's claim."""
    with held(tmp_path / "here", "the night", claim.parent):
        shutil.copytree(tmp_path / "here", tmp_path / "clone")
        assert str(holder(tmp_path / "clone", claim.parent)).startswith("Another run (the night, process ")
        with pytest.raises(LockError), held(tmp_path / "clone", "the night", claim.parent):
            pass
        claim.unlink()
        with held(tmp_path / "clone", "the clone's night", claim.parent):
            theirs = claim.read_text()
            claim.write_text(theirs.replace("clone's", "other's"))
        assert claim.is_file()
    assert claim.is_file()


def test_a_night_in_a_bucket_is_due_by_the_records_of_this_machine(
    store: Store, runs: Runs[LoadedManifest], cloud: Preconditions
) -> None:
    """A run that was named when the clock was ahead began when its record says; else it would be run twice."""
    commit(runs, "20300103T000000Z")
    now = datetime(2030, 1, 2, 3, tzinfo=UTC)
    since = now - timedelta(hours=1)
    assert published_between(store, since, now) is None
    record = NightRecord(run="20300103T000000Z", started=now - timedelta(minutes=30))
    nights.write(store.local, record, keep=7)
    assert published_between(store, since, now) == record.run


def test_a_lock_that_cannot_be_removed_is_no_failure(tmp_path: Path, claim: Path, cloud: Preconditions) -> None:
    """The run was committed; the next run takes the lock over."""
    with held(tmp_path, "the night", claim.parent):
        cloud.rules.append(forbidden("^DELETE"))
    cloud.rules.clear()
    assert claim.is_file()
    with held(tmp_path, "a stage", claim.parent):
        pass
    assert not claim.is_file()


def test_only_keeps_the_other_tables_by_copies(tmp_path: Path, bucket: str, storage: Emulator) -> None:
    """The run is whole, its kept files and rejects are those of the last star, which may then be removed."""
    house = House(tmp_path, bucket, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.settings = house.settings.model_copy(update={"keep_runs": 1})
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99", "8 2 -1.00"))
    first = house.build()
    rows, rejects = house.rows("fact_sale"), house.rejects("fact_sale")
    second = house.build(only=("dim_shop",))
    assert house.store.star.committed() == [second.run]
    assert (house.rows("fact_sale"), house.rejects("fact_sale")) == (rows, rejects)
    assert second.tables["fact_sale"] == first.tables["fact_sale"]
    assert second.keys == first.keys
    assert not [name for name in storage.files(bucket) if first.run in name]
