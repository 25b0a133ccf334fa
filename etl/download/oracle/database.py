"""Oracle: a read-only transaction sees one state; the session is in UTC, its texts of numbers and days are ISO's."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from etl.company.queries import Query
from etl.core.manifest import RawColumn
from etl.download.generic.columns import Column
from etl.download.generic.database import Database, Quote
from etl.download.oracle.errors import FAULTS
from etl.download.oracle.types import ZONED, column_of

SETTING_UP = (
    "ALTER SESSION SET TIME_ZONE = '+00:00'",
    "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'",
    "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'",
    "ALTER SESSION SET NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF'",
    "ALTER SESSION SET NLS_SORT = BINARY",
    "ALTER SESSION SET NLS_COMP = BINARY",
)
"""What of a session changes the rows that a query gives, whatever this machine's locale is."""

READ_ONLY = "SET TRANSACTION READ ONLY"
CLOCK = "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM dual"
SESSION = "SELECT SYS_CONTEXT('USERENV', 'SID') FROM dual"
BUSY = "SELECT COUNT(*) FROM v$session WHERE sid = {} AND status = 'ACTIVE' AND wait_class <> 'Network'"


class Oracle(Database):
    """A server of Oracle, by python-oracledb."""

    faults = FAULTS
    setting_up = SETTING_UP

    def begin(self, connection: Connection) -> datetime:
        """Begin the read-only transaction, which all queries share; returns the instant of the server's clock."""
        super().begin(connection)
        connection.connection.rollback()  # it has to be the transaction's first statement
        connection.exec_driver_sql(READ_ONLY)
        instant: datetime = connection.exec_driver_sql(CLOCK).scalar_one()
        return instant.replace(tzinfo=UTC)

    def columns(self, connection: Connection, query: Query, binds: Mapping[str, str]) -> list[Column]:
        """Ask for a query's columns; names that need no quotes are in small letters, as in other databases."""
        normalized: Any = connection.dialect.normalize_name
        return [
            column_of(str(normalized(described[0])), described[1], described[4], described[5])
            for described in self._description(connection, query, binds)
        ]

    def reading(self, sql: str, columns: Sequence[RawColumn], group_by: Sequence[str], quoted: Quote) -> str:
        """Write the query so that instants arrive in UTC, whatever their zones."""
        if not any(column.source_type in ZONED for column in columns):
            return sql
        names = [(quoted(column.name), column.source_type in ZONED) for column in columns]
        listed = ", ".join(f"SYS_EXTRACT_UTC({name}) AS {name}" if zoned else name for name, zoned in names)
        order = f" ORDER BY {', '.join(map(quoted, group_by))}" if group_by else ""
        return f"SELECT {listed} FROM (\n{sql}\n) query{order}"

    def session(self, connection: Connection) -> int | None:
        """Return the number of the session."""
        return int(connection.exec_driver_sql(SESSION).scalar_one())

    def is_at_work(self, connection: Connection, session: int | None) -> bool:
        """Whether the session does anything but wait for us; who may not see sessions takes it for busy."""
        return bool(int(connection.exec_driver_sql(BUSY.format(session)).scalar_one()))

    def is_proven(self, source_type: str) -> bool:
        """Of numbers that have a precision."""
        return source_type.startswith("number(")

    def exact_sum(self, name: str) -> str:
        """Write the sum, which has as many digits as it needs, up to 40."""
        return f"SUM({name})"
