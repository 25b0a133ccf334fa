"""PostgreSQL: parallel COPYs that share one exported snapshot.

The protocol's CopyData messages of a server hold one row each (PostgreSQL manual, "Message Formats", CopyData), and
psycopg2 hands them on one by one: so rows are counted and blocks end between rows without reading the CSV.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
import psycopg2.extensions
import pyarrow as pa

from etl.company.queries import Query
from etl.company.sql import with_binds
from etl.core.errors import SourceError
from etl.core.log import log
from etl.core.manifest import RawColumn
from etl.core.origin import Read, described, libpq_options
from etl.core.receipt import TableReceipt
from etl.download.postgres.errors import fault_of, lost
from etl.download.postgres.horizon import horizon_of
from etl.download.postgres.plan import columns_of, reads_clock
from etl.download.postgres.session import (
    NO_COMPILER,
    Aside,
    Held,
    Planned,
    Reader,
    Readers,
    begin_leader,
    connect,
    encoding_of,
    hold,
    only_row,
    row_security,
)
from etl.download.postgres.watch import PostgresWatch, within
from etl.download.ranges import bounds, conditions, parts_of, scale_of
from etl.download.source import Horizon, Limits, Plan, SnapshotError, check_binds, checked_columns
from etl.download.throttle import Throttle
from etl.download.writer import RawWriter
from etl.receipts.level import Extent
from etl.receipts.postgres import Postgres, fields_of, is_told, receipt_queries
from etl.receipts.sql import receipt_from

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

Cursor = psycopg2.extensions.cursor

_GROUND = """
SELECT concat_ws('/', oid, pg_relation_filenode(oid)) FROM pg_class
WHERE oid = to_regclass(%s) AND relkind IN ('r', 'p')
"""


class PostgresSource:
    """A PostgreSQL database, read from one snapshot, which lives as long as the connection that exported it."""

    as_of: datetime

    def __init__(self, name: str, url: URL | Read, limits: Limits, binds: dict[str, str]) -> None:
        """Take what may be done there, without connecting yet. binds: the values of the :names that a query may use."""
        self._limits = limits
        self._throttle = Throttle(limits.bytes_per_second)
        self.connections = limits.connections
        self._name = name
        self._where = described(url)
        self._options = libpq_options(url)
        self._binds = binds
        self._stopped = False
        self._planned: dict[str, Planned] = {}
        self._held: Held | None = None
        self._holding = threading.Lock()
        self._readers = Readers()
        self._opened: list[psycopg2.extensions.connection] = []

    def __enter__(self) -> PostgresSource:
        """Begin the transaction whose beginning is the instant that all is told to be of; the snapshot comes later."""
        try:
            self._leader = connect(self._options)
            self._encoding = encoding_of(self._leader)
            with within(self._limits.stall_seconds, self._leader), self._leader.cursor() as cursor:
                begin_leader(cursor, self._limits)
                cursor.execute("SELECT now()")
                (self.as_of,) = only_row(cursor)
        except psycopg2.Error as error:
            raise lost(error, self._name, self._where, None) from None
        self._watch = PostgresWatch(self._leader, self._limits.stall_seconds).__enter__()
        self._aside = Aside().__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._aside.__exit__(*exc)
        self._watch.__exit__(*exc)
        for connection in [*self._opened, self._leader]:
            if exc[0] is None:
                self._end(connection)
            connection.close()

    def _end(self, connection: psycopg2.extensions.connection) -> None:
        """End the transaction, so that a pooler may go on using the session."""
        with suppress(psycopg2.Error), within(self._limits.stall_seconds, connection), connection.cursor() as cursor:
            cursor.execute("ROLLBACK")

    def plan(self, query: Query) -> Plan:
        """Ask for columns and estimates, and lock what the query touches; it is parsed and planned, not run."""
        query = query.whole
        if query.types:
            log.warning(
                "%s: `-- types:` has no effect for PostgreSQL, which reports its types: cast in the query.",
                query.path,
            )
        with self._faults_of(query, SnapshotError), self._leader.cursor() as cursor:
            cursor.execute(f"SAVEPOINT plan; {row_security(query)}")
            try:
                sql = self._rendered(query, cursor)
                cursor.execute(f"SELECT * FROM (\n{sql}\n) AS query LIMIT 0")
                columns = checked_columns(query, columns_of(cursor))
                cursor.execute(f"EXPLAIN (VERBOSE, FORMAT JSON)\n{sql}")
                told = only_row(cursor)[0][0]["Plan"]
                rows = int(told["Plan Rows"])
                size = rows * int(told["Plan Width"])
                ranges = self._ranges(query, columns, sql, size, cursor)
            except BaseException:
                if not self._leader.closed:
                    cursor.execute("ROLLBACK TO SAVEPOINT plan")
                raise
            cursor.execute("RELEASE SAVEPOINT plan")  # which keeps the locks
        self._planned[query.name] = Planned(query, sql)
        if reads_clock(told) and ranges:
            log.warning("download %s: each range has another now(); write :as_of", query.name)
        return Plan(query, columns, rows, size, ranges, reads_clock(told))

    def _ranges(
        self, query: Query, columns: tuple[RawColumn, ...], sql: str, size: int, cursor: Cursor
    ) -> tuple[str, ...]:
        """Split a query that is to be: the planner, which has the statistics, says how many rows are below a bound."""
        column = next((column for column in columns if column.name == query.partition_on), None)
        if column is None:
            return ()
        scale, name = scale_of(query, column), Postgres(utf8=True).quoted(column.name)

        def literal(value: int) -> str:
            return f"'{scale.text(value)}'::{column.source_type}"

        def below(value: int) -> float:
            cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM (\n{sql}\n) AS query WHERE {name} < {literal(value)}")
            return float(only_row(cursor)[0][0]["Plan"]["Plan Rows"])

        return conditions(name, [literal(value) for value in bounds(scale, parts_of(size), below)])

    def extract(self, plan: Plan, path: Path, where: str | None) -> RawWriter:
        """COPY the query, or a range of it, into a CSV, over a connection that sees the leader's snapshot."""
        names = [column.name for column in plan.columns]
        group_by = tuple(names.index(name) for name in plan.query.group_by)
        with (
            RawWriter(path, names, group_by, self._throttle.take) as writer,
            self._reading(plan.query, writer.so_far) as cursor,
        ):
            sql = f"\n{self._planned[plan.query.name].sql}\n"
            if where:
                sql = f"SELECT * FROM ({sql}) AS query WHERE {where}"
            cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv)", writer)
        if cursor.rowcount != writer.rows:
            raise SourceError(f"{plan.query.path}: {cursor.rowcount:,} rows sent, {writer.rows:,} written.")
        return writer

    def receipt(self, plan: Plan, extent: Extent) -> TableReceipt:
        """Let the server compute what the query gives, over a connection of its own that sees the leader's snapshot."""
        with self._reading(plan.query, lambda: 0) as cursor:
            cursor.execute(NO_COMPILER)
            found, fields = self._said(cursor, plan, extent, one_by_one=False)
            return found if is_told(found, fields) else self._said(cursor, plan, extent, one_by_one=True)[0]

    def _said(self, cursor: Cursor, plan: Plan, extent: Extent, *, one_by_one: bool) -> tuple[TableReceipt, pa.Schema]:
        dialect = Postgres(utf8=self._encoding == "UTF8", one_by_one=one_by_one)
        fields, row = fields_of(plan.columns), dict[str, Any]()
        for part in receipt_queries(self._planned[plan.query.name].sql, fields, plan.query.key, dialect, extent):
            cursor.execute(part)
            names = [column.name for column in cursor.description or ()]
            row |= zip(names, only_row(cursor), strict=True)
        return receipt_from(row, fields, dialect), fields

    def greatest(self, plan: Plan, column: str) -> str | None:
        """Let the server say a column's greatest value of the calendar; None where it has none."""
        alone = replace(plan, columns=tuple(each for each in plan.columns if each.name == column))
        return self.receipt(alone, Extent(hashes=False)).columns[column].max

    def horizon(self) -> Horizon:
        """Ask for the oldest transaction of the database that is open or prepared."""
        with within(self._limits.stall_seconds, self._leader), self._leader.cursor() as cursor:
            return horizon_of(cursor, self._name)

    def ground_of(self, name: str) -> str | None:
        """Return the numbers of a table and of its file: TRUNCATE and what rewrites it give it another file."""
        with within(self._limits.stall_seconds, self._leader), self._leader.cursor() as cursor:
            cursor.execute(_GROUND, (name,))
            found = cursor.fetchone()
            return str(found[0]) if found else None

    def alive(self) -> bool:
        """Whether the snapshot is still there, so that a query can be run again."""
        try:
            with within(self._limits.stall_seconds, self._leader), self._leader.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            return False
        return not self._stopped

    def stop(self) -> None:
        """End what is being read."""
        self._stopped = True
        self._watch.stop()

    @contextmanager
    def _reading(self, query: Query, so_far: Callable[[], int]) -> Iterator[Cursor]:
        """Yield a cursor of the thread's own connection, which sees the leader's snapshot and can be stopped.

        so_far: says how much has come over it.
        """
        reader = self._readers.mine
        try:
            with self._faults_of(query, SnapshotError):
                reader = reader or self._begun(query)
                with within(self._limits.stall_seconds, reader.connection):
                    reader.lock(self._planned, query)
            with self._faults_of(query), reader.connection.cursor() as cursor:
                with self._watch.over(reader.connection, reader.pid, so_far):
                    if self._stopped:
                        raise SourceError(f"{query.path} was stopped.", transient=True)
                    yield cursor
                reader.check(query)
        except BaseException:
            if reader:  # its transaction is lost
                reader.connection.close()
            self._readers.mine = None
            raise
        self._readers.mine = reader

    def _begun(self, query: Query) -> Reader:
        with self._holding, within(self._limits.stall_seconds, self._leader), self._leader.cursor() as cursor:
            held = self._held = self._held or hold(cursor, self.connections)
        connection = connect(self._options)
        self._opened.append(connection)
        with within(self._limits.stall_seconds, connection):
            return Reader(connection, held, self._limits, query)

    def _rendered(self, query: Query, cursor: Cursor) -> str:
        """Put the values of the binds into the SQL, quoted by the driver."""
        check_binds(query, self._binds)
        return with_binds(query.sql, lambda name: cursor.mogrify("%s", (self._binds[name],)).decode())

    @contextmanager
    def _faults_of(self, query: Query, locked: type[SourceError] = SourceError) -> Iterator[None]:
        """Turn the driver's errors into sentences that point into the .sql file. locked: what a lock's time-out is."""
        try:
            yield
        except psycopg2.Error as error:
            reason = error if error.pgcode else self._aside.error
            self._aside.error = None
            if reason is None or reason.pgcode is None:  # no word of the server's: the connection is gone
                raise lost(error, self._name, self._where, query) from None
            raise fault_of(reason, query, locked, self._encoding) from None
