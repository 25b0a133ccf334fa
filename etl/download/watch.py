"""Waits for a server that is gone: it waits for us and we for it, as what lies between passes nothing on any more.

Keepalives tell of a dead peer; a tunnel or a proxy that hangs answers them itself. A query that is silent for an hour
may be at work, which the server knows: so it is asked.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_LONGEST_PAUSE = 5.0
"""Seconds between two looks."""


@dataclass(eq=False)
class _Reading(Generic[T]):
    """so_far: says how much has come; seen: what it said, since when; waits: so did the server at the look before."""

    what: T
    so_far: Callable[[], int]
    began: float
    since: float
    seen: int = -1
    waits: bool = False


class Watch(Generic[T]):
    """Ends what is waited for in vain, or what takes longer than it may. A context manager.

    seconds: how long nothing may come, unless `at_work`, which is told what is silent, names the server as busy with it
    (it is asked twice); longest: how long a reading may take, 0: as it likes; cut: ends one, and is told why.
    """

    def __init__(
        self,
        seconds: float,
        longest: float,
        at_work: Callable[[Sequence[T]], Collection[T]],
        cut: Callable[[T, str], None],
    ) -> None:
        self._seconds, self._longest, self._at_work, self._cut = seconds, longest, at_work, cut
        self._readings: list[_Reading[T]] = []
        self._changing = threading.Condition()  # what has ended must not be cut: its number may be another's by then
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> "Watch[T]":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def end(self, seconds: float) -> bool:
        """Look no more; return whether it has ended within so many seconds, or else still asks the server."""
        self._ended.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def readings(self) -> list[T]:
        """Return what is being read."""
        return [reading.what for reading in list(self._readings)]

    @contextmanager
    def over(self, what: T, so_far: Callable[[], int]) -> Iterator[None]:
        """Watch while the block asks and reads. so_far: says how much has come."""
        now = time.monotonic()
        reading = _Reading(what, so_far, began=now, since=now)
        with self._changing:
            self._readings.append(reading)
        try:
            yield
        finally:
            with self._changing:
                self._readings.remove(reading)
                self._changing.notify_all()

    def end_all(self, wait: float, cut: Callable[[T], None]) -> None:
        """Cut what is still being read after so many seconds."""
        with self._changing:
            self._changing.wait_for(lambda: not self._readings, wait)
            for reading in self._readings:
                cut(reading.what)

    def _run(self) -> None:
        pause = min(self._seconds / 4, self._longest / 4 or _LONGEST_PAUSE, _LONGEST_PAUSE)
        while not self._ended.wait(pause):
            now, readings = time.monotonic(), list(self._readings)
            for reading in readings:
                if (said := reading.so_far()) != reading.seen:
                    reading.seen, reading.since, reading.waits = said, now, False
            silent = [reading for reading in readings if now - reading.since >= self._seconds]
            busy = self._at_work([reading.what for reading in silent]) if silent else ()
            with self._changing:
                for reading in self._readings:
                    if self._longest and now - reading.began > self._longest:
                        self._cut(reading.what, "it took longer than SOURCE_STATEMENT_SECONDS allows")
                    elif reading in silent:
                        self._judge(reading, now, is_busy=reading.what in busy)

    def _judge(self, reading: _Reading[T], now: float, *, is_busy: bool) -> None:
        """Cut what is silent and was not being worked on at two looks."""
        if is_busy or reading.so_far() != reading.seen:
            reading.since, reading.waits = time.monotonic(), False
        elif reading.waits:
            silence = now - reading.since
            self._cut(reading.what, f"nothing has come for {silence:.0f} seconds, and the server is not at work on it")
        else:
            reading.waits = True
