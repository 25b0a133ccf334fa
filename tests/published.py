"""What is published in a DuckDB file, read as anybody would, in a session that is there: to open one takes 30 ms."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from etl.core.duckdb_session import session
from etl.load.duckdb.sql import attached


@contextmanager
def reading(file: Path | str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that reads the file."""
    with session() as connection:
        connection.execute(attached(Path(file), "night"))
        connection.execute("USE night")
        yield connection
