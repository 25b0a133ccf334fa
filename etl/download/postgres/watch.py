"""PostgreSQL's connections that hang: the server is asked over the connection that holds the snapshot."""

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

import psycopg2
import psycopg2.extensions

from etl.core.deadline import after
from etl.core.log import log
from etl.download.watch import Watch

Connection = psycopg2.extensions.connection

_CANCEL_SECONDS = 3.0
"""For how long an end is waited for. The driver's own `cancel` might wait for ever, with the whole process."""

_AT_WORK = """
SAVEPOINT watch;
SELECT pg_stat_clear_snapshot();
SELECT pid FROM pg_stat_activity
WHERE pid = ANY(%s) AND coalesce(state, '') NOT LIKE 'idle%%' AND wait_event_type IS DISTINCT FROM 'Client'
"""


@dataclass(frozen=True)
class _Reader:
    """A connection, and the number of the server's process at its other end."""

    connection: Connection
    pid: int


class PostgresWatch:
    """Cuts connections that hang for about `seconds`, so that they can be tried again. A context manager.

    leader: the connection to ask over, which has nothing else to do meanwhile.
    """

    def __init__(self, leader: Connection, seconds: float) -> None:
        self._leader, self._seconds = leader, seconds
        self._hung = False  # the leader did not answer, and was cut
        self._watch = Watch[_Reader](seconds, 0, self._at_work, self._cut_hanging)

    def __enter__(self) -> "PostgresWatch":
        self._watch.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._watch.end(1):
            _cut([self._leader])
            self._watch.__exit__()

    def over(self, connection: Connection, pid: int, so_far: Callable[[], int]) -> AbstractContextManager[None]:
        """Watch a connection while the block reads from it. pid: the server's process; so_far: how much has come."""
        return self._watch.over(_Reader(connection, pid), so_far)

    def stop(self) -> None:
        """Let the server end what is being read; where nothing gets through, end it on this side alone."""
        wait = 0.0
        with suppress(psycopg2.Error), within(_CANCEL_SECONDS, self._leader), self._leader.cursor() as cursor:
            pids = [reader.pid for reader in self._watch.readings]
            cursor.execute("SELECT pg_cancel_backend(pid) FROM unnest(%s::int[]) AS pid", (pids,))
            wait = _CANCEL_SECONDS
        self._watch.end_all(wait, lambda reader: _cut([reader.connection]))

    def _cut_hanging(self, reader: _Reader, why: str) -> None:
        log.warning("download: closing a connection: %s", why)
        _cut([reader.connection])

    def _at_work(self, readers: Sequence[_Reader]) -> list[_Reader]:
        """Return which of the server's processes do not wait for us, as far as it can be known."""
        try:
            with within(self._seconds, self._leader, self._note_hung), self._leader.cursor() as cursor:
                try:
                    cursor.execute(_AT_WORK, ([reader.pid for reader in readers],))
                    busy = {pid for (pid,) in cursor.fetchall()}
                finally:
                    if not self._leader.closed:
                        cursor.execute("ROLLBACK TO SAVEPOINT watch; RELEASE SAVEPOINT watch")
        except psycopg2.Error:
            return [] if self._hung else list(readers)
        return [reader for reader in readers if reader.pid in busy]

    def _note_hung(self) -> None:
        self._hung = True


@contextmanager
def within(seconds: float, connection: Connection, note: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Cut the connection if the block, which waits for a quick answer, takes longer; note: told before."""

    def cut() -> None:
        note()
        _cut([connection])

    with after(seconds, cut):
        yield


def _cut(connections: Iterable[Connection]) -> None:
    """Break connections under those who wait on them, for which the driver has no way."""
    for connection in connections:
        with suppress(psycopg2.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)
