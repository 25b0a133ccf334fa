"""Writing a file whole or not at all, for good even if the machine stops now."""

import os
from pathlib import Path

from etl.core.folders import sync
from etl.core.modes import keep_mode, shared_mode
from etl.core.scratch import scratch_file


def write_whole(path: Path, text: str, *, shared: bool = False) -> None:
    """Write a text file (UTF-8) in place of what was there: beside it, under a name of its own, then renamed.

    It keeps the mode of what was there. shared: whether others may read a new one as far as the caller's umask lets
    them; else it is the owner's alone.
    """
    descriptor, beside = scratch_file(path.parent, f".{path.name}")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            if not keep_mode(path, beside) and shared:
                beside.chmod(shared_mode())
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync(path.parent)
