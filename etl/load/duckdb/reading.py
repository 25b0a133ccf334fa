"""Reading the published tables of a DuckDB file, and nothing besides."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.core.errors import WarehouseError
from etl.core.scratch import scratch_folder
from etl.load.duckdb.errors import READING, explained
from etl.load.duckdb.session import limit, seal
from etl.load.duckdb.sql import literal

_BATCH = 8192
"""Rows that are read at once for whoever takes them one after the other."""

_FILE = "night"
"""What the file is attached as."""


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that sees the file, and nothing else. Raises WarehouseError where nothing is published."""
    if not path.exists():
        raise WarehouseError(f"Nothing is published in {path} yet.", "Run LoadFilesBQ.py first.")
    with explained(READING, path), scratch_folder() as spill, duckdb.connect() as connection:
        limit(connection, spill)
        connection.execute(f"ATTACH {literal(str(path))} AS {_FILE} (READ_ONLY)")
        connection.execute(f"USE {_FILE}")
        seal(connection)
        yield connection


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
