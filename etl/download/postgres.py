"""PostgreSQL: parallel COPYs that share one exported snapshot.

The protocol's CopyData messages of a server hold one row each (PostgreSQL manual, "Message Formats", CopyData), and
psycopg2 hands them on one by one: so rows are counted and blocks end between rows without reading the CSV.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.sql import text as bound_text

from etl.core.errors import ContractError, SourceError
from etl.core.manifest import RawColumn
from etl.core.origin import described
from etl.download.query import Query
from etl.download.source import Plan, checked_columns
from etl.download.types import arrow_type_of
from etl.download.writer import RawWriter

_SESSION = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1;"
    "SET bytea_output = 'hex'; SET client_encoding = 'UTF8'; SET idle_in_transaction_session_timeout = 0"
)
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_CONNECT_SECONDS = 15

_DIALECT = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]

Cursor = psycopg2.extensions.cursor


class PostgresSource:
    """A PostgreSQL database, read from one snapshot, which lives as long as the connection that exported it."""

    as_of: datetime

    def __init__(self, name: str, url: URL, connections: int, binds: dict[str, str]) -> None:
        """connections: how many queries may run at once; binds: the values of the :names that a query may use."""
        self.connections = connections
        self._name = name
        self._where = described(url)
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._binds = binds

    def __enter__(self) -> "PostgresSource":
        self._leader = self._connect()
        with self._leader.cursor() as cursor:
            cursor.execute(_BEGIN)
            cursor.execute("SELECT pg_export_snapshot(), now()")
            self._snapshot, self.as_of = _only_row(cursor)
        return self

    def __exit__(self, *exc: object) -> None:
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
            finally:
                cursor.execute("ROLLBACK TO SAVEPOINT plan")
        rows = int(guess["Plan Rows"])
        return Plan(query, checked_columns(query, columns), rows, rows * int(guess["Plan Width"]))

    def extract(self, plan: Plan, path: Path) -> RawWriter:
        """COPY the query into a CSV, over a connection of its own that sees the leader's snapshot."""
        names = [column.name for column in plan.columns]
        group_by = tuple(names.index(name) for name in plan.query.group_by)
        connection = self._connect()
        try:
            with self._faults_of(plan.query), connection.cursor() as cursor:
                cursor.execute(_BEGIN)
                cursor.execute("SET TRANSACTION SNAPSHOT %s", (self._snapshot,))
                copy = f"COPY (\n{self._rendered(plan.query, cursor)}\n) TO STDOUT (FORMAT csv)"
                with RawWriter(path, names, group_by) as writer:
                    cursor.copy_expert(copy, writer)
                if cursor.rowcount != writer.rows:
                    raise SourceError(f"{plan.query.path}: {cursor.rowcount:,} rows sent, {writer.rows:,} written.")
            return writer
        finally:
            connection.close()

    def _connect(self) -> psycopg2.extensions.connection:
        try:
            connection = psycopg2.connect(self._dsn, connect_timeout=_CONNECT_SECONDS, application_name="nightly-etl")
            connection.autocommit = True  # transactions are begun by hand, with their isolation level
            with connection.cursor() as cursor:
                cursor.execute(_SESSION)
            return connection
        except psycopg2.OperationalError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: psycopg2.OperationalError) -> SourceError:
        reason = " ".join(str(error).split())
        setting = f"SOURCE_{self._name.upper()}_URL"
        if "authentication failed" in reason or "no password" in reason or "does not exist" in reason:
            return SourceError(f"The source {self._name} at {self._where} refused us: {reason}", f"Mend {setting}.")
        return SourceError(
            f"The source {self._name} at {self._where} cannot be reached: {reason}",
            f"Look whether it runs and {setting} is right. (The sample's runs within `python -m sample run …`.)",
            transient=True,
        )

    def _rendered(self, query: Query, cursor: Cursor) -> str:
        """Put the values of the binds into the SQL, quoted by the driver."""
        compiled = bound_text(query.sql).compile(dialect=_DIALECT)
        unknown = sorted(set(compiled.params) - set(self._binds))
        if unknown:
            raise ContractError(
                f"{query.path} uses :{unknown[0]}, which is not among the known binds.",
                f"Known are: {', '.join(f':{name}' for name in self._binds)}; a literal colon is written \\:.",
            )
        return cursor.mogrify(str(compiled), self._binds).decode()

    @contextmanager
    def _faults_of(self, query: Query) -> Iterator[None]:
        """Turn the driver's errors into sentences that point into the .sql file."""
        try:
            yield
        except psycopg2.OperationalError as error:
            if error.pgcode is None:
                raise self._unreachable(error) from None
            raise SourceError(f"{query.path}: {_first_line(error)}", transient=True) from None
        except psycopg2.Error as error:
            raise SourceError(f"{query.path}{_line_of(error)}: {_first_line(error)}", _hint_of(error)) from None


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


def _first_line(error: psycopg2.Error) -> str:
    return (error.diag.message_primary or str(error)).partition("\n")[0].rstrip(".") + "."


def _line_of(error: psycopg2.Error) -> str:
    """Find the .sql file's line: our own text puts one line before the file's first."""
    match = re.search(r"^LINE (\d+):", str(error), re.MULTILINE)
    return f":{int(match[1]) - 1}" if match else ""


def _hint_of(error: psycopg2.Error) -> str:
    return error.diag.message_hint or "Run the query in psql; the source may have been changed."
