"""SQLite: types are the tables' own, which the cursor does not tell; a cell may hold something else all the same."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from etl.company.queries import Query
from etl.company.sql import with_binds
from etl.core.manifest import EXPRESSION
from etl.download.generic.columns import Column
from etl.download.generic.database import Database, run
from etl.download.sqlite.errors import FAULTS
from etl.download.sqlite.types import STORED, affinity, declared

_HALF = 1_000_000_000
"""A sum is taken of what is above it and of what is below: SQLite's own overflows at 64 bits."""


class Sqlite(Database):
    """A file of SQLite."""

    is_file = True
    faults = FAULTS

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`: how long a lock is waited for."""
        waits = {} if "timeout" in self._url.query else {"timeout": self._limits.lock_seconds}
        return {"connect_args": {"check_same_thread": False} | waits}

    def begin(self, connection: Connection) -> datetime:
        """Begin to read: the snapshot is that of the first look."""
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT COUNT(*) FROM sqlite_master").scalar_one()
        return datetime.now(UTC)

    def columns(self, connection: Connection, query: Query, binds: Mapping[str, str]) -> list[Column]:
        """Ask what the tables were declared with; of expressions, what all their values are."""
        with run(connection, query, f"SELECT * FROM (\n{query.sql}\n) LIMIT 0", binds) as result:
            cursor: Any = result.cursor
            names = [described[0] for described in cursor.description]
        written = with_binds(query.sql, lambda name: "'" + binds[name].replace("'", "''") + "'", str, query.dialect)
        connection.exec_driver_sql(f"CREATE TEMP VIEW _columns AS\n{written}")
        try:
            told = connection.exec_driver_sql("PRAGMA temp.table_info(_columns)").all()
        finally:
            connection.exec_driver_sql("DROP VIEW temp._columns")
        columns = [declared(name, row[2]) for name, row in zip(names, told, strict=True)]
        told_types = dict(query.types)
        open_ones = [column.name for column in columns if column.type is None and column.name not in told_types]
        stored = self._stored(connection, query, binds, open_ones) if open_ones else {}
        return [
            Column(column.name, EXPRESSION, *stored.get(column.name, (pa.string(),))) if column.type is None else column
            for column in columns
        ]

    def _stored(
        self, connection: Connection, query: Query, binds: Mapping[str, str], names: list[str]
    ) -> dict[str, tuple[pa.DataType]]:
        """Look at the classes of all values of some columns, for nothing declares them."""
        asked = ", ".join(f"group_concat(DISTINCT typeof({_quoted(name)}))" for name in names)
        with run(connection, query, f"SELECT {asked} FROM (\n{query.sql}\n)", binds) as result:
            row = result.one()
        found = {}
        for name, classes in zip(names, row, strict=True):
            held = tuple(sorted(set((classes or "null").split(",")) - {"null"}))
            found[name] = (STORED.get(held, ("text", pa.string()))[1],)
        return found

    def is_proven(self, source_type: str) -> bool:
        """Of integers."""
        return affinity(source_type) == ("integer", pa.int64())

    def number(self, name: str) -> str:
        """Write a column so that only whole numbers count, for in a cell may be anything."""
        return f"CASE WHEN typeof({name}) = 'integer' THEN {name} END"

    def exact_sum(self, name: str) -> str:
        """Write the sum as two numbers."""
        return f"SUM({name} / {_HALF}) || ' ' || SUM({name} % {_HALF})"

    def sum_of(self, answer: Any) -> Any:
        """Read the two numbers."""
        if answer is None:
            return None
        above, below = map(int, answer.split())
        return above * _HALF + below


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
