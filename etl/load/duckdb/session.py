"""How DuckDB is run: in bounded memory, and in UTC."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.core.errors import WarehouseError
from etl.load.duckdb.errors import NoRoomError
from etl.load.duckdb.sql import literal
from etl.load.warehouse import Handover

MEMORY = "256MB"
MORE_MEMORY = "50%"
"""Of the machine's memory: what DuckDB may take for rows of which a few do not fit into the usual."""

T = TypeVar("T")


def limit(connection: duckdb.DuckDBPyConnection, spill: Path, memory: str = MEMORY) -> None:
    """Bound the memory of a connection. spill: the folder for what does not fit, which DuckDB makes."""
    for name, value in {"memory_limit": memory, "temp_directory": str(spill), "TimeZone": "UTC"}.items():
        connection.execute(f"SET {name} = {literal(value)}")


def seal(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection read what is attached, and no file, network or Python variable besides; for good."""
    for name in ("python_enable_replacements", "enable_external_access"):
        connection.execute(f"SET {name} = false")
    connection.execute("SET lock_configuration = true")


def with_room(handovers: Sequence[Handover], action: Callable[[str], T]) -> T:
    """Do something with tables in the usual memory; where their rows do not fit, all again with half of the machine's.

    DuckDB cannot spill a single cell. Raises WarehouseError that names the longest one if that does not help either.
    """
    with suppress(NoRoomError):
        return action(MEMORY)
    try:
        return action(MORE_MEMORY)
    except NoRoomError:
        raise _too_long(handovers) from None


def _too_long(handovers: Sequence[Handover]) -> WarehouseError:
    parts = [part for handover in handovers for part in handover.staged or (handover,)]
    texts = [(part, c.name) for part in parts for c in part.contract.columns if pa.types.is_string(c.type)]
    length, handover, column = max(((_longest(*each), *each) for each in texts), key=lambda found: found[0])
    return WarehouseError(
        f"The rows of {handover.contract.name} do not fit into {MORE_MEMORY} of this machine's memory:"
        f" the longest value of {column} has {length:,} bytes.",
        f"Shorten {column} in build (.str.slice) or in the query (left), or run on a machine with more memory.",
    )


def _longest(handover: Handover, column: str) -> int:
    """Return the bytes of a text column's longest value, holding a few rows at a time."""
    parts = (part for file in handover.files for part in pq.ParquetFile(file).iter_batches(16, columns=[column]))
    return max((pc.max(pc.binary_length(part.column(0))).as_py() or 0 for part in parts), default=0)
