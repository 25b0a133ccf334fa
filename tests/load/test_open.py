"""Opening the warehouse that the settings name."""

import subprocess
import sys
from pathlib import Path

import pytest

_OPEN = """
import pathlib, sys
from etl.load.open import open_warehouse
from tests.load import nights
settings = getattr(nights, sys.argv[1])(*sys.argv[2:-1], pathlib.Path(sys.argv[-1]))
with open_warehouse(settings) as warehouse:
    print(warehouse.describe())
print(*[module for module in ("duckdb", "google.cloud.bigquery") if module in sys.modules])
"""


@pytest.mark.parametrize(
    ("arguments", "imported"),
    [
        (["duckdb_settings"], "duckdb"),
        (["bigquery_settings", "http://127.0.0.1:9"], "google.cloud.bigquery"),
    ],
)
def test_only_the_chosen_warehouse_is_imported(arguments: list[str], imported: str, tmp_path: Path) -> None:
    """Who uses one warehouse need not have the other's library installed."""
    command = [sys.executable, "-c", _OPEN, *arguments, str(tmp_path)]
    answer = subprocess.run(
        command, env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, timeout=60, check=True
    )
    assert answer.stdout.splitlines()[-1] == imported
