"""The lock: one run at a time for each data folder."""

import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.core.claim import is_of_a_dead_run
from etl.core.errors import LockError
from etl.core.lock import NIGHT_VARIABLE, held, holder, locked, run_of_the_night

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
    monkeypatch.setenv(NIGHT_VARIABLE, stray)
    assert run_of_the_night() is None
    monkeypatch.setenv(NIGHT_VARIABLE, f"20300131T023000Z:{os.getppid()}")
    assert run_of_the_night() == "20300131T023000Z"


def test_a_stage_of_a_night_uses_its_run_and_needs_no_lock_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night holds it for all three."""
    with held(tmp_path, "the night"):
        monkeypatch.setenv(NIGHT_VARIABLE, f"20300131T023000Z:{os.getppid()}")
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


@pytest.mark.parametrize("left", [[], ["lock"], ["lock", "lock.holder"]])
def test_a_lock_whose_file_is_removed_is_still_held(tmp_path: Path, left: list[str]) -> None:
    """Somebody tidies up in mid-night: no second one begins, not even after the file was made again."""
    with running(HOLDER, tmp_path) as running_one:
        running_one.stdout.readline()
        for name in left:
            (tmp_path / name).unlink()
        for _ in range(2):
            with pytest.raises(LockError), held(tmp_path, "a stage"):
                pass
            assert str(holder(tmp_path)).startswith("Another run")
    with held(tmp_path, "a stage"):
        pass
    assert holder(tmp_path) is None


def test_a_file_that_is_removed_before_it_is_locked_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the opening and the locking another process puts its own there, and holds that."""
    path, flock, others = tmp_path / "lock", fcntl.flock, []

    def slow(descriptor: int, how: int) -> None:
        if not others:
            path.unlink()
            others.append(os.open(path, os.O_RDWR | os.O_CREAT))
            flock(others[0], fcntl.LOCK_EX)
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    with pytest.raises(LockError), locked(path, tmp_path / "note", "a stage"):
        pass
    os.close(others[0])


def test_a_file_system_that_locks_no_folders_has_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS wants a folder to be open for writing, which it cannot be."""
    flock = fcntl.flock

    def as_nfs(descriptor: int, how: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", as_nfs)
    with held(tmp_path, "the night"), pytest.raises(LockError), held(tmp_path, "a stage"):
        pass


OURS = {"host": "etl", "machine": ["4f2a", "02:42:ac:11:00:02", "/srv/etl"], "boot": "b1", "folder": [66, 128]}
LONG_AGO, AHEAD = "2001-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("claim", "is_dead"),
    [
        ({}, True),
        ({"boot": "b0", "since": LONG_AGO}, True),  # this machine was switched off in mid-night
        ({"boot": "b0", "since": LONG_AGO, "folder": [67, 128]}, True),  # disks may be numbered anew then
        ({"boot": "b0", "since": AHEAD}, False),  # a clone that passes for us, at work while we are
        ({"boot": "b0"}, False),
        ({"boot": "b0", "since": "yesterday"}, False),
        ({"folder": [66, 129]}, False),  # a copy of the folder on this machine, or in another container of it
        ({"host": "etl-2"}, False),
        ({"machine": ["4f2b", *OURS["machine"][1:]]}, False),
        ({"machine": [OURS["machine"][0], "02:42:ac:11:00:03", OURS["machine"][2]]}, False),
        ({"machine": [*OURS["machine"][:2], "/srv/other"]}, False),
    ],
)
def test_a_claim_is_taken_over_from_the_same_machine_alone(claim: dict[str, object], is_dead: bool) -> None:
    """A clone of its image is another one."""
    assert is_of_a_dead_run(OURS | claim, OURS) is is_dead
    assert not is_of_a_dead_run({"pid": 7, "host": "etl", "lock": "0123"}, OURS)  # of an older version
    assert not is_of_a_dead_run({}, OURS)
