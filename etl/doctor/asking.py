"""Short questions to a source, besides those of the night: over a connection of their own, bounded in time.

A pooler may give each question another session, so that nothing is set but for a transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import psycopg2
from sqlalchemy import Connection, CursorResult
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from etl.company.queries import Query
from etl.company.sql import with_binds
from etl.core.origin import described, libpq_options
from etl.doctor.check import UnseenError
from etl.download.files.database import Files
from etl.download.generic.beside import beside, bounded
from etl.download.generic.database import Database, run
from etl.download.postgres.errors import first_line, lost
from etl.download.postgres.session import connect, row_security
from etl.download.source import Limits

SECONDS = 4.0
"""The longest that a question may take."""

Rows = list[tuple[Any, ...]]


class Asking(Protocol):
    """Questions to a source. Each raises UnseenError where the source does not answer it."""

    def ask(self, sql: str, *values: Any) -> Rows:
        """Return the rows of a statement that reads. values: of its %s."""

    def over(self, query: Query, sql: str) -> Rows:
        """Return the rows of a statement over a query, which stands in it as {query}."""


class OfPostgres:
    """Questions to PostgreSQL. binds: the night's values of a query's :names."""

    def __init__(self, url: URL, binds: Mapping[str, str]) -> None:
        self.connection, self._binds = connect(libpq_options(url)), binds

    def ask(self, sql: str, *values: Any) -> Rows:
        """Return the rows of a statement that reads."""
        return self._asked("", sql, values or None)

    def over(self, query: Query, sql: str) -> Rows:
        """Return the rows of a statement over a query."""
        with self.connection.cursor() as cursor:
            text = with_binds(query.sql, lambda name: cursor.mogrify("%s", (self._binds[name],)).decode())
        return self._asked(f"; {row_security(query)}", sql.replace("{query}", f"(\n{text}\n) AS query"), None)

    def _asked(self, before: str, sql: str, values: Any) -> Rows:
        begin = f"BEGIN READ ONLY; SET LOCAL statement_timeout = {SECONDS * 1000:.0f}; SET LOCAL lock_timeout = '500ms'"
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(f"{begin}; SET LOCAL TimeZone = 'UTC'{before}")
                try:
                    cursor.execute(sql, values)
                    return cursor.fetchall() if cursor.description else []
                finally:
                    with suppress(psycopg2.Error):
                        cursor.execute("ROLLBACK")
        except psycopg2.Error as error:
            raise UnseenError(first_line(error), "Look at it by hand.") from None


class OfOthers:
    """Questions to a database through SQLAlchemy."""

    def __init__(self, connection: Connection, database: Database, binds: Mapping[str, str]) -> None:
        self.connection, self.database, self._binds = connection, database, binds

    def ask(self, sql: str, *values: Any) -> Rows:
        """Return the rows of a statement that reads."""
        return self._asked(lambda: self.connection.exec_driver_sql(sql, values or None))

    def over(self, query: Query, sql: str) -> Rows:
        """Return the rows of a statement over a query."""
        text = sql.replace("{query}", f"(\n{query.sql}\n) query")

        def call() -> CursorResult[Any]:
            if isinstance(self.database, Files):  # which offers a query the files that it names
                self.database.columns(self.connection, query, self._binds)
            return run(self.connection, query, text, self._binds)

        return self._asked(call)

    def _asked(self, call: Any) -> Rows:
        try:
            with bounded(self.connection, self.database, SECONDS):
                result = call()
                return [tuple(row) for row in result.all()] if result.returns_rows else []
        except (SQLAlchemyError, UnicodeError) as error:
            with suppress(SQLAlchemyError):
                self.connection.rollback()
            raise UnseenError(self.database.faults.reason(error), "Look at it by hand.") from None


@contextmanager
def asking(name: str, url: URL, limits: Limits, binds: Mapping[str, str]) -> Iterator[Asking]:
    """Yield what asks a source. Raises SourceError where it takes no further connection."""
    if url.get_backend_name() == "postgresql":
        try:
            of_postgres = OfPostgres(url, binds)
        except psycopg2.Error as error:
            raise lost(error, name, described(url), None) from None
        try:
            yield of_postgres
        finally:
            of_postgres.connection.close()
        return
    with beside(name, url, limits) as (connection, database):
        if isinstance(database, Files):
            database.begin(connection)
        yield OfOthers(connection, database, binds)
