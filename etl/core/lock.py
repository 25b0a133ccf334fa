"""One run at a time for each data folder.

The lock is the kernel's, on an open file: it ends with the last process that has the file open, however that one ends.
The night's stages inherit it, so that a stage whose night was killed still keeps others out. A data folder in a bucket
has besides an object that says who works there, for other machines; what this one has left there, it takes over.
"""

import fcntl
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.core.errors import LockError, StorageError
from etl.core.folders import create, is_remote
from etl.core.log import log

NIGHT = "ETL_NIGHT"
"""What `etl night` hands its stages in the environment: "<run>:<its process id>". It holds the lock for them."""


_TIMES, _PAUSE = 5, 0.02


def run_of_the_night() -> str | None:
    """Name the run that this process is a stage of; None where no night started it."""
    run, _, holder = os.environ.get(NIGHT, "").partition(":")
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
    with locked(folder / "lock", folder / "lock.holder", stage) as (lock, told):
        os.set_inheritable(lock, True)
        with _claimed(data, told, lock) if data and is_remote(data) else nullcontext():
            yield


@contextmanager
def locked(path: Path, note: Path, stage: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Hold the lock on a file; raises LockError naming the holder where another process does.

    note: the file that says who holds it. Gives the open file, and what the note says.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _taken(lock):
            raise LockError(f"{_holder(note)} holds {path}.", "Wait until it has ended.")
        since = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"pid": os.getpid(), "stage": stage, "since": since}
        with suppress(OSError):  # a full disk: the lock counts, the note only explains it
            note.write_text(json.dumps(told), encoding="utf-8")
        try:
            yield lock, told
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


@contextmanager
def _claimed(data: Path, told: dict[str, Any], lock: int) -> Iterator[None]:
    """Keep other machines out of a bucket's folder by an object. One that was left under our lock is a dead run's."""
    claim = data / "lock"
    told |= {"host": socket.gethostname(), "lock": _number(lock)}
    try:
        create(claim, json.dumps(told).encode())
    except FileExistsError:
        if _read(claim).get("lock") != told["lock"]:
            raise LockError(
                f"{_holder(claim)} holds {claim}.",
                "Wait until it has ended; if that machine is dead for good, remove that object.",
            ) from None
        claim.write_text(json.dumps(told))
    try:
        yield
    finally:
        try:
            claim.unlink(missing_ok=True)
        except StorageError as error:
            log.warning("%s stays, for this machine's next run to take over: %s", claim, error.message)


def _number(lock: int) -> str:
    """Give a lock file's number, drawn when it is first asked for: hosts may be called alike."""
    if known := os.pread(lock, 32, 0):
        return known.decode()
    os.pwrite(lock, uuid.uuid4().hex.encode(), 0)
    return _number(lock)


def holder(folder: Path, data: Path | None = None) -> str | None:
    """Say who holds a folder's lock, or another machine the data folder; None where nobody does."""
    path, ours = folder / "lock", ""
    if path.exists():
        with path.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(folder / "lock.holder")
            ours = lock.read().decode()
    claim = data / "lock" if data and is_remote(data) else None
    return _holder(claim) if claim and claim.is_file() and _read(claim).get("lock") != ours else None


def _holder(note: Path) -> str:
    holder = _read(note)
    try:
        where = f" on {holder['host']}" if "host" in holder else ""
        return f"Another run ({holder['stage']}, process {holder['pid']}{where}, since {holder['since']})"
    except LookupError:
        return "Another run"


def _read(note: Path) -> dict[str, Any]:
    """Read who left a note; nothing where it cannot be read."""
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
