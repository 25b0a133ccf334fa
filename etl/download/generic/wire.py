"""A connection's sockets, whatever the driver: found when it opens them, kept alive, and cut when they hang.

Few drivers have a time-out that leaves a query alone on which the server is at work, and some wait in C, where no
signal is heard. A socket that is shut down under them ends every wait.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from etl.core.deadline import after

T = TypeVar("T")

_KEEP_ALIVE = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}
"""Seconds until a silent peer is asked whether it is there, seconds between the questions, how many of them."""

_UNACKNOWLEDGED_MS = 60_000


class Wire:
    """The sockets of one connection; none, where the database is a file."""

    def __init__(self) -> None:
        self._before: set[str] | None = None  # while it is being opened: the sockets of others
        self._ends: list[socket.socket] = []
        self._changing = threading.Lock()
        self.was_cut = False

    @contextmanager
    def opening(self, seconds: float) -> Iterator[None]:
        """Take what sockets the block opens for this connection's; cut them if it takes longer."""
        with self._changing:
            self._before = set(_sockets())
        try:
            with after(seconds, self.cut):
                yield
        finally:
            with self._changing:
                self._ends, self._before = self._opened(), None
            for end in self._ends:
                _keep_alive(end)

    def cut(self) -> None:
        """Break the connection under whoever waits on it."""
        with self._changing:
            self.was_cut = True
            opening = [] if self._ends else self._opened()
            for end in [*self._ends, *opening]:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for end in opening:
                end.close()

    def close(self) -> None:
        """Let the sockets go."""
        for end in self._ends:
            end.close()
        self._ends = []

    def __bool__(self) -> bool:
        return bool(self._ends)

    def _opened(self) -> list[socket.socket]:
        """Return own copies of the sockets that were opened since, so that no number can become another's."""
        found = []
        for name, number in _sockets().items() if self._before is not None else ():
            if name not in (self._before or ()):
                with suppress(OSError):  # it is closed by now
                    found.append(socket.socket(fileno=os.dup(number)))
        return found


def interruptible(work: Callable[[], T], cut: Callable[[], None]) -> T:
    """Do what may wait in a driver, in a thread beside: this one hears the signals, and then cuts it short."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except BaseException:
            if not future.done():
                cut()
            raise


def abandon(cursor: Any) -> None:
    """Keep PyMySQL's cursor from reading on when it is removed: it would print the fault that this ends in."""
    result: Any = getattr(cursor, "_result", None)
    if hasattr(result, "unbuffered_active"):
        result.unbuffered_active, result.connection = False, None


def _sockets() -> dict[str, int]:
    """Name this process's open sockets, each with its number."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # it is closed by now
            if (name := str(link.readlink())).startswith("socket:"):
                found[name] = int(link.name)
    return found


def _keep_alive(end: socket.socket) -> None:
    if end.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE.items():
            end.setsockopt(socket.IPPROTO_TCP, option, value)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
