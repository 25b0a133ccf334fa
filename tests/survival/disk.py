"""A small disk of a test's own, in a mount namespace that goes away with it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.paths import ROOT

_KEEP = 'mount -t tmpfs -o "size=$2" tmpfs "$1" && echo mounted && exec cat'


class Disk:
    """A disk that is mounted at `place`, for those commands only that are run on it."""

    def __init__(self, place: Path, keeper: int) -> None:
        self.place, self._keeper = place, keeper

    @property
    def seen(self) -> Path:
        """Where it is seen from outside."""
        return Path(f"/proc/{self._keeper}/root{self.place}")

    def command(self, command: list[str]) -> list[str]:
        """Give the command that runs a command where the disk is mounted."""
        return ["nsenter", "--target", str(self._keeper), "--mount", "env", f"--chdir={ROOT}", *command]

    def fill(self, but: int = 0) -> None:
        """Let another program fill it, but for so many bytes."""
        self.make_room()
        free = shutil.disk_usage(self.seen).free
        with (self.seen / "another_program").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(free - but, 1))

    def make_room(self) -> None:
        """Take away what filled it."""
        (self.seen / "another_program").unlink(missing_ok=True)


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Disk]:
    """Mount a disk of `size` (e.g. 20m) at an empty folder; skip the test where that is not allowed."""
    place.mkdir()
    keeper = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", _KEEP, "sh", str(place), size],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with keeper:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != "mounted\n":
            pytest.skip("this user may not mount the small disk that is to be filled")
        try:
            yield Disk(place, keeper.pid)
        finally:
            keeper.kill()
