"""The disk fills: at each stage by itself, and while a night is under way."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.core import nights
from tests.survival.company import Shop, look_of
from tests.survival.disk import Disk, small_disk
from tests.survival.kills import DOWNLOAD, LOAD, STAGES, TRANSFORM
from tests.survival.reader import look

_KB = 1024


class SmallShop(Shop):
    """A company whose data folder is a disk that is soon full."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        super().__init__(folder)
        self.disk = disk
        self.settings |= {"WORKERS": "1", "KEEP_RUNS": "20", "DATA_DIR": str(disk.place)}

    def script(self, name: str, *options: str) -> list[str]:
        """Give the command line, to be run where the disk is mounted."""
        return self.disk.command(super().script(name, *options))

    @property
    def committed(self) -> list[str]:
        """Name all committed runs."""
        return sorted(str(path.relative_to(self.disk.seen)) for path in self.disk.seen.glob("[123]_*/2*"))

    def look(self) -> list[list[object]]:
        """Read what is published; DuckDB itself cannot look through /proc."""
        return look(Path(shutil.copy(self.disk.seen / "warehouse.duckdb", self.folder)))

    def fails(self, name: str) -> None:
        """Run a script for which there is no room: one sentence, nothing committed, nothing changed for readers."""
        before, seen = self.committed, self.look()
        done = self.run(name)
        self.refused(done.returncode, done.stderr)
        assert self.committed == before
        assert self.look() == seen

    def refused(self, code: int, said: str) -> None:
        """See that a full disk is told: one error, which names the folder, and the cure.

        Exit code 1, or 3 where a guard sees before the first byte that what is free will not do.
        """
        assert code == (3 if "night:disk" in said else 1), said
        error, *more = said[said.index("Error: ") :].partition("Try: ")
        assert "Error: " not in "".join(more)
        assert str(self.disk.place) in error
        assert "room" in error or "No space left on device" in error or " free." in error or "disk is full" in error
        assert "Try: " in said
        assert "Traceback" not in said
        assert "Logging error" not in said

    def goes_well(self, name: str) -> None:
        """Run a script for which there is room again."""
        self.disk.make_room()
        done = self.run(name)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallShop]:
    """Give a company with a published night, and with room."""
    folder = tmp_path_factory.mktemp("small")
    with small_disk(folder / "disk", "40m") as disk:
        shop = SmallShop(folder / "shop", disk)
        shop.goes_well("night")
        yield shop


def test_a_stage_that_finds_no_room_says_so_and_is_run_again(small: SmallShop) -> None:
    """Whether there is none at its first byte or at a later one; last night stays published and readable."""
    small.next_night()
    for stage, rooms in ((DOWNLOAD, (0,)), (TRANSFORM, (0, 24)), (LOAD, (0, 300))):
        for room in rooms:
            small.disk.fill(but=room * _KB)
            small.fails(stage)
        small.goes_well(stage)
    assert small.look() == look_of(small.night_number)


def test_a_night_that_finds_no_room_says_so_and_its_log_stands_in_nobodys_way(small: SmallShop) -> None:
    """At its start, or because the disk fills under way: no word of the log's own trouble; the next one goes well."""
    small.next_night()
    small.disk.fill()
    small.fails("night")
    for stage in (TRANSFORM, LOAD):
        small.disk.make_room()
        committed, published = small.committed, small.look()
        night = subprocess.Popen(small.script("night"), env=os.environ, stderr=subprocess.PIPE, text=True)
        wait_for_runs(small, len(committed) + STAGES.index(stage), night)
        small.disk.fill()
        _, said = night.communicate(timeout=60)
        small.refused(night.returncode, said)
        assert small.look() == published
    small.goes_well("night")
    assert small.look() == look_of(small.night_number)
    assert not list((small.disk.seen / "nights").glob(".*"))
    assert nights.records(small.disk.seen)[-1].exit_code == 0


def wait_for_runs(small: SmallShop, count: int, night: subprocess.Popen[str]) -> None:
    """Wait until a night under way has committed so many runs."""
    give_up = time.monotonic() + 60
    while len(small.committed) < count:
        assert night.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.005)
