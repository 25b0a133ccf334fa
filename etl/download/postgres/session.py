"""Sessions at PostgreSQL: the one that holds the snapshot and the tables, and those that read what it holds.

TRUNCATE, ALTER TABLE … TYPE, a table renamed into another's place: none of them waits for a snapshot, and an open one
sees such a table empty, or sees another one. So the leader plans every query first, which locks (ACCESS SHARE) what the
queries touch, views and partitions included; only then it takes the snapshot, and it keeps the locks until the end.
Whoever wants to rewrite such a table waits for us. Whoever waits already would be waited for by our other connections:
each therefore locks all that was planned as soon as it begins, and where it cannot, all begin again.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psycopg2
import psycopg2.extensions

from etl.company.queries import Query
from etl.download.postgres.errors import first_line
from etl.download.source import Limits, SnapshotError

Connection = psycopg2.extensions.connection
Cursor = psycopg2.extensions.cursor

_DEFAULTS: dict[str, Any] = {
    "connect_timeout": 15,
    "application_name": "nightly-etl",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""What the URL may say otherwise: seconds (of the last, milliseconds) after which a peer that says nothing counts as
dead; else it would be hours."""

_FIXED: dict[str, Any] = {"client_encoding": "UTF8"}
"""A SET of it would be news to the driver."""

_BEGIN = """BEGIN ISOLATION LEVEL {isolation} READ ONLY;
SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '{lock}'"""
"""All of it is of the transaction: behind a pooler, the session that is asked next may be another one."""

_LOCK = "500ms"
"""How long a lock is waited for that was to be had at once. Less than PostgreSQL waits before it looks for a deadlock
(a second): it then ends one of those that wait for each other, which might be the source's own."""

_TRANSACTION_TIMEOUT = 170_000
"""The server's version from which on it knows transaction_timeout."""

_HOLD = """
SELECT pg_export_snapshot(), array_agg(relation::bigint),
       count(*) * %s < current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int
FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
"""

_IS_TABLE = "IN ('table', 'view', 'materialized view', 'foreign table')"

_UNPLANNED = f"""
SELECT found.identity
FROM pg_locks, pg_identify_object('pg_class'::regclass, relation, 0) AS found
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation <> ALL(%s::oid[])
  AND found.type {_IS_TABLE} AND found.schema <> 'pg_catalog'
"""
"""What this session has locked and the leader has not: a table of the same name, a partition that was attached."""

_REWRITTEN = f"""
SELECT found.identity
FROM pg_locks
CROSS JOIN pg_identify_object('pg_class'::regclass, relation, 0) AS found
LEFT JOIN pg_class ON pg_class.oid = relation
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND found.type {_IS_TABLE}
  AND (pg_class.oid IS NULL OR relfilenode NOT IN (0, coalesce(pg_relation_filenode(relation), 0)))
"""
"""What this session has read and holds another file than in the snapshot: pg_class is the snapshot's,
pg_relation_filenode the present."""

NO_COMPILER = "SELECT set_config(name, 'off', true) FROM pg_settings WHERE name = 'jit'"
"""Compiling a receipt's many sums takes longer than it saves. Versions before 11 know no compiler."""


def connect(options: dict[str, Any]) -> Connection:
    """Open a connection whose transactions are begun by hand. options: libpq's words."""
    connection: Connection = psycopg2.connect(**(_DEFAULTS | options | _FIXED))
    connection.autocommit = True
    return connection


def begin_leader(cursor: Cursor, limits: Limits) -> None:
    """Begin the transaction that is to hold everything; each of its statements sees the present."""
    cursor.execute(_begin(cursor, "READ COMMITTED", limits))


def hold(cursor: Cursor, connections: int) -> "Held":
    """Take the snapshot and export it, now that all is planned. connections: how many will read what it shows."""
    cursor.execute(_HOLD, (connections + 1,))
    return Held(*only_row(cursor))


def encoding_of(connection: Connection) -> str:
    """Return what the database keeps its texts in; the server told it when the connection was made."""
    return str(connection.info.parameter_status("server_encoding"))


def row_security(query: Query) -> str:
    """Write whether policies may hide rows of a query; where they may not, PostgreSQL raises instead."""
    return f"SET LOCAL row_security = {'on' if query.row_security else 'off'}"


def only_row(cursor: Cursor) -> tuple[Any, ...]:
    """Return the row of an answer that has one."""
    row: tuple[Any, ...]
    [row] = cursor.fetchall()
    return row


