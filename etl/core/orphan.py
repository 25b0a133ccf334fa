"""Processes that end with their parent, however that one ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

_SYSTEM = ctypes.CDLL(None)
"""Opened now: between a fork and an exec nothing may wait for a lock, which a thread of the parent may have held."""


def end_with(parent: int) -> None:
    """Let the kernel kill this process when `parent`, which started it, ends; or end now, if that one is gone."""
    if sys.platform == "linux":
        _SYSTEM.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os._exit(128 + signal.SIGKILL)
