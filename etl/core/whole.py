"""Writing a file whole or not at all, for good even if the machine stops now."""

import os
import tempfile
from pathlib import Path

from etl.core.folders import sync


def write_whole(path: Path, text: str, *, shared: bool = False) -> None:
    """Write a text file (UTF-8) in place of what was there: beside it, under a name of its own, then renamed.

    shared: whether others may read it as far as the umask lets them; else it is the owner's alone.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            if shared:
                os.fchmod(file.fileno(), 0o666 & ~_umask())
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync(path.parent)


def _umask() -> int:
    """Give the umask, which can only be asked by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
