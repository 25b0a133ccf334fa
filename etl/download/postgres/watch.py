"""Connections that hang: the server waits for us and we for it, for what lies between passes nothing on any more.

Keepalives tell a dead peer; a tunnel or a proxy that hangs answers them itself. A query that is silent for an hour may
be at work, which the server knows: so it is asked, over the connection that holds the snapshot.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg2
import psycopg2.extensions

from etl.core.log import log

Connection = psycopg2.extensions.connection

_CANCEL_SECONDS = 3.0
"""For how long an end is waited for. The driver's own `cancel` might wait for ever, with the whole process."""

_AT_WORK = """
SAVEPOINT watch;
SELECT pg_stat_clear_snapshot();
SELECT pid FROM pg_stat_activity
WHERE pid = ANY(%s) AND coalesce(state, '') NOT LIKE 'idle%%' AND wait_event_type IS DISTINCT FROM 'Client'
"""


@dataclass
class _Reading:
    """pid: the server's process; so_far: says how much has come; seen: what it said; waits: so did the server."""

    connection: Connection
    pid: int
    so_far: Callable[[], int]
    seen: int = -1
    waits: bool = False


class Watch:
    """Cuts what hangs for about `seconds`, so that it can be tried again. A context manager.

    leader: the connection to ask over, which has nothing else to do meanwhile.
    """

    def __init__(self, leader: Connection, seconds: float) -> None:
        self._leader, self._seconds = leader, seconds
        self._readings: list[_Reading] = []
        self._changing = threading.Condition()  # what is closed must not be cut: its number may be another's by then
        self._hung = False  # the leader did not answer, and was cut
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join(1)
        if self._thread.is_alive():  # it asks, and gets no answer
            _cut([self._leader])
            self._thread.join()

    @contextmanager
    def over(self, connection: Connection, pid: int, so_far: Callable[[], int]) -> Iterator[None]:
        """Watch a connection while the block reads from it. pid: the server's process; so_far: how much has come."""
        reading = _Reading(connection, pid, so_far)
        with self._changing:
            self._readings.append(reading)
        try:
            yield
        finally:
            with self._changing:
                self._readings.remove(reading)
                self._changing.notify_all()

    def stop(self) -> None:
        """Let the server end what is being read; where nothing gets through, end it on this side alone."""
        asked = False
        with suppress(psycopg2.Error), within(_CANCEL_SECONDS, self._leader), self._leader.cursor() as cursor:
            pids = [reading.pid for reading in list(self._readings)]
            cursor.execute("SELECT pg_cancel_backend(pid) FROM unnest(%s::int[]) AS pid", (pids,))
            asked = True
        with self._changing:
            if asked:
                self._changing.wait_for(lambda: not self._readings, _CANCEL_SECONDS)
            _cut(reading.connection for reading in self._readings)

    def _run(self) -> None:
        while not self._ended.wait(self._seconds / 2):
            silent = [reading for reading in list(self._readings) if reading.seen == reading.so_far()]
            at_work = self._at_work([reading.pid for reading in silent]) if silent else set()
            with self._changing:
                for reading in self._readings:
                    waits = reading in silent and reading.pid not in at_work
                    if waits and reading.waits:
                        log.warning("download: no data arrives although the server waits for us: closing a connection")
                        _cut([reading.connection])
                    reading.waits, reading.seen = waits, reading.so_far()

    def _at_work(self, pids: list[int]) -> set[int]:
        """Say which of the server's processes do not wait for us, as far as it can be known."""
        try:
            with within(self._seconds, self._leader, self._note_hung), self._leader.cursor() as cursor:
                try:
                    cursor.execute(_AT_WORK, (pids,))
                    return {pid for (pid,) in cursor.fetchall()}
                finally:
                    if not self._leader.closed:
                        cursor.execute("ROLLBACK TO SAVEPOINT watch; RELEASE SAVEPOINT watch")
        except psycopg2.Error:
            return set() if self._hung else set(pids)

    def _note_hung(self) -> None:
        self._hung = True


@contextmanager
def within(seconds: float, connection: Connection, note: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Cut the connection if the block, which waits for a quick answer, takes longer; note: told before."""

    def cut() -> None:
        note()
        _cut([connection])

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _cut(connections: Iterable[Connection]) -> None:
    """Break connections under those who wait on them, for which the driver has no way."""
    for connection in connections:
        with suppress(psycopg2.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)
