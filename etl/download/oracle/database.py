"""Oracle: a serializable transaction sees one state; the session is in UTC."""

from typing import Any

from etl.download.generic.database import Database
from etl.download.oracle.errors import FAULTS


class Oracle(Database):
    """A server of Oracle."""

    faults = FAULTS
    setting_up = ("ALTER SESSION SET TIME_ZONE = '+00:00'",)

    def engine_options(self) -> dict[str, Any]:
        """Return the arguments of `create_engine`."""
        return {"isolation_level": "SERIALIZABLE"}
