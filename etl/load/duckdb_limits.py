"""How DuckDB is run: in bounded memory, and in UTC."""

from pathlib import Path

import duckdb

from etl.load.duckdb_schema import text

_MEMORY = "400MB"


def limit(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    """Bound the memory of a connection. spill: the folder for what does not fit, which DuckDB makes."""
    for name, value in {"memory_limit": _MEMORY, "temp_directory": str(spill), "TimeZone": "UTC"}.items():
        connection.execute(f"SET {name} = {text(value)}")


def seal(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection read what is attached, and no file, network or Python variable besides; for good."""
    for name in ("python_enable_replacements", "enable_external_access"):
        connection.execute(f"SET {name} = false")
    connection.execute("SET lock_configuration = true")
