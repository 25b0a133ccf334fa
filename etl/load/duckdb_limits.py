"""How DuckDB is run: in bounded memory, and in UTC."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.core.errors import WarehouseError
from etl.load.duckdb_schema import text
from etl.load.warehouse import Handover

_MEMORY = "400MB"
_MEMORY_OF_LONG_CELLS = "50%"
"""Of the machine's memory: what DuckDB may take for rows of which a few do not fit into the usual."""

T = TypeVar("T")


def limit(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    """Bound the memory of a connection. spill: the folder for what does not fit, which DuckDB makes."""
    for name, value in {"memory_limit": _MEMORY, "temp_directory": str(spill), "TimeZone": "UTC"}.items():
        connection.execute(f"SET {name} = {text(value)}")


def seal(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection read what is attached, and no file, network or Python variable besides; for good."""
    for name in ("python_enable_replacements", "enable_external_access"):
        connection.execute(f"SET {name} = false")
    connection.execute("SET lock_configuration = true")


def with_room(connection: duckdb.DuckDBPyConnection, handover: Handover, action: Callable[[], T]) -> T:
    """Do something with a table's rows; where they do not fit into the usual memory, again with half of the machine's.

    DuckDB cannot spill a single cell. Raises WarehouseError that names the longest one if that does not help either.
    """
    try:
        return action()
    except duckdb.OutOfMemoryException:
        connection.execute(f"SET memory_limit = {text(_MEMORY_OF_LONG_CELLS)}")
    try:
        return action()
    except duckdb.OutOfMemoryException:
        raise _too_long(handover) from None


def _too_long(handover: Handover) -> WarehouseError:
    texts = [column.name for column in handover.contract.columns if pa.types.is_string(column.type)]
    longest = max(((_longest(handover, name), name) for name in texts), default=(0, "no text"))
    return WarehouseError(
        f"The rows of {handover.contract.name} do not fit into {_MEMORY_OF_LONG_CELLS} of this machine's memory:"
        f" the longest value of {longest[1]} has {longest[0]:,} bytes.",
        f"Shorten {longest[1]} in build (.str.slice) or in the query (left), or run on a machine with more memory.",
    )


def _longest(handover: Handover, column: str) -> int:
    """Return the bytes of a text column's longest value, holding a few rows at a time."""
    parts = (part for file in handover.files for part in pq.ParquetFile(file).iter_batches(16, columns=[column]))
    return max((pc.max(pc.binary_length(part.column(0))).as_py() or 0 for part in parts), default=0)
