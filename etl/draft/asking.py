"""Asking a source what a draft needs to know: over a connection that only reads, each within some seconds."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Inspector, create_engine, inspect
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from etl.core.origin import libpq_options
from etl.download.postgres.session import connect

SECONDS = 5.0
"""The longest that one question about values may take: it is then asked of a part of the table, or not at all."""

_BEGIN = {
    "postgresql": ("SET default_transaction_read_only = on", "SET TimeZone = 'UTC'", "SET row_security = on"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'"),
}
_LIMIT = {"postgresql": "SET statement_timeout = {ms}", "mysql": "SET SESSION max_execution_time = {ms}"}
_MARIA = "SET SESSION max_statement_time = {s}"

_ESTIMATES = {
    "postgresql": "SELECT relname, reltuples::bigint FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
    " WHERE nspname = '{schema}' AND relkind IN ('r', 'p', 'm') AND reltuples >= 0",
    "mysql": "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = database()",
}


_REFUSED = (
    "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = '{schema}' AND NOT"
    " (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT'))"
)
_TYPES = "SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = database()"


class Asking:
    """A connection for questions. backend: what the URL calls the database, MariaDB being mysql."""

    def __init__(self, connection: Connection, backend: str) -> None:
        self._connection, self.backend = connection, backend
        self._limited: float | None = None

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect."""
        return self._connection.dialect

    @property
    def inspector(self) -> Inspector:
        """SQLAlchemy's inspector, which remembers what it was told."""
        found: Inspector = inspect(self._connection)
        return found

    def quoted(self, name: str) -> str:
        """Write a name as the database does, in quotes where it needs them."""
        quote = self.dialect.identifier_preparer.quote
        return (
            quote(name).replace("%%", "%")
            if "%%" in self.dialect.identifier_preparer.quote_identifier("%")
            else (quote(name))
        )

    def place(self, schema: str, table: str) -> str:
        """Write a table's name."""
        return ".".join(map(self.quoted, [schema, table] if schema else [table]))

    def rows(self, sql: str, seconds: float = SECONDS) -> list[tuple[Any, ...]] | None:
        """Return the rows of a question; None where it takes longer, or cannot be asked."""
        try:
            self._limit(seconds)
            with self._interrupted_after(seconds):
                return [tuple(row) for row in self._connection.exec_driver_sql(sql).fetchall()]
        except (SQLAlchemyError, UnicodeError, ValueError, OverflowError):
            with suppress(SQLAlchemyError):
                self._connection.rollback()
            return None

    def row(self, sql: str, seconds: float = SECONDS) -> tuple[Any, ...] | None:
        """Return the first row of a question, None where there is none."""
        return next(iter(self.rows(sql, seconds) or []), None)

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

    def _limit(self, seconds: float) -> None:
        if self._limited == seconds or self.backend not in _LIMIT:
            return
        sql = _MARIA if getattr(self.dialect, "is_mariadb", False) else _LIMIT[self.backend]
        with suppress(SQLAlchemyError):
            self._connection.exec_driver_sql(sql.format(ms=int(seconds * 1000), s=seconds))
        self._limited = seconds

    @contextmanager
    def _interrupted_after(self, seconds: float) -> Iterator[None]:
        """End a question to a database that has no server, and so no time-out."""
        if self.backend in _LIMIT:
            yield
            return
        driver: Any = self._connection.connection.driver_connection
        timer = threading.Timer(seconds, getattr(driver, "interrupt", bool))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextmanager
def asking(url: URL) -> Iterator[Asking]:
    """Connect, to read only."""
    backend = {"mariadb": "mysql"}.get(url.get_backend_name(), url.get_backend_name())
    options: dict[str, Any] = {"poolclass": NullPool}
    if backend == "postgresql":
        options["creator"] = lambda: connect(libpq_options(url))
        engine = create_engine("postgresql+psycopg2://", **options)
    else:
        if backend == "duckdb":
            options["connect_args"] = {"read_only": True}
        if backend == "sqlite":
            options["connect_args"] = {"check_same_thread": False}
        engine = create_engine(url, **options)
    with closing(engine.connect()) as connection:
        alone = {"isolation_level": "AUTOCOMMIT"} if backend in _BEGIN else {}
        connection = connection.execution_options(no_parameters=True, **alone)
        for statement in _BEGIN.get(backend, ()):
            connection.exec_driver_sql(statement)
        yield Asking(connection, backend)
    engine.dispose()
