"""Temporary files and folders that outlive no killed process for long: their names tell whose they are.

A process that is killed removes nothing. So each name holds the process's id, and whoever makes the next one in that
place removes those of processes that are gone.
"""

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def scratch_file(folder: Path, stem: str) -> tuple[int, Path]:
    """Make a file that is this process's and its owner's alone; return it, opened, and its path."""
    remove_left(folder, stem)
    descriptor, name = tempfile.mkstemp(prefix=f"{stem}.{os.getpid()}.", dir=folder)
    return descriptor, Path(name)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder, where the system keeps what is temporary, and remove it after the block."""
    folder, stem = Path(tempfile.gettempdir()), f"etl-{os.geteuid()}"
    remove_left(folder, stem)
    with tempfile.TemporaryDirectory(prefix=f"{stem}.{os.getpid()}.", dir=folder, ignore_cleanup_errors=True) as made:
        yield Path(made)


def remove_left(folder: Path, stem: str) -> None:
    """Remove what processes of this user that are gone have left under `<stem>.<process id>…`."""
    for left in folder.glob(f"{glob.escape(stem)}.[0-9]*"):
        process = left.name.removeprefix(f"{stem}.").partition(".")[0]
        with suppress(OSError):
            if process.isdecimal() and not _lives(int(process)) and left.lstat().st_uid == os.geteuid():
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
