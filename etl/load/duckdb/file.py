"""The DuckDB file: a copy is changed where no reader looks, and takes the file's place by a rename.

Everything that a person keeps in the file is in the copy, too. Two loads cannot be at it at once: the lock beside the
file is held from `lock` to `close`. A program that wrote into the file meanwhile is noticed before the rename.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from etl.core.errors import WarehouseError
from etl.core.folders import sync
from etl.core.lock import locked
from etl.core.log import log

_PRIVATE = 0o600
"""The mode of a new file; a person may widen it for readers, and it stays so."""

_AT_ONCE = 2**30
"""Bytes that are copied by one call."""

Stamp = tuple[int, int, int] | None
"""Inode, size and time of change of a file; None where there is none."""


class DuckDBFile:
    """A DuckDB file. work: the folder, of this process alone, in which its next version is made.

    published: the mark of the version that took the file's place last.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))  # a link stays a link
        self.work = self.path.with_name(f"{self.path.name}.{os.getpid()}.work")
        self.published: str | None = None
        self._held = ExitStack()
        self._locked = False

    def lock(self) -> None:
        """Keep other loads out until `close`, and remove what killed ones left. Raises LockError, OSError."""
        if self._locked:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(self.path.name + ".lock")
        self._held.enter_context(locked(beside, beside.with_name(beside.name + ".holder"), "LoadFilesBQ.py"))
        self._locked = True
        for left in self.path.parent.glob(f"{self.path.name}.*.work"):
            shutil.rmtree(left)

    def close(self) -> None:
        """Let other loads in."""
        self.clear()
        self._held.close()
        self._locked = False

    def clear(self) -> None:
        """Remove the working folder."""
        shutil.rmtree(self.work, ignore_errors=True)

    @contextmanager
    def next_version(self) -> Iterator[Path]:
        """Yield the path of a copy to be changed, or of nothing yet; it replaces the file if the block raises nothing.

        The block is to keep the file open for reading, so that no other program can open it for writing.
        """
        new, before = self.work / "new", self._stamp()
        self.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if before[0]:
                began = time.monotonic()
                _copy(self.path, new)
                if before[1]:
                    _copy_bytes(_log_of(self.path), _log_of(new))
                told = (f"{new.stat().st_size / 1e6:,.1f}", self.path.name, time.monotonic() - began)
                log.info("load: copied %s MB of %s in %.1f s", *told)
            yield new
            if not before[0]:
                new.chmod(_PRIVATE)
            if self._stamp() != before:
                raise WarehouseError(
                    f"Another program wrote into {self.path} while the new tables were being built.",
                    "Close it there, then run LoadFilesBQ.py again: what it wrote is kept.",
                )
            self._replace(new)
        finally:
            new.unlink(missing_ok=True)
            _log_of(new).unlink(missing_ok=True)

    def mark(self) -> str | None:
        """Write what is another after every change of the file; None where there is none."""
        return _mark(*self._stamp())

    def _replace(self, new: Path) -> None:
        """Rename the new file over the old one, for good even if the machine stops now."""
        sync(new)
        self.published = _mark(_stamp(new), None)  # the rename changes none of it; what somebody does after it, does
        # What a crashed writer left belongs to the old file; the copy has it already.
        _log_of(self.path).unlink(missing_ok=True)
        new.replace(self.path)
        sync(self.path.parent)

    def _stamp(self) -> tuple[Stamp, Stamp]:
        return _stamp(self.path), _stamp(_log_of(self.path))


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _mark(file: Stamp, log_of_changes: Stamp) -> str | None:
    return f"{file} {log_of_changes}" if file else None


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _copy(path: Path, new: Path) -> None:
    """Copy a file with its mode, access list and, as far as this user may, its owner and group."""
    _copy_bytes(path, new)
    shutil.copystat(path, new)
    wanted, made = path.stat(), new.stat()
    if (wanted.st_uid, wanted.st_gid) == (made.st_uid, made.st_gid):
        return
    with suppress(OSError):
        os.chown(new, wanted.st_uid, -1)
    try:
        os.chown(new, -1, wanted.st_gid)
    except OSError:
        new.chmod(wanted.st_mode & 0o707)
        log.warning("load: %s can no longer be read by its group: this user is not a member of it.", path)


def _copy_bytes(path: Path, new: Path) -> None:
    """Copy a file's bytes; a file system that can (XFS, btrfs) lets both files share them, until one is changed."""
    with path.open("rb") as source, new.open("wb") as target:
        try:
            left = os.fstat(source.fileno()).st_size
            while left and (copied := os.copy_file_range(source.fileno(), target.fileno(), min(left, _AT_ONCE))):
                left -= copied
        except (AttributeError, OSError):  # not on this system, not between these folders
            left = -1
    if left:
        shutil.copyfile(path, new)
