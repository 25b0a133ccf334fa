"""One run at a time for each data folder."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from etl.core.errors import LockError

NIGHT = "ETL_NIGHT"
"""What `etl night` hands its stages in the environment: "<run>:<its process id>". It holds the lock for them."""


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
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockError(f"{_holder(note)} holds {folder / 'lock'}.", "Wait until it has ended.") from None
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        note.write_text(json.dumps({"pid": os.getpid(), "stage": stage, "since": since}), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "Another run"
    return f"Another run ({holder['stage']}, process {holder['pid']}, since {holder['since']})"
