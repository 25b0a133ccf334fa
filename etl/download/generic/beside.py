"""One more connection to a database, beside the night's: for short questions. Not to PostgreSQL, which has its own."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from etl.core.deadline import after
from etl.core.origin import described
from etl.download.generic.database import Database
from etl.download.generic.errors import unreachable
from etl.download.generic.kinds import database_of
from etl.download.mysql.database import MySql
from etl.download.source import Limits


@contextmanager
def beside(name: str, url: URL, limits: Limits) -> Iterator[tuple[Connection, Database]]:
    """Connect once more to a source. Raises SourceError where the server takes no further connection."""
    database = database_of(url, limits)
    engine = create_engine(database.engine_url(), poolclass=NullPool, **database.engine_options())
    try:
        try:
            connection = engine.connect()
        except SQLAlchemyError as error:
            raise unreachable(database.faults, error, name, described(url), None) from None
        with connection:
            yield connection, database
    finally:
        engine.dispose()


@contextmanager
def bounded(connection: Connection, database: Database, seconds: float) -> Iterator[None]:
    """End a statement of the block that takes longer, as far as the database or its driver can."""
    if isinstance(database, MySql):
        is_mariadb = getattr(connection.dialect, "is_mariadb", False)
        name, limit = ("max_statement_time", seconds) if is_mariadb else ("max_execution_time", int(seconds * 1000))
        connection.exec_driver_sql(f"SET SESSION {name} = {limit}")
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):
                connection.exec_driver_sql(f"SET SESSION {name} = DEFAULT")
    elif database.is_file:
        with after(seconds, lambda: _interrupt(connection, database)):
            yield
    else:
        yield


def _interrupt(connection: Connection, database: Database) -> None:
    with suppress(SQLAlchemyError, AttributeError):
        database.interrupt(connection.connection.driver_connection)
