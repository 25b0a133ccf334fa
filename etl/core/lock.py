"""One run at a time for each data folder.

The lock is the kernel's, on an open file and on the folder that it is in: it ends with the last process that has them
open, however that one ends, and it holds if somebody removes the file. The night's stages inherit it, so that a stage
whose night was killed still keeps others out. A data folder in a bucket has besides an object that says who works
there, for other machines (etl.core.claim).
"""

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.core.claim import claimed, other_claimant
from etl.core.errors import LockError
from etl.core.folders import is_remote
from etl.core.note import holder_of

NIGHT_VARIABLE = "ETL_NIGHT"
"""What `etl night` hands its stages in the environment: "<run>:<its process id>". It holds the lock for them."""


_TIMES, _PAUSE = 5, 0.02


def run_of_the_night() -> str | None:
    """Name the run that this process is a stage of; None where no night started it."""
    run, _, holder = os.environ.get(NIGHT_VARIABLE, "").partition(":")
    return run if holder == str(os.getppid()) else None


@contextmanager
def held(folder: Path, stage: str, data: Path | None = None) -> Iterator[None]:
    """Hold a folder's lock, which a dead holder's is not; raises LockError naming the holder otherwise.

    data: the data folder, where it is another one.
    """
    if run_of_the_night():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (
        locked(folder / "lock", folder / "lock.holder", stage, folder) as told,
        claimed(data, folder, told) if data and is_remote(data) else nullcontext(),
    ):
        yield


@contextmanager
def locked(path: Path, note: Path, stage: str, folder: Path | None = None) -> Iterator[dict[str, Any]]:
    """Hold the lock on a file; raises LockError naming the holder where another process does.

    note: the file that says who holds it. folder: that is locked as well, for a file can be removed; then processes
    that this one starts hold both, too. Gives what the note says.
    """
    locks = _taken(path, folder)
    if not locks:
        raise LockError(f"{holder_of(note)} holds {path}.", "Wait until it has ended.")
    try:
        for lock in locks:
            os.set_inheritable(lock, folder is not None)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"pid": os.getpid(), "stage": stage, "since": since}
        with suppress(OSError):  # a full disk: the lock counts, the note only explains it
            note.write_text(json.dumps(told), encoding="utf-8")
        try:
            yield told
        finally:
            note.unlink(missing_ok=True)
    finally:
        for lock in locks:
            os.close(lock)


def _taken(path: Path, folder: Path | None) -> list[int]:
    """Take the locks, if nobody holds one; returns what is open then. Whoever only looks has them for an instant."""
    for _ in range(_TIMES):
        locks = [os.open(path, os.O_RDWR | os.O_CREAT, 0o600)]
        if _lock(locks[0], fcntl.LOCK_EX) and _is_still(locks[0], path):
            if folder is None:
                return locks
            locks.append(os.open(folder, os.O_RDONLY))
            if _lock(locks[1], fcntl.LOCK_EX):
                return locks
        for lock in locks:
            os.close(lock)
        time.sleep(_PAUSE)
    return []


def _lock(descriptor: int, how: int) -> bool:
    """Take a lock, if nobody holds it; a file system that can only lock files has its way."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise
    return True


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that is there: it may have been removed before it was locked."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def holder(folder: Path, data: Path | None = None) -> str | None:
    """Return who holds a folder's lock, or another machine the data folder; None where nobody does."""
    for path in (folder / "lock", folder):
        if path.exists() and _is_locked(path):
            return holder_of(folder / "lock.holder")
    return other_claimant(data, folder) if data and is_remote(data) else None


def _is_locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return not _lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
