"""The lock: one run at a time for each data folder."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.core.errors import LockError
from etl.core.lock import NIGHT, held, run_of_the_night

HOLDER = """
import sys, time
from pathlib import Path
from etl.core.lock import held
with held(Path(sys.argv[1]), "the night"):
    print("held", flush=True)
    sys.stdin.read()
"""

NIGHT_WITH_A_CHILD = """
import subprocess, sys
from pathlib import Path
from etl.core.lock import held
with held(Path(sys.argv[1]), "the night"):
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], close_fds=False)
    print(child.pid, flush=True)
    child.wait()
"""


@contextmanager
def running(program: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    """Stage, process and since when; exit code 75."""
    with running(HOLDER, tmp_path) as holder:
        holder.stdout.readline()
        with pytest.raises(LockError) as caught, held(tmp_path, "a stage"):
            pass
    assert f"Another run (the night, process {holder.pid}, since 2" in caught.value.message
    assert caught.value.exit_code == 75


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    """Although its note is still there."""
    with running(HOLDER, tmp_path) as holder:
        holder.stdout.readline()
    assert (tmp_path / "lock.holder").exists()
    with held(tmp_path, "a stage"):
        pass
    assert not (tmp_path / "lock.holder").exists()


def test_a_stage_whose_night_was_killed_still_keeps_others_out(tmp_path: Path) -> None:
    """It is still writing; the lock is free when it has ended."""
    with running(NIGHT_WITH_A_CHILD, tmp_path) as night:
        stage = int(night.stdout.readline())
        night.kill()
        night.wait()
        os.kill(stage, 0)
        with pytest.raises(LockError), held(tmp_path, "a stage"):
            pass
        night.stdin.close()  # the stage ends with its input
        night.stdout.read()
    with held(tmp_path, "a stage"):
        pass


@pytest.mark.parametrize("note", [None, "", "{", "[]", "null", '"x"', '{"pid": 1}', "\x00\xff"])
def test_a_note_that_cannot_be_read_is_no_reason_to_stumble(tmp_path: Path, note: str | None) -> None:
    """The lock counts, the note only explains it."""
    with held(tmp_path, "the night"):
        (tmp_path / "lock.holder").unlink()
        if note is not None:
            (tmp_path / "lock.holder").write_bytes(note.encode("latin-1"))
        with pytest.raises(LockError, match=r"^Another run holds"), held(tmp_path, "a stage"):
            pass


def test_the_lock_is_free_again_when_its_holder_fails(tmp_path: Path) -> None:
    """So that the next run need not wait for anybody."""
    with pytest.raises(ZeroDivisionError), held(tmp_path / "new" / "folder", "a stage"):
        raise ZeroDivisionError
    with held(tmp_path / "new" / "folder", "a stage"):
        pass


def test_folders_do_not_exclude_each_other(tmp_path: Path) -> None:
    """Two companies on one machine run at once."""
    with held(tmp_path / "one", "a stage"), held(tmp_path / "other", "a stage"):
        pass


@pytest.mark.parametrize("stray", ["", "20300131T023000Z", "20300131T023000Z:", "20300131T023000Z:1"])
def test_only_a_night_that_is_our_parent_counts(monkeypatch: pytest.MonkeyPatch, stray: str) -> None:
    """A variable that somebody exported long ago does not."""
    monkeypatch.setenv(NIGHT, stray)
    assert run_of_the_night() is None
    monkeypatch.setenv(NIGHT, f"20300131T023000Z:{os.getppid()}")
    assert run_of_the_night() == "20300131T023000Z"


def test_a_stage_of_a_night_uses_its_run_and_needs_no_lock_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night holds it for all three."""
    with held(tmp_path, "the night"):
        monkeypatch.setenv(NIGHT, f"20300131T023000Z:{os.getppid()}")
        with held(tmp_path, "a stage"):
            pass
        assert (tmp_path / "lock.holder").exists()


def test_whoever_only_looks_keeps_nobody_out(tmp_path: Path) -> None:
    """A person asks for the status at the very moment at which cron starts the night: that takes the lock to see."""
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        seen = threading.Timer(0.02, fcntl.flock, (lock, fcntl.LOCK_UN))
        seen.start()
        with held(tmp_path, "the night"):
            pass
        seen.join()
