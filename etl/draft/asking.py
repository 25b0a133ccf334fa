"""Asking a source what a draft needs to know: over a connection that only reads, each within some seconds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import psycopg2
from sqlalchemy import Connection, Inspector, create_engine, inspect
from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from etl.core.errors import SourceError
from etl.core.origin import described, libpq_options
from etl.download.generic.beside import beside, bounded
from etl.download.generic.database import Database
from etl.download.generic.faults import Faults
from etl.download.postgres.errors import lost
from etl.download.postgres.session import connect
from etl.download.source import Limits

SECONDS = 5.0
"""The longest that one question about values may take: it is then asked of a part of the table, or not at all."""

_OF_POSTGRES = "SET LOCAL statement_timeout = {ms:.0f}; SET LOCAL TimeZone = 'UTC'; SET LOCAL row_security = on"
"""Each question is a transaction: what is set for a session stays in it, behind a pooler, for whoever gets it next."""
_OF_MYSQL = ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'")

_ESTIMATES = {
    "postgresql": "SELECT relname, reltuples::bigint FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
    " WHERE nspname = '{schema}' AND relkind IN ('r', 'p', 'm') AND reltuples >= 0",
    "mysql": "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = database()",
}


_REFUSED = (
    "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = '{schema}' AND NOT"
    " (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT'))"
)
_RESERVED = RESERVED_WORDS_MYSQL | RESERVED_WORDS_MARIADB
"""A URL of MySQL may lead to MariaDB, whose words are others."""
_TYPES = "SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = database()"


class Asking:
    """A connection for questions. backend: what the URL calls the database, MariaDB being mysql.

    database: None where it is PostgreSQL.
    """

    def __init__(self, connection: Connection, backend: str, database: Database | None) -> None:
        self._connection, self.backend, self._database = connection, backend, database

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect."""
        return self._connection.dialect

    @property
    def inspector(self) -> Inspector:
        """SQLAlchemy's inspector, which remembers what it was told."""
        found: Inspector = inspect(self._connection)
        return found

    def begin_again(self) -> None:
        """Leave a transaction in which a question was refused."""
        self._connection.rollback()

    def quoted(self, name: str) -> str:
        """Write a name as the database does, in quotes where it needs them."""
        preparer = self.dialect.identifier_preparer
        is_reserved = self.backend == "mysql" and name.lower() in _RESERVED
        written = preparer.quote_identifier(name) if is_reserved else preparer.quote(name)
        return written.replace("%%", "%") if "%%" in preparer.quote_identifier("%") else written

    def place(self, schema: str, table: str) -> str:
        """Write a table's name."""
        return ".".join(map(self.quoted, [schema, table] if schema else [table]))

    def rows(self, sql: str) -> list[tuple[Any, ...]] | None:
        """Return the rows of a question; None where it takes longer, or cannot be asked."""
        connection, database = self._connection, self._database
        try:
            if database is None:
                connection.rollback()
                connection.exec_driver_sql(_OF_POSTGRES.format(ms=SECONDS * 1000))
            with bounded(connection, database, SECONDS) if database else nullcontext():
                return [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()]
        except (SQLAlchemyError, UnicodeError, ValueError, OverflowError):
            return None
        finally:
            with suppress(SQLAlchemyError):
                connection.rollback()

    def row(self, sql: str) -> tuple[Any, ...] | None:
        """Return the first row of a question, None where there is none."""
        return next(iter(self.rows(sql) or []), None)

    def estimates(self, schema: str) -> Mapping[str, int]:
        """Return about how many rows the tables of a schema have, as far as the database says it."""
        sql = _ESTIMATES.get(self.backend)
        told = self.rows(sql.format(schema=schema.replace("'", "''"))) if sql else None
        return {str(name): int(rows) for name, rows in told or () if rows is not None}

    def refused(self, schema: str) -> frozenset[str]:
        """Name the tables of a schema that the role may not read; of other databases, which hide them, none."""
        sql = _REFUSED.format(schema=schema.replace("'", "''"))
        told = self.rows(sql) if self.backend == "postgresql" else None
        return frozenset(str(name) for (name,) in told or ())

    def types(self) -> Mapping[tuple[str, str], str]:
        """Return the types of columns by table and name, as MySQL and MariaDB write them; of others nothing."""
        told = self.rows(_TYPES) if self.backend == "mysql" else None
        return {(str(table), str(column)): str(kind) for table, column, kind in told or ()}


@contextmanager
def asking(name: str, url: URL, limits: Limits) -> Iterator[Asking]:
    """Connect to a source, to read only. Raises SourceError where that cannot be, or the catalogue cannot be read."""
    backend = {"mariadb": "mysql"}.get(url.get_backend_name(), url.get_backend_name())
    opened = _postgres(name, url) if backend == "postgresql" else beside(name, url, limits)
    with opened as (connection, database):
        try:
            connection = connection.execution_options(
                no_parameters=True, **({"isolation_level": "AUTOCOMMIT"} if backend == "mysql" else {})
            )
            for statement in _OF_MYSQL if backend == "mysql" else ():
                connection.exec_driver_sql(statement)
            yield Asking(connection, backend, database)
        except SQLAlchemyError as error:
            reason = (database.faults if database else Faults()).reason(error)
            raise SourceError(
                f"The catalogue of the source {name} cannot be read: {reason}",
                "Look at it by hand with the account of the settings.",
            ) from None


@contextmanager
def _postgres(name: str, url: URL) -> Iterator[tuple[Connection, None]]:
    """Connect to PostgreSQL; each transaction only reads."""

    def connected() -> Any:
        connection = connect(libpq_options(url))
        connection.set_session(readonly=True, autocommit=False)
        return connection

    engine = create_engine("postgresql+psycopg2://", poolclass=NullPool, creator=connected)
    try:
        try:
            connection = engine.connect()
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None)
            raise lost(
                cause if isinstance(cause, psycopg2.Error) else psycopg2.Error(str(error)), name, described(url), None
            ) from None
        with connection:
            yield connection, None
    finally:
        engine.dispose()
