"""What the engine needs to know of a database that is not PostgreSQL; here, of those that have no room of their own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, CursorResult, column
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import text as bound_text
from sqlalchemy.types import UserDefinedType

from etl.company.queries import Query
from etl.company.sql import binds_of, with_binds
from etl.core.manifest import RawColumn
from etl.download.generic import cells
from etl.download.generic.columns import Column, column_of
from etl.download.generic.faults import Faults
from etl.download.source import Horizon, Limits
from etl.download.types import known_type

Quote = Callable[[str], str]


class Database:
    """What most databases understand; what one understands otherwise is in the room database.py of its folder."""

    is_file = False
    """Whether it is a file of this machine, with no server."""
    ends_with_a_fault = False
    """Whether a statement that fails ends the transaction, so that nothing can be read after it."""
    faults = Faults()
    """How its faults are told apart."""
    types: Mapping[str, pa.DataType] = MappingProxyType({})
    """Types that few databases have, by the names that its driver tells."""
    setting_up: tuple[str, ...] = ()
    """Statements with which a session begins: its time zone, its time-outs."""

    def __init__(self, url: URL, limits: Limits) -> None:
        self._url, self._limits = url, limits

    def engine_url(self) -> URL:
        """Return what `create_engine` is given."""
        return self._url

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`: an isolation in which a transaction sees one state, and others."""
        return {}

    def begin(self, connection: Connection) -> datetime:
        """Begin the transaction whose snapshot all queries see; returns its instant."""
        for statement in self.setting_up:
            connection.exec_driver_sql(statement.format(lock_ms=self._limits.lock_seconds * 1000))
        return datetime.now(UTC)

    def horizon(self, clock: datetime, name: str) -> Horizon:
        """Return what is known of the transactions that were open when ours began. name: the source's."""
        return Horizon(clock)

    def ground_of(self, connection: Connection, name: str) -> str | None:
        """Return what stands for a table, as SQL writes its name, until it is made anew; None if it is none."""
        return None

    def columns(self, connection: Connection, query: Query, binds: Mapping[str, str]) -> list[Column]:
        """Ask for a query's columns without reading its rows."""
        return [column_of(described, self.types) for described in self._description(connection, query, binds)]

    def _description(self, connection: Connection, query: Query, binds: Mapping[str, str]) -> Iterable[Any]:
        try:
            with run(connection, query, f"SELECT * FROM (\n{query.sql}\n) query WHERE 1 = 0", binds) as result:
                return list(result.cursor.description or ()) if result.cursor else []
        except DBAPIError as error:
            if error.connection_invalidated or self.is_file:
                raise
        # some forbid WITH or ORDER BY in there; if the query itself is at fault, this says so in its own lines
        with run(connection, query, query.sql, binds) as result:
            return list(result.cursor.description or ()) if result.cursor else []

    def derived(self, sql: str) -> tuple[str, str]:
        """Return what stands before a statement that selects from a query, and the query in parentheses."""
        return "", f"(\n{sql}\n)"

    def reading(self, sql: str, columns: Sequence[RawColumn], group_by: Sequence[str], quoted: Quote) -> str:
        """Write the query as it is to be read. group_by: by which its rows come sorted; quoted: writes a name."""
        return sql

    def batches(self, result: CursorResult[Any], columns: Sequence[RawColumn]) -> Iterator[pa.Array]:
        """Yield a query's rows as lines of a CSV, some at a time. Raises UnknownClass."""
        return cells.batches(result, columns)

    def remarks(self, connection: Connection, query: Query) -> list[str]:
        """Return what a person ought to know of how a query is read."""
        return []

    def is_at_work(self, connection: Connection, session: int | None) -> bool:
        """Whether the server is busy with the session; as far as it can be told, for it has answered."""
        return True

    def session(self, connection: Connection) -> int | None:
        """Return the number by which another session can ask for this one."""
        return None

    def interrupt(self, connection: Any) -> None:
        """End what a database does that has no server. connection: the driver's."""
        connection.interrupt()

    def is_proven(self, source_type: str) -> bool:
        """Whether the database's sum, least and greatest of a column of a type are exact, and the same as ours."""
        kind = known_type(source_type)
        return kind is not None and pa.types.is_integer(kind)

    def exact_sum(self, name: str) -> str:
        """Write the sum of a column of numbers, in a type that it does not fill."""
        return f"SUM(CAST({name} AS DECIMAL(38, 0)))"

    def number(self, name: str) -> str:
        """Write a column of numbers so that only numbers count."""
        return name

    def sum_of(self, answer: Any) -> Any:
        """Read what `exact_sum` gave."""
        return answer


class _AsItComes(UserDefinedType[Any]):
    """The type of a column whose values are the driver's: SQLAlchemy's dialects would make a dict of JSON."""

    cache_ok = True


def run(
    connection: Connection, query: Query, sql: str, binds: Mapping[str, str], names: Sequence[str] = ()
) -> CursorResult[Any]:
    """Begin to run SQL that has a query's dialect and binds; its rows come as they are fetched.

    names: the columns whose values are wanted as the driver gives them.
    """
    statement: Any = bound_text(with_binds(sql, ":{}".format, _escaped, query.dialect))
    if names:
        statement = statement.columns(*(column(name, _AsItComes()) for name in names))
    values = {name: binds[name] for name in binds_of(sql, query.dialect)}
    return connection.execution_options(stream_results=True, max_row_buffer=1000).execute(statement, values)


def _escaped(text: str) -> str:
    """Mark colons as SQLAlchemy wants those to be marked that begin no bind."""
    return text.replace(":", "\\:")
