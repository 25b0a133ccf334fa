"""Opening the warehouse that the settings name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.paths import ROOT

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


_ABOUT = """
import pathlib, sys
from config import Settings
from etl.core.warehouse import about
settings = Settings(warehouse=sys.argv[1], data_dir="d", business_time_zone="UTC", bigquery_project="p",
                    bigquery_dataset="d")
print(about(settings).address.partition(":")[0])
print(*[module for module in ("duckdb", "google.cloud", "pyarrow", "pandera") if module in sys.modules])
"""
WAREHOUSES = sorted(path.parent.name for path in (ROOT / "etl" / "load").glob("*/about.py"))
ROOMS = {"about", "errors", "obstacles", "schema", "sql", "types", "warehouse"}
"""What every warehouse's folder has."""
OF_SOURCES = (
    "etl/company/sql.py", "etl/doctor/examine.py", "etl/doctor/values.py", "etl/draft/", "etl/grants/", "etl/preview/",
    "etl/start_company/",
)  # fmt: skip
KNOWING = {
    "etl/core/start.py",  # which libraries the program itself needs: it computes with DuckDB
    "etl/report/star.py",  # the dashboard of a star that is not published, in memory
}


@pytest.mark.parametrize("name", WAREHOUSES)
def test_a_warehouse_says_what_it_is_before_it_is_opened(name: str) -> None:
    """Every stage may ask, so that asking imports neither its library nor what stage 1 does without."""
    answer = subprocess.run(
        [sys.executable, "-c", _ABOUT, name],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answer.stdout.splitlines() == [name, ""]


@pytest.mark.parametrize("name", WAREHOUSES)
def test_warehouses_have_the_same_rooms(name: str) -> None:
    """A stranger who adds one sees by the others what it needs."""
    assert {path.stem for path in (ROOT / "etl" / "load" / name).glob("*.py")} >= ROOMS


def test_only_its_own_folder_knows_a_warehouse_by_name() -> None:
    """Whoever else asked for the name would have to be changed for a third one; rooms are files of that name.

    Some databases are sources as well, which other files know.
    """
    asking = re.compile(rf"warehouse\s*[!=]=|[\"']({'|'.join(WAREHOUSES)})[\"']|load\.({'|'.join(WAREHOUSES)})\b")
    files = [path for path in (ROOT / "etl").rglob("*.py") if not path.is_relative_to(ROOT / "etl" / "download")]
    found = {
        str(path.relative_to(ROOT))
        for path in files
        if path.parent.name not in WAREHOUSES and path.stem not in WAREHOUSES and asking.search(path.read_text())
    }
    assert {name for name in found if not name.startswith(OF_SOURCES)} == KNOWING
