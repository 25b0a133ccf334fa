"""Where runs lie: the two ways in which a folder of runs is kept whole, on a disk and in a bucket of Cloud Storage.

On a disk, a run is written into a hidden folder, its manifest last, synced, and renamed. A bucket knows no renaming:
there a run is written in its place and is one as soon as it has its manifest, which is the last object to come, in one
step, and the first to go. Paths in a bucket have pathlib's interface (etl.core.storage), and its type for that reason.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol

from config import Settings
from etl.core.errors import StorageError, UsageError
from etl.core.log import log

MANIFEST = "manifest.json"
RUN_NAME = re.compile(r"\d{8}T\d{6}Z")


class Way(Protocol):
    """How the runs of one folder are written, committed and removed."""

    def names(self) -> list[str]:
        """Name what is committed there, somebody else's folders among it."""

    def working(self, run: str) -> Path:
        """Return a fresh folder in which a run can be written without being seen."""

    def commit(self, folder: Path, run: str, manifest: str) -> None:
        """Let a run be seen, whole and for good."""

    def discard(self, run: str) -> None:
        """Remove the working folder of a run unless it was committed."""

    def remove(self, run: str) -> None:
        """Remove a committed run: never seen half removed."""

    def remove_rubbish(self) -> None:
        """Remove what killed runs have left. Only the holder of the lock may call this."""


class Disk:
    """Runs on a disk: hidden until they are renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Name the folders."""
        return [path.name for path in self._folder.iterdir() if path.is_dir()] if self._folder.is_dir() else []

    def working(self, run: str) -> Path:
        """Make the hidden folder."""
        self._hidden(run).mkdir(parents=True)
        return self._hidden(run)

    def commit(self, folder: Path, run: str, manifest: str) -> None:
        """Write the manifest, sync all but links to files of committed runs, rename the working folder into place."""
        (folder / MANIFEST).write_text(manifest, encoding="utf-8")
        for path in [*folder.rglob("*"), folder]:
            if path.is_dir() or path.stat().st_nlink == 1:
                sync(path)
        folder.rename(self._folder / run)
        sync(self._folder)

    def discard(self, run: str) -> None:
        """Remove the hidden folder."""
        if self._hidden(run).exists():
            _remove_or_warn(self._hidden(run))

    def remove(self, run: str) -> None:
        """Hide a run, then remove it."""
        _remove_or_warn((self._folder / run).rename(self._hidden(run)))

    def remove_rubbish(self) -> None:
        """Remove the hidden folders."""
        for left in self._folder.glob(".*"):
            if RUN_NAME.fullmatch(left.name.removeprefix(".")) and (left.is_dir() or left.is_symlink()):
                _remove_or_warn(left)

    def _hidden(self, run: str) -> Path:
        return self._folder / f".{run}"


class Bucket:
    """Runs in Cloud Storage: absent until they have a manifest."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._fs = folder, _fs(folder)
        self._sealed = ""

    def names(self) -> list[str]:
        """Name the folders that have a manifest, by one listing."""
        return [name.partition("/")[0] for name in self._fs.named(_name(self._folder), f"*/{MANIFEST}")]

    def working(self, run: str) -> Path:
        """Return the run's own place."""
        return self._folder / run

    def commit(self, folder: Path, run: str, manifest: str) -> None:
        """Write the manifest, where none is yet."""
        self._sealed = run
        self._fs.create(_name(folder / MANIFEST), manifest.encode())

    def discard(self, run: str) -> None:
        """Remove a run that was not to be committed: of another, the manifest may have come, or may be under way."""
        if run != self._sealed:
            with suppress(StorageError):  # the next run removes it; what went wrong before is what matters
                self._fs.remove_all(_name(self._folder / run))

    def remove(self, run: str) -> None:
        """Remove the manifest, then the rest."""
        (self._folder / run / MANIFEST).unlink(missing_ok=True)
        self._fs.remove_all(_name(self._folder / run))

    def remove_rubbish(self) -> None:
        """Remove the runs without a manifest."""
        found = {name.partition("/")[0] for name in self._fs.named(_name(self._folder), "**")}
        for left in found - set(self.names()):
            if RUN_NAME.fullmatch(left):
                self._fs.remove_all(_name(self._folder / left))


def folder_of(settings: Settings) -> Path:
    """Return the data folder of the settings; one in a bucket is called for. Raises UsageError and StorageError."""
    where = settings.data_dir
    if isinstance(where, Path):
        return where
    try:
        from etl.core.google import account_of
        from etl.core.storage import bucket_path
    except ImportError:
        raise UsageError(
            f"DATA_DIR is {where}, and what reads Cloud Storage is not installed.",
            "Run: ./setup.sh requirements-cluster.txt",
        ) from None
    folder: Path = bucket_path(where, account_of(settings))
    return folder


def is_remote(folder: Path) -> bool:
    """Whether a folder is in a bucket."""
    return not isinstance(folder, Path)


def unseen(folder: Path) -> str:
    """Return why this process cannot use a folder; nothing if it can."""
    if not is_remote(folder):
        return "" if folder.is_dir() else "it is not there"
    try:
        _fs(folder).greet(_name(folder))
    except StorageError as error:
        return error.message
    return ""


def way_of(folder: Path) -> Way:
    """Return how the runs of a folder are kept."""
    return Bucket(folder) if is_remote(folder) else Disk(folder)


def link(files: list[str], source: Path, target: Path) -> None:
    """Let files of a committed run be in a working folder, too: by hard links, or by copies that the bucket makes."""
    if is_remote(target):
        _fs(target).copy([_name(source / name) for name in files], [_name(target / name) for name in files])
        return
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(source / name, target / name)


def rename(source: Path, target: Path) -> None:
    """Give a file of a working folder another name; a bucket makes a copy and forgets the first."""
    if is_remote(source):
        _fs(source).copy([_name(source)], [_name(target)])
        source.unlink()
    else:
        source.rename(target)


def link_or_copy(source: Path, target: Path) -> None:
    """Let a file be at `target`, too: as a hard link, or a copy where that is another disk, or one without links."""
    try:
        os.link(source.resolve(), target)  # the file itself: a link may lead to another disk
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError:
        shutil.copyfile(source, target)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all beneath it."""
    if is_remote(folder):
        _fs(folder).remove_all(_name(folder))
    else:
        shutil.rmtree(folder)


@contextmanager
def for_arrow(path: Path, mode: str) -> Iterator[Path | IO[bytes]]:
    """Yield what Arrow reads or writes: the path, or, in a bucket, which Arrow is not to know, the opened object."""
    if not is_remote(path):
        yield path
        return
    with path.open(mode) as file:
        yield file


def create(path: Path, data: bytes) -> None:
    """Write an object of a bucket that is not there yet. Raises FileExistsError where it is, with other bytes."""
    _fs(path).create(_name(path), data)


def sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_or_warn(folder: Path) -> None:
    """Remove a folder that is of no use any more, of a link to one the link alone. It never fails what was done."""
    try:
        if folder.is_symlink():  # a person moved it to another disk
            log.warning("%s is removed; what it leads to stays: %s", folder, folder.resolve())
            folder.unlink()
        else:
            shutil.rmtree(folder)
    except OSError as error:
        log.warning("%s cannot be removed: %s", error.filename or folder, error.strerror)


def _fs(folder: Any) -> Any:
    """Return the bucket of a path."""
    return folder.fs


def _name(folder: Any) -> str:
    """Name a path as its bucket does."""
    return str(folder.path)
