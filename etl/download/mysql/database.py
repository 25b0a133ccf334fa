"""MySQL and MariaDB: every value arrives as the text that the database prints, whichever driver brings it.

So `0000-00-00` is no NULL and `838:59:59` no timedelta. The session is in UTC: a TIMESTAMP is an instant.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, CursorResult, bindparam, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from etl.company.queries import Query
from etl.company.sql import names_in
from etl.core.manifest import RawColumn
from etl.download.generic.columns import Column
from etl.download.generic.database import Database, Quote, run
from etl.download.mysql import cells
from etl.download.mysql.errors import FAULTS
from etl.download.mysql.types import BIT, INTEGERS, OTHERS, column_of, flags_and_charsets
from etl.download.source import Horizon, Limits

_SESSION = (
    "NAMES utf8mb4",  # another character set, of the URL or of the server's init_connect, writes ? for what it lacks
    "SESSION time_zone = '+00:00'",
    "SESSION sql_select_limit = 18446744073709551615",
    "SESSION group_concat_max_len = 4294967295",  # else GROUP_CONCAT cuts its texts, and only warns
)
"""What of a session changes the rows that a query gives, whatever the server's defaults are."""

_ENGINES = """
SELECT t.table_schema, t.table_name, t.engine
FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
WHERE e.transactions <> 'YES' AND (:every OR LOWER(t.table_name) IN :names)
  AND (t.table_schema = DATABASE() OR LOWER(t.table_schema) IN :names)
  AND t.table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')
"""
_VIEWS = """
SELECT view_definition FROM information_schema.views
WHERE LOWER(table_name) IN :names AND (table_schema = DATABASE() OR LOWER(table_schema) IN :names)
"""
_OLDEST = """
SELECT MAX(TIMESTAMPDIFF(SECOND, CONVERT_TZ(trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP()))
FROM information_schema.innodb_trx
"""
"""The server writes their starts in its own time zone, whatever the session's."""
_GROUND = """
SELECT CONCAT('made ', create_time) FROM information_schema.tables
WHERE table_name = :table AND table_schema = COALESCE(:database, DATABASE()) AND table_type = 'BASE TABLE'
"""
_FILES = """
SELECT GROUP_CONCAT(table_id, '/', space ORDER BY table_id) FROM information_schema.{}
WHERE name = CONCAT(COALESCE(:database, DATABASE()), '/', :table)
"""
"""TRUNCATE gives a table another file; who may not see that (PROCESS) sees when the table was made."""
_BUSY = """
SELECT COUNT(*) FROM information_schema.processlist
WHERE id = {} AND command <> 'Sleep' AND COALESCE(state, '') NOT IN ('Writing to net', 'Sending to client')
"""


