"""A DuckDB file: read-only, in UTC, with integers that no other database has."""

from typing import Any

from etl.download.duckdb.errors import FAULTS
from etl.download.duckdb.types import NAMES
from etl.download.generic.database import Database


class DuckDb(Database):
    """A file of DuckDB."""

    is_file = True
    ends_with_a_fault = True
    faults = FAULTS
    types = NAMES
    setting_up = ("SET TimeZone = 'UTC'",)

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`."""
        return {"connect_args": {"read_only": True}}

    def exact_sum(self, name: str) -> str:
        """Write the sum, which is a HUGEINT."""
        return f"SUM({name})"
