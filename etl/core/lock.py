"""One run at a time for each data folder.

The lock is the kernel's, on an open file: it ends with the last process that has the file open, however that one ends.
The night's stages inherit it, so that a stage whose night was killed still keeps others out.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from etl.core.errors import LockError

NIGHT = "ETL_NIGHT"
"""What `etl night` hands its stages in the environment: "<run>:<its process id>". It holds the lock for them."""


_TIMES, _PAUSE = 5, 0.02


def run_of_the_night() -> str | None:
    """Name the run that this process is a stage of; None where no night started it."""
    run, _, holder = os.environ.get(NIGHT, "").partition(":")
    return run if holder == str(os.getppid()) else None


@contextmanager
def held(folder: Path, stage: str) -> Iterator[None]:
    """Hold the data folder's lock, which a dead holder's is not; raises LockError naming the holder otherwise."""
    if run_of_the_night():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "lock.holder"
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _taken(lock):
            raise LockError(f"{_holder(note)} holds {folder / 'lock'}.", "Wait until it has ended.")
        os.set_inheritable(lock, True)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(OSError):  # a full disk: the lock counts, the note only explains it
            note.write_text(json.dumps({"pid": os.getpid(), "stage": stage, "since": since}), encoding="utf-8")
        try:
            yield
        finally:
            note.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _taken(lock: int) -> bool:
    """Take the lock if nobody holds it. Whoever only looks (see `holder`) has it for an instant: that is waited out."""
    for _ in range(_TIMES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        else:
            return True
    return False


def holder(folder: Path) -> str | None:
    """Say who holds a data folder's lock; None where nobody does."""
    path = folder / "lock"
    if not path.exists():
        return None
    with path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(folder / "lock.holder")
    return None


def _holder(note: Path) -> str:
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
        return f"Another run ({holder['stage']}, process {holder['pid']}, since {holder['since']})"
    except (OSError, ValueError, LookupError, TypeError):
        return "Another run"
