"""SQL Server: a transaction of the isolation SNAPSHOT sees one state."""

from typing import Any

from etl.download.generic.database import Database
from etl.download.mssql.errors import FAULTS


class Mssql(Database):
    """A server of SQL Server."""

    faults = FAULTS
    setting_up = ("SET LOCK_TIMEOUT {lock_ms}",)

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`."""
        return {"isolation_level": "SNAPSHOT"}
