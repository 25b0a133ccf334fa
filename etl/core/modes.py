"""Who may read what is written: its owner alone, unless a person has arranged it otherwise."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OTHERS = 0o077
_callers: list[int] = []


@contextmanager
def private() -> Iterator[None]:
    """Let files and folders that are made in the block be their owner's alone, whatever the caller's umask."""
    before = close_to_others()
    _callers.append(before)
    try:
        yield
    finally:
        _callers.pop()
        os.umask(before)


@contextmanager
def shared() -> Iterator[None]:
    """Let files that are made in the block have the modes that the caller's umask gives: they are for others, too."""
    before = os.umask(_callers[0]) if _callers else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)


def shared_mode() -> int:
    """Return the mode of a new file that is for others, too."""
    with shared():
        mask = os.umask(_OTHERS)  # it can only be asked by setting it
        os.umask(mask)
    return 0o666 & ~mask


def close_to_others() -> int:
    """Let this process make files and folders for their owner alone from now on; returns the umask before."""
    before = os.umask(_OTHERS)
    os.umask(before | _OTHERS)
    return before


def keep_mode(path: Path, beside: Path) -> bool:
    """Give a file the mode, and as far as we may the owner and group, of the one that it will replace, if there is one.

    Whoever let others read that one wants them to read tomorrow's too.
    """
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mode = stat.S_IMODE(there.st_mode)
    with suppress(OSError):  # only root may give a file away
        os.chown(beside, there.st_uid, -1)
    try:
        os.chown(beside, -1, there.st_gid)
    except OSError:  # a group that this user is not in: nobody else's group may read instead
        mode &= ~0o070
    beside.chmod(mode)
    return True