def _begin(cursor: Cursor, isolation: str, limits: Limits) -> str:
    text = _BEGIN.format(isolation=isolation, lock=_LOCK)
    if cursor.connection.server_version >= _TRANSACTION_TIMEOUT:
        text += "; SET LOCAL transaction_timeout = 0"
    if limits.statement_seconds:
        text += f"; SET LOCAL statement_timeout = '{limits.statement_seconds}s'"
    return text


@dataclass(frozen=True)
class Planned:
    """A query, and its SQL with the values of its binds."""

    query: Query
    sql: str


@dataclass(frozen=True)
class Held:
    """What the leader holds: the exported snapshot's name, and the tables that the plans touch.

    roomy: whether the server's table of locks has room for all of them on every connection.
    """

    snapshot: str
    tables: list[int]
    roomy: bool


class Reader:
    """A connection that reads what the leader holds, all in one transaction."""

    def __init__(self, connection: Connection, held: Held, limits: Limits, query: Query) -> None:
        """Begin, and see the leader's snapshot. query: what it is for. Raises SnapshotError where that is gone."""
        self.connection, self._held, self._limits = connection, held, limits
        self._locked: set[str] = set()
        with connection.cursor() as cursor:
            cursor.execute(_begin(cursor, "REPEATABLE READ", limits))
            try:
                cursor.execute("SET TRANSACTION SNAPSHOT %s; SELECT pg_backend_pid()", (held.snapshot,))
            except psycopg2.Error as error:
                if error.pgcode is None:
                    raise
                raise SnapshotError(
                    f"{query.path}: the snapshot is gone, with the connection to the source {query.source} that held"
                    f" it: {first_line(error)}",
                    "See in the server's log who ended that session; SOURCE_PATIENCE sets how long to retry.",
                ) from None
            self.pid = int(only_row(cursor)[0])

    def lock(self, planned: Mapping[str, Planned], query: Query) -> None:
        """Lock what the planned queries touch before one is read. Raises SnapshotError where that is something else."""
        names = [name for name in (planned if self._held.roomy else [query.name]) if name not in self._locked]
        with self.connection.cursor() as cursor:
            if names:
                cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK}'")
                for name in names:
                    cursor.execute(f"{row_security(planned[name].query)}; EXPLAIN (COSTS OFF)\n{planned[name].sql}")
                _check(cursor, query, _UNPLANNED, (self._held.tables,))
                cursor.execute(f"SET LOCAL lock_timeout = '{self._limits.lock_seconds}s'")  # of what functions lock
            cursor.execute(row_security(query))
        self._locked.update(names)

    def check(self, query: Query) -> None:
        """Raise SnapshotError where what was read is not what the snapshot shows."""
        with self.connection.cursor() as cursor:
            _check(cursor, query, _REWRITTEN, None)


def _check(cursor: Cursor, query: Query, statement: str, values: tuple[Any, ...] | None) -> None:
    cursor.execute(statement, values)
    moved = ", ".join(sorted({str(name) for (name,) in cursor.fetchall()}))
    if moved:
        raise SnapshotError(
            f"{query.path}: {moved} was replaced or rewritten while it was being read.",
            "Run it when the source is not being rebuilt (TRUNCATE, ALTER TABLE, ATTACH PARTITION).",
        )


class Aside(threading.local):
    """What the driver prints instead of raising it, where the server ends a COPY with the session: the reason why.

    It goes through sys.excepthook, in the thread that reads. A context manager.
    """

    error: psycopg2.Error | None = None

    def __enter__(self) -> "Aside":
        self._before = sys.excepthook
        sys.excepthook = self._note(sys.excepthook)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.excepthook = self._before

    def _note(self, others: Callable[..., object]) -> Callable[..., object]:
        def note(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            reason = error.__cause__ if isinstance(error, SystemError) else error
            if isinstance(reason, psycopg2.Error):
                self.error = reason
            else:
                others(kind, error, trace)

        return note


class Readers:
    """The reader of each thread: what one thread asks, it asks in one transaction, for which now() is one instant.

    A thread that has none takes over that of one that has ended, so that no more are open than threads at once.
    """

    def __init__(self) -> None:
        self._of: dict[threading.Thread, Reader] = {}
        self._lock = threading.Lock()

    @property
    def mine(self) -> Reader | None:
        """The reader of the thread that asks."""
        me = threading.current_thread()
        with self._lock:
            ended = next((thread for thread in self._of if not thread.is_alive()), None)
            if me not in self._of and ended:
                self._of[me] = self._of.pop(ended)
            return self._of.get(me)

    @mine.setter
    def mine(self, reader: Reader | None) -> None:
        with self._lock:
            self._of.pop(threading.current_thread(), None)
            if reader:
                self._of[threading.current_thread()] = reader
