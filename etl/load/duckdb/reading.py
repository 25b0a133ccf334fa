"""Reading the published tables of a DuckDB file, and nothing besides."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.core.errors import WarehouseError
from etl.core.scratch import scratch_folder
from etl.load.checks import not_a_query
from etl.load.duckdb.errors import READING, explained
from etl.load.duckdb.session import limit, seal
from etl.load.duckdb.sql import attached

_BATCH = 8192
"""Rows that are read at once for whoever takes them one after the other."""

_READ = ("SELECT", "EXPLAIN", "PRAGMA", "MULTI")
"""The kinds of statements that change nothing in a file that is attached read-only; a PIVOT is a MULTI."""

_FILE = "night"
"""What the file is attached as."""


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that sees the file, and nothing else. Raises WarehouseError where nothing is published."""
    if not path.exists():
        raise WarehouseError(f"Nothing is published in {path} yet.", "Run LoadFilesBQ.py first.")
    with explained(READING, path), scratch_folder() as spill, duckdb.connect() as connection:
        limit(connection, spill)
        connection.execute(attached(path, _FILE))
        connection.execute(f"USE {_FILE}")
        seal(connection)
        yield connection


class Reader:
    """Runs queries over a connection. explaining: says in which errors DuckDB's are told."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        explaining: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._connection, self._explaining, self._kept = connection, explaining, 0

    def __call__(self, sql: str) -> pa.Table:
        """Run a query and return its rows."""
        with self._explaining():  # here, so that whoever asked can say what for
            return self._connection.sql(sql).to_arrow_table()

    def keep(self, sql: str) -> str:
        """Return the name of a table of a query's rows, which lies with what spills and goes with the connection."""
        name = f"temp.kept_{self._kept}_"
        self._kept += 1
        with self._explaining():
            self._connection.execute(f"CREATE TEMP TABLE {name} AS {sql}")
        return name


@contextmanager
def reader(path: Path) -> Iterator[Reader]:
    """Yield what runs queries and gives their rows."""
    with opened(path) as connection:
        yield Reader(connection, partial(explained, READING, path))


def check(path: Path, sql: str) -> None:
    """Refuse what is not one statement that only reads."""
    with explained(READING, path):
        found = [statement.type.name for statement in duckdb.extract_statements(sql)]
    if len(found) != 1 or found[0] not in _READ:
        raise not_a_query(" and ".join(found))


def batches(path: Path, sql: str) -> Generator[pa.RecordBatch]:
    """Run a query, and give its rows as they come: at least one batch, if it has no rows."""
    with opened(path) as connection:
        reader = connection.sql(sql).to_arrow_reader(_BATCH)
        rows = 0
        for batch in reader:
            rows += batch.num_rows
            yield batch
        if not rows:
            yield pa.RecordBatch.from_pylist([], reader.schema)
