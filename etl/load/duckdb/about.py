"""What the embedded warehouse is: a file of this machine, which takes any star."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.core.warehouse import About

if TYPE_CHECKING:
    from config import Settings
    from etl.core.head import Head
    from etl.load.warehouse import Warehouse


def about(settings: Settings) -> About:
    """Return what it is."""
    return About(address=f"duckdb:{settings.duckdb_path}")


def head(settings: Settings, _patience: float) -> Head:
    """Read the head."""
    from etl.load.duckdb.head import head_of

    return head_of(settings.duckdb_path)


def opened(settings: Settings, _patience: float) -> Warehouse:
    """Return the warehouse; it connects when it is first asked. Nothing of a file fails temporarily."""
    from etl.load.duckdb.warehouse import DuckDBWarehouse

    return DuckDBWarehouse(settings.duckdb_path)
