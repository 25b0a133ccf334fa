"""Found by every Python process that is timed, ours and the peers': nobody waits for the disk."""

import os


def _no_wait(_handle: object) -> None:
    """Do nothing: the system writes when it likes."""


os.fsync = os.fdatasync = _no_wait
