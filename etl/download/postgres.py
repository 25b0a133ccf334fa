"""PostgreSQL: parallel COPYs that share one exported snapshot.

The protocol's CopyData messages of a server hold one row each (PostgreSQL manual, "Message Formats", CopyData), and
psycopg2 hands them on one by one: so rows are counted and blocks end between rows without reading the CSV.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy.engine import URL

from etl.core.errors import SourceError
from etl.core.manifest import RawColumn, TableReceipt
from etl.core.origin import described, libpq_options
from etl.core.receipt_sql import receipt_from
from etl.download.postgres_errors import fault_of, first_line, lost
from etl.download.postgres_receipt import Postgres, fields_of, receipt_query
from etl.download.postgres_watch import Watch, within
from etl.download.query import Query
from etl.download.ranges import bounds, conditions, parts_of, scale_of
from etl.download.source import Extent, Limits, Plan, check_binds, checked_columns
from etl.download.sql import with_binds
from etl.download.throttle import Throttle
from etl.download.types import arrow_type_of
from etl.download.writer import RawWriter

_SESSION = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1;"
    "SET bytea_output = 'hex'; SET idle_in_transaction_session_timeout = 0"
)
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
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

Cursor = psycopg2.extensions.cursor


class PostgresSource:
    """A PostgreSQL database, read from one snapshot, which lives as long as the connection that exported it."""

    as_of: datetime

    def __init__(self, name: str, url: URL, limits: Limits, binds: dict[str, str]) -> None:
        """Take what may be done there, without connecting yet. binds: the values of the :names that a query may use."""
        self._limits = limits
        self._throttle = Throttle(limits.bytes_per_second)
        self.connections = limits.connections
        self._name = name
        self._where = described(url)
        self._options = _DEFAULTS | libpq_options(url) | _FIXED
        self._binds = binds
        self._stopped = False

    def __enter__(self) -> "PostgresSource":
        try:
            self._leader = self._connect()
            with self._leader.cursor() as cursor:
                cursor.execute(_BEGIN)
                cursor.execute("SELECT pg_export_snapshot(), now()")
                self._snapshot, self.as_of = _only_row(cursor)
        except psycopg2.Error as error:
            raise lost(error, self._name, self._where, None) from None
        self._watch = Watch(self._leader, self._limits.stall_seconds).__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._watch.__exit__(*exc)
        self._leader.close()

    def plan(self, query: Query) -> Plan:
        """Ask for columns and estimates; the query is parsed and planned, not run."""
        with self._faults_of(query), self._leader.cursor() as cursor:
            cursor.execute("SAVEPOINT plan")
            try:
                sql = self._rendered(query, cursor)
                cursor.execute(f"SELECT * FROM (\n{sql}\n) AS query LIMIT 0")
                columns = _columns(cursor)
                cursor.execute(f"EXPLAIN (FORMAT JSON)\n{sql}")
                guess = _only_row(cursor)[0][0]["Plan"]
                checked, rows = checked_columns(query, columns), int(guess["Plan Rows"])
                size = rows * int(guess["Plan Width"])
                return Plan(query, checked, rows, size, self._ranges(query, checked, sql, size, cursor))
            finally:
                if not self._leader.closed:
                    cursor.execute("ROLLBACK TO SAVEPOINT plan")

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
            return float(_only_row(cursor)[0][0]["Plan"]["Plan Rows"])

        return conditions(name, [literal(value) for value in bounds(scale, parts_of(size), below)])

    def extract(self, plan: Plan, path: Path, where: str | None) -> RawWriter:
        """COPY the query, or a range of it, into a CSV, over a connection that sees the leader's snapshot."""
        names = [column.name for column in plan.columns]
        group_by = tuple(names.index(name) for name in plan.query.group_by)
        with (
            RawWriter(path, names, group_by, self._throttle.take) as writer,
            self._reading(plan.query, writer.so_far) as cursor,
        ):
            sql = f"\n{self._rendered(plan.query, cursor)}\n"
            if where:
                sql = f"SELECT * FROM ({sql}) AS query WHERE {where}"
            cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv)", writer)
        if cursor.rowcount != writer.rows:
            raise SourceError(f"{plan.query.path}: {cursor.rowcount:,} rows sent, {writer.rows:,} written.")
        return writer

    def receipt(self, plan: Plan, extent: Extent) -> TableReceipt:
        """Let the server compute what the query gives, over a connection of its own that sees the leader's snapshot."""
        with self._reading(plan.query, lambda: 0) as cursor:
            cursor.execute("SHOW server_encoding")
            dialect = Postgres(utf8=_only_row(cursor)[0] == "UTF8")
            fields = fields_of(plan.columns)
            cursor.execute(receipt_query(self._rendered(plan.query, cursor), fields, plan.query.key, dialect, extent))
            names = [column.name for column in cursor.description or ()]
            return receipt_from(dict(zip(names, _only_row(cursor), strict=True)), fields, dialect)

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
        """Give a cursor of a connection of its own, which sees the leader's snapshot and can be stopped.

        so_far: says how much has come over it.
        """
        with self._faults_of(query), closing(self._connect()) as connection, connection.cursor() as cursor:
            with within(self._limits.stall_seconds, connection):
                pid = self._see_the_snapshot(cursor, query)
            with self._watch.over(connection, pid, so_far):
                if self._stopped:
                    raise SourceError(f"{query.path} was stopped.", transient=True)
                yield cursor

    def _see_the_snapshot(self, cursor: Cursor, query: Query) -> int:
        """Begin; gives the number of the server's process."""
        try:
            cursor.execute(_BEGIN)
            cursor.execute("SET TRANSACTION SNAPSHOT %s; SELECT pg_backend_pid()", (self._snapshot,))
            return int(_only_row(cursor)[0])
        except psycopg2.Error as error:
            if error.pgcode is None:
                raise
            raise SourceError(
                f"{query.path}: the snapshot is gone, with the connection to the source {self._name} that held it: "
                f"{first_line(error)}",
                "Look into the server's log who ended that session; SOURCE_PATIENCE is how long we try again.",
                transient=True,
            ) from None

    def _connect(self) -> psycopg2.extensions.connection:
        connection: psycopg2.extensions.connection = psycopg2.connect(**self._options)
        connection.autocommit = True  # transactions are begun by hand, with their isolation level
        with within(self._limits.stall_seconds, connection), connection.cursor() as cursor:
            cursor.execute(f"{_SESSION}; SET lock_timeout = '{self._limits.lock_seconds}s'")
            if self._limits.statement_seconds:
                cursor.execute(f"SET statement_timeout = '{self._limits.statement_seconds}s'")
        return connection

    def _rendered(self, query: Query, cursor: Cursor) -> str:
        """Put the values of the binds into the SQL, quoted by the driver."""
        check_binds(query, self._binds)
        return with_binds(query.sql, lambda name: cursor.mogrify("%s", (self._binds[name],)).decode())

    @contextmanager
    def _faults_of(self, query: Query) -> Iterator[None]:
        """Turn the driver's errors into sentences that point into the .sql file."""
        try:
            yield
        except psycopg2.Error as error:
            if error.pgcode is None:  # no word of the server's: the connection is gone
                raise lost(error, self._name, self._where, query) from None
            raise fault_of(error, query) from None


def _columns(cursor: Cursor) -> list[RawColumn]:
    """Describe a cursor's columns by the names that PostgreSQL gives their types."""
    described = list(cursor.description or ())
    if not described:
        return []
    codes = [column.type_code for column in described]
    cursor.execute(
        "SELECT format_type(code, NULL) FROM unnest(%s::oid[]) WITH ORDINALITY AS t(code, place) ORDER BY place",
        (codes,),
    )
    columns = []
    for column, (kind,) in zip(described, cursor.fetchall(), strict=True):
        name = f"numeric({column.precision},{column.scale})" if kind == "numeric" and _is_bounded(column) else kind
        columns.append(RawColumn(name=column.name, type=str(arrow_type_of(name)), source_type=name))
    return columns


def _is_bounded(column: Any) -> bool:
    return column.precision is not None and column.precision <= 1000


def _only_row(cursor: Cursor) -> tuple[Any, ...]:
    row = cursor.fetchone()
    if row is None:
        raise SourceError("The source answered with no row where it must give one.")
    return row
