"""SQL Server: a transaction of the isolation SNAPSHOT sees one state, if the database allows it.

Types are the catalogue's, for a query is not run to be described. There are no sessions in UTC: what GETDATE() gives is
the server's time, SYSUTCDATETIME() is UTC's.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from etl.company.queries import Query
from etl.company.sql import with_binds
from etl.core.errors import ContractError, SourceError
from etl.download.generic.columns import Column
from etl.download.generic.database import Database
from etl.download.mssql.derived import derived
from etl.download.mssql.errors import FAULTS
from etl.download.mssql.types import column_of

SETTING_UP = (
    "SET LOCK_TIMEOUT {lock_ms}",
    "SET DEADLOCK_PRIORITY LOW",  # of two that wait for each other, the night gives way
    "SET TEXTSIZE 2147483647",  # FreeTDS asks for 64 KB of a text
    "SET ROWCOUNT 0",
    "SET LANGUAGE us_english",
    "SET DATEFORMAT ymd",
)
"""What of a session changes the rows that a query gives, whatever the login's defaults are."""

ALLOWED = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
_ON = 1
DESCRIBED = (
    "SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(:query, NULL, 0)"
    " WHERE is_hidden = 0 OR error_message IS NOT NULL ORDER BY column_ordinal"
)
CLOCK = "SELECT SYSUTCDATETIME() FROM sys.databases WHERE database_id = DB_ID()"
BUSY = """
SELECT CASE WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 0 THEN 1 ELSE (
  SELECT COUNT(*) FROM sys.dm_exec_requests
  WHERE session_id = {} AND COALESCE(wait_type, '') <> 'ASYNC_NETWORK_IO'
) END
"""
"""Whoever may not see other sessions takes the server for busy."""


class Mssql(Database):
    """A server of SQL Server, by mssql-python, pyodbc or pymssql."""

    faults = FAULTS
    setting_up = SETTING_UP

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`."""
        return {"isolation_level": "SNAPSHOT"}

    def begin(self, connection: Connection) -> datetime:
        """Begin the snapshot, whose state is that of the first look at the database. Raises SourceError."""
        super().begin(connection)
        if connection.exec_driver_sql(ALLOWED).scalar_one() != _ON:
            raise SourceError(
                f"The database {self._url.database} does not allow snapshots, so each query would see another instant.",
                f"Let its owner run ALTER DATABASE [{self._url.database}] SET ALLOW_SNAPSHOT_ISOLATION ON, or extract"
                " from a readable copy or a database snapshot (CREATE DATABASE … AS SNAPSHOT OF) that does.",
            )
        instant = connection.exec_driver_sql(CLOCK).scalar_one()
        told = instant if isinstance(instant, datetime) else datetime.fromisoformat(str(instant)[:26])
        return told.replace(tzinfo=UTC)

    def columns(self, connection: Connection, query: Query, binds: Mapping[str, str]) -> list[Column]:
        """Ask the catalogue for a query's columns; the query is not run, and may hold WITH and ORDER BY."""
        written = with_binds(query.sql, lambda name: _literal(binds[name]), str, query.dialect)
        rows = connection.execute(text(DESCRIBED), {"query": written}).all()
        fault = next((message for _, _, message in rows if message), None)
        if fault:
            raise ContractError(f"{query.path}: {' '.join(str(fault).split())}", "Correct the query.")
        unnamed = next((place for place, (name, _, _) in enumerate(rows, 1) if not name), None)
        if unnamed:
            raise ContractError(f"{query.path}: column {unnamed} has no name.", "Give it one (AS).")
        return [column_of(name, told or "sql_variant") for name, told, _ in rows]

    def derived(self, sql: str) -> tuple[str, str]:
        """Take WITH and ORDER BY out of the parentheses, which forbid them."""
        return derived(sql)

    def session(self, connection: Connection) -> int | None:
        """Return the number of the session."""
        return int(connection.exec_driver_sql("SELECT @@SPID").scalar_one())

    def is_at_work(self, connection: Connection, session: int | None) -> bool:
        """Whether the session does anything but wait for us."""
        return bool(int(connection.exec_driver_sql(BUSY.format(session)).scalar_one()))

    def is_proven(self, source_type: str) -> bool:
        """Of integers, money, and decimals whose sum of 38 digits keeps their scale."""
        if source_type.startswith("decimal("):
            return int(source_type[len("decimal(") :].partition(",")[0]) <= 36
        return source_type in ("tinyint", "smallint", "int", "bigint", "money", "smallmoney")

    def exact_sum(self, name: str) -> str:
        """Write the sum as DECIMAL(38): an int's own would overflow, and the product with a decimal is one."""
        return f"SUM({name} * CAST(1 AS DECIMAL(1, 0)))"


def _literal(value: str) -> str:
    return "N'" + value.replace("'", "''") + "'"
