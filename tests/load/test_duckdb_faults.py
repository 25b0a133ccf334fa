"""What can be wrong with the DuckDB file, each a sentence with a hint."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from etl.core.errors import WarehouseError
from etl.load.duckdb.errors import explained
from etl.load.duckdb.warehouse import DuckDBWarehouse
from tests.load.contracts import PLANET
from tests.load.nights import NEXT_RUN, RUN, counts, load, night

_WRITE = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def test_file_that_is_no_duckdb_file_is_left_alone(tmp_path: Path) -> None:
    """A file that is something else is named and not overwritten."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 1000)
    with pytest.raises(WarehouseError, match=r"letter.txt: it is not a DuckDB file"):
        DuckDBWarehouse(path).ensure([PLANET])
    assert path.read_text().startswith("Dear Sir")


def test_damaged_file_is_told(tmp_path: Path) -> None:
    """A DuckDB file with a broken block is named as damaged."""
    warehouse = DuckDBWarehouse(tmp_path / "star.duckdb")
    load(warehouse, RUN, night(tmp_path, 3, [PLANET]))
    content = bytearray(warehouse.path.read_bytes())
    content[4096:12288] = bytes(8192)
    warehouse.path.write_bytes(content)
    with pytest.raises(WarehouseError, match="it is damaged") as told:
        warehouse.ensure([PLANET])
    assert "filled again" in told.value.hint


def test_file_of_a_newer_duckdb_is_told() -> None:
    """A file that this DuckDB cannot read yet asks for an update."""
    with pytest.raises(WarehouseError, match="a newer DuckDB wrote it"), explained("reading", Path("star.duckdb")):
        raise duckdb.IOException(
            "Trying to read a database file with storage version number 99, but we can only read 64."
        )


def test_file_that_another_program_writes_is_told(tmp_path: Path) -> None:
    """A program that has the file open for writing stops the night, with its cure, and harms nothing."""
    warehouse = DuckDBWarehouse(tmp_path / "star.duckdb")
    load(warehouse, RUN, night(tmp_path, 3, [PLANET]))
    command = [sys.executable, "-c", _WRITE, str(warehouse.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(WarehouseError, match="another program has it open for writing") as told:
            load(warehouse, NEXT_RUN, night(tmp_path, 2, [PLANET]))
        writer.kill()
    assert "read-only" in told.value.hint
    assert counts(warehouse, [PLANET]) == [3]


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A place where nothing can be written is named before anything is loaded."""
    (tmp_path / "file").touch()
    with pytest.raises(WarehouseError, match=r"preparing .*file/star.duckdb: (Not a dir|File exists)"):
        DuckDBWarehouse(tmp_path / "file" / "star.duckdb").ensure([PLANET])


def test_reading_before_the_first_night_is_told(tmp_path: Path) -> None:
    """Whoever asks too early is told what to run."""
    with pytest.raises(WarehouseError, match="Nothing is published") as told:
        DuckDBWarehouse(tmp_path / "star.duckdb").read("SELECT 1")
    assert "LoadFilesBQ.py" in told.value.hint


def test_faulty_query_is_told(tmp_path: Path) -> None:
    """DuckDB's own words about a query reach who asked."""
    warehouse = DuckDBWarehouse(tmp_path / "star.duckdb")
    warehouse.ensure([PLANET])
    with pytest.raises(WarehouseError, match="dim_moon"):
        warehouse.read("SELECT * FROM dim_moon")