class MySql(Database):
    """MySQL and MariaDB, by PyMySQL, mysqlclient or MySQL Connector/Python."""

    faults = FAULTS

    def __init__(self, url: URL, limits: Limits) -> None:
        super().__init__(url, limits)
        self._driver = url.get_driver_name()
        self._oldest: timedelta | None = None
        self._sees_others = True

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`: the isolation, and a driver that hands texts on."""
        arguments = {"charset": "utf8mb4"} | _as_texts(self._driver)  # of which those of the URL are overruled
        return {"isolation_level": "REPEATABLE READ", "connect_args": arguments}

    def begin(self, connection: Connection) -> datetime:
        """Begin in UTC, with the time-outs; returns the instant of the server's clock."""
        limits, is_mariadb = self._limits, getattr(connection.dialect, "is_mariadb", False)
        settings = [f"lock_wait_timeout = {limits.lock_seconds}"]
        settings += [f"net_write_timeout = {max(600, limits.stall_seconds)}"]  # we may be the slower ones
        if limits.statement_seconds:
            seconds = limits.statement_seconds
            settings.append(f"max_statement_time = {seconds}" if is_mariadb else f"max_execution_time = {seconds}000")
        connection.exec_driver_sql("SET " + ", ".join([*_SESSION, *(f"SESSION {setting}" for setting in settings)]))
        self._ask_for_the_oldest(connection)
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        instant = connection.exec_driver_sql("SELECT UTC_TIMESTAMP(6)").scalar_one()
        return datetime.fromisoformat(str(instant)).replace(tzinfo=UTC)

    def _ask_for_the_oldest(self, connection: Connection) -> None:
        """Ask how long ago the oldest open transaction began. That needs the privilege PROCESS; it is kept, if not."""
        try:
            seconds = connection.exec_driver_sql(_OLDEST).scalar_one()
            self._oldest = None if seconds is None else timedelta(seconds=int(seconds) + 1)  # it is cut to seconds
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            self._sees_others = False

    def horizon(self, clock: datetime, name: str) -> Horizon:
        """Return the start of the oldest transaction that was open when ours began."""
        if self._sees_others:
            return Horizon(clock, clock - self._oldest if self._oldest else None)
        return Horizon(
            clock,
            remark=f"the source {name} does not let this account see when the transactions of others began: what one of"
            " them writes that lasts longer than `-- lag:` is only seen by a full run (GRANT PROCESS ON *.* TO the"
            " account)",
        )

    def ground_of(self, connection: Connection, name: str) -> str | None:
        """Return when a base table was made, and which file it has, as far as this account may see it."""
        database, _, table = name.replace("`", "").rpartition(".")
        names = {"table": table, "database": database or None}
        found = connection.execute(text(_GROUND), names).one_or_none()
        if found is None:
            return None
        view = "innodb_sys_tables" if getattr(connection.dialect, "is_mariadb", False) else "innodb_tables"
        file = None
        if self._sees_others:
            with suppress(DBAPIError):  # MySQL 5.7 calls the view otherwise
                file = connection.execute(text(_FILES.format(view)), names).scalar()
        return f"{found[0]}, file {file}"

    def columns(self, connection: Connection, query: Query, binds: Mapping[str, str]) -> list[Column]:
        """Ask for a query's columns; with LIMIT 0 it is not run."""
        with run(connection, query, f"SELECT * FROM (\n{query.sql}\n) AS query LIMIT 0", binds) as result:
            cursor: Any = result.cursor
            return [
                column_of(described[0], described[1], described[3], described[5], *sets)
                for described, sets in zip(cursor.description or (), flags_and_charsets(cursor), strict=True)
            ]

    def reading(self, sql: str, columns: Sequence[RawColumn], group_by: Sequence[str], quoted: Quote) -> str:
        """Write the query so that a FLOAT arrives with all its digits."""
        if not any(column.source_type == "float" for column in columns):
            return sql
        names = [(quoted(column.name), " + 0e0" * (column.source_type == "float")) for column in columns]
        listed = ", ".join(f"{name}{as_double} AS {name}" for name, as_double in names)
        order = f" ORDER BY {', '.join(map(quoted, group_by))}" if group_by else ""
        return f"SELECT {listed} FROM (\n{sql}\n) AS query{order}"

    def batches(self, result: CursorResult[Any], columns: Sequence[RawColumn]) -> Iterator[pa.Array]:
        """Yield a query's rows as lines of a CSV: of PyMySQL's, out of what the server sends."""
        return cells.batches(result, columns) if cells.can_read(result.cursor) else super().batches(result, columns)

    def remarks(self, connection: Connection, query: Query) -> list[str]:
        """Name the tables that a query reads, by itself or by views, which stand outside of any snapshot."""
        names, known, every = names_in(query.sql, query.dialect), set[str](), False
        while not names <= known:
            known |= names
            views = [
                str(view or "") for view in connection.execute(_of_names(_VIEWS), {"names": sorted(known)}).scalars()
            ]
            every = every or "" in views  # one whose definition is not for us to see
            names = {name for view in views for name in names_in(view, query.dialect)}
        found = connection.execute(_of_names(_ENGINES), {"names": sorted(known), "every": every})
        how = " (which a view may read)" if every else ""
        return [
            f"{schema}.{table}{how} is a table of the engine {engine}, which knows no snapshot: what is written to it "
            f"during the night may be seen by halves (ALTER TABLE {table} ENGINE = InnoDB)"
            for schema, table, engine in sorted(map(tuple, found))
        ]

    def session(self, connection: Connection) -> int | None:
        """Return the number of the session."""
        return int(connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one())

    def is_at_work(self, connection: Connection, session: int | None) -> bool:
        """Whether the session does anything but wait for us."""
        return bool(int(connection.exec_driver_sql(_BUSY.format(session)).scalar_one()))

    def is_proven(self, source_type: str) -> bool:
        """Of integers and decimals, all."""
        return source_type.split("(")[0].split()[0] in (*INTEGERS.values(), "decimal")

    def exact_sum(self, name: str) -> str:
        """Write the sum, which is a decimal of more digits than the values have."""
        return f"SUM({name})"


def _as_texts(driver: str) -> dict[str, Any]:
    """Return the arguments with which a driver hands texts on as the database sends them, and bytes of what is none."""
    if driver == "pymysql":
        from pymysql.converters import conversions

        return {"conv": {key: write for key, write in conversions.items() if not isinstance(key, int)}}
    if driver == "mysqldb":
        from MySQLdb.converters import conversions as known

        return {"conv": known | dict.fromkeys((*INTEGERS, *(set(OTHERS) - {BIT}), 0, 246), str)}
    if driver == "mysqlconnector":
        from etl.download.mysql.connector import AsTexts

        return {"converter_class": AsTexts}
    return {}


def _of_names(sql: str) -> Any:
    return text(sql).bindparams(bindparam("names", expanding=True))
