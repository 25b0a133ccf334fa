"""What the embedded warehouse is: a file of this machine, which takes any star."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from etl.core.warehouse import About

if TYPE_CHECKING:
    from pathlib import Path

    from config import Settings
    from etl.load.warehouse import Warehouse


def about(settings: Settings) -> About:
    """Return what it is."""
    return About(address=f"duckdb:{settings.duckdb_path}", drop=lambda table: _drop(settings.duckdb_path, table))


def _drop(file: Path, table: str) -> str:
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(sys.argv[2])"
    return shlex.join([".venv/bin/python", "-c", code, str(file), f"DROP TABLE {table}"])


def opened(settings: Settings, _patience: float) -> Warehouse:
    """Return the warehouse; it connects when it is first asked. Nothing of a file fails temporarily."""
    from etl.load.duckdb.warehouse import DuckDBWarehouse

    return DuckDBWarehouse(settings.duckdb_path)
