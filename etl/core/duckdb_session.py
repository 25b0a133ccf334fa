"""DuckDB in memory, for a block of code: an instance that is done is kept for the next block.

To open one takes 30 ms, in which it registers 3,000 functions, and a night asks a few rows a hundred times.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

_HERE = "here"
"""The database in memory of one block: what it makes is gone with it."""

_idle: list[duckdb.DuckDBPyConnection] = []


@contextmanager
def session(
    spill: Path | None = None, memory: str | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection, in UTC, that nobody else has; what the block makes or attaches in it is gone afterwards.

    spill: the folder for what does not fit into `memory`, which DuckDB makes; threads: all cores, if not given.
    """
    instance = _taken()
    with instance.cursor() as connection:
        settings = {"temp_directory": spill, "memory_limit": memory, "threads": threads or os.cpu_count()}
        for name, value in settings.items():
            connection.execute(f"RESET {name}" if value is None else f"SET {name} = {_literal(str(value))}")
        connection.execute(f"SET TimeZone = 'UTC'; RESET preserve_insertion_order; ATTACH ':memory:' AS {_HERE}")
        connection.execute(f"USE {_HERE}")
        yield connection
        _clear(connection)
    if spill is None or not spill.exists():  # one that has spilled cannot be told another folder
        _idle.append(instance)


def _taken() -> duckdb.DuckDBPyConnection:
    """Take an idle instance, or open one. It has no thread besides: a process with threads is not to be forked."""
    import duckdb

    return _idle.pop() if _idle else duckdb.connect(config={"threads": 1, "async_threads": 0})


def _clear(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("USE memory; SET threads = 1")
    attached = "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'"
    for (name,) in connection.execute(attached).fetchall():
        connection.execute(f'DETACH "{name}"')


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
