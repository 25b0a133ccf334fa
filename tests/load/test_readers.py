"""What readers see while a night is published: last night or this one, never a mix."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from etl.load.open import open_warehouse
from etl.load.warehouse import Warehouse
from tests.load.contracts import PLANET, SHIP
from tests.load.nights import NEXT_RUN, RUN, counts, duckdb_settings, load, night, publish

_HOLD_OPEN = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reading")
print("open", flush=True)
sys.stdin.readline()
print(connection.sql("SELECT COUNT(*) FROM dim_planet").fetchall()[0][0], flush=True)
"""


def test_reader_sees_one_night_or_the_other(warehouse: Warehouse, tmp_path: Path) -> None:
    """Whoever asks over two tables throughout a publish gets both of last night or both of this one."""
    load(warehouse, RUN, night(tmp_path, 5))
    handovers = night(tmp_path, 2)
    for handover in handovers:
        warehouse.stage(NEXT_RUN, handover)
    with _polling(warehouse) as seen:
        publish(warehouse, NEXT_RUN, handovers)
    assert {tuple(pair) for pair in seen} <= {(5, 5), (2, 2)}
    assert seen[0] == [5, 5]
    assert seen[-1] == [2, 2]


def test_program_that_has_the_file_open_keeps_last_night(tmp_path: Path) -> None:
    """A program that reads the DuckDB file neither stops a publish nor sees anything of it until it opens it anew."""
    with open_warehouse(duckdb_settings(tmp_path)) as warehouse:
        load(warehouse, RUN, night(tmp_path, 5))
        with _program(tmp_path, "reading") as reader:
            load(warehouse, NEXT_RUN, night(tmp_path, 2))
            assert reader.communicate("\n", timeout=60)[0].split() == ["5"]
        assert counts(warehouse) == [2, 2]


def test_views_of_a_person_stay(tmp_path: Path) -> None:
    """What an analyst added to the DuckDB file is there after the next night, and shows that night."""
    with open_warehouse(duckdb_settings(tmp_path)) as warehouse:
        load(warehouse, RUN, night(tmp_path, 5))
        with duckdb.connect(_file(tmp_path)) as connection:
            connection.execute("CREATE VIEW my_planets AS SELECT * FROM dim_planet")
            connection.execute("CREATE SCHEMA mine; CREATE TABLE mine.notes AS SELECT 'mind the gap' AS note")
        load(warehouse, NEXT_RUN, night(tmp_path, 2))
        assert warehouse.read("SELECT COUNT(*) AS n FROM my_planets").to_pylist() == [{"n": 2}]
        assert warehouse.read("SELECT note FROM mine.notes").to_pylist() == [{"note": "mind the gap"}]


def test_killed_publish_leaves_last_night(tmp_path: Path) -> None:
    """If the machine stops in the middle, the file is last night's, and the next start removes what is half made."""
    with open_warehouse(duckdb_settings(tmp_path)) as warehouse:
        load(warehouse, RUN, night(tmp_path, 5))
    _publish_and_die(tmp_path)
    with open_warehouse(duckdb_settings(tmp_path)) as warehouse:
        assert _rubbish(tmp_path) != []
        assert counts(warehouse) == [5, 5]
        warehouse.ensure([PLANET, SHIP])
        assert _rubbish(tmp_path) == []
        assert counts(warehouse) == [5, 5]


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """After a publish the folder holds the DuckDB file, its lock and nothing else."""
    with open_warehouse(duckdb_settings(tmp_path)) as warehouse:
        load(warehouse, RUN, night(tmp_path, 5))
        assert _rubbish(tmp_path) == []


@pytest.mark.parametrize("table", ["dim_planet", "etl_runs"])
def test_contract_is_told_in_the_file(tmp_path: Path, table: str) -> None:
    """Tables and columns of the DuckDB file carry the contract's descriptions and NOT NULL, after every night."""
    with open_warehouse(duckdb_settings(tmp_path)) as warehouse:
        load(warehouse, RUN, night(tmp_path, 5))
        load(warehouse, NEXT_RUN, night(tmp_path, 2))
    with duckdb.connect(_file(tmp_path), read_only=True) as connection:
        told = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = ?", [table]).fetchall()
        columns = "SELECT column_name, comment, is_nullable FROM duckdb_columns() WHERE table_name = ?"
        found = {
            name: (comment, nullable) for name, comment, nullable in connection.execute(columns, [table]).fetchall()
        }
    assert told[0][0].startswith("One row per ")
    assert all(comment for comment, _ in found.values())
    if table == PLANET.name:
        assert found == {column.name: (column.description, column.nullable) for column in PLANET.columns}


@contextmanager
def _polling(warehouse: Warehouse) -> Iterator[list[list[int]]]:
    """Read over and over, in a thread of its own, from before until after."""
    seen = [counts(warehouse)]
    over = threading.Event()

    def poll() -> None:
        while not over.is_set():
            seen.append(counts(warehouse))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        seen.append(counts(warehouse))


@contextmanager
def _program(folder: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Let another program have the DuckDB file open."""
    command = [sys.executable, "-c", _HOLD_OPEN, _file(folder), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


_DIE = """
import os, pathlib, sys
from etl.load.open import open_warehouse
from tests.load.nights import NEXT_RUN, duckdb_settings, load, night

folder = pathlib.Path(sys.argv[1])
pathlib.Path.replace = lambda *_: os._exit(9)  # as the power cut would, before the new file is in its place
with open_warehouse(duckdb_settings(folder)) as warehouse:
    load(warehouse, NEXT_RUN, night(folder, 2))
"""


def _publish_and_die(folder: Path) -> None:
    process = subprocess.run([sys.executable, "-c", _DIE, folder], env={"PYTHONPATH": ":".join(sys.path)}, timeout=60)
    assert process.returncode == 9


def _file(folder: Path) -> str:
    return str(duckdb_settings(folder).duckdb_path)


def _rubbish(folder: Path) -> list[str]:
    path = Path(_file(folder))
    return [
        found.name
        for found in path.parent.iterdir()
        if not re.fullmatch(r"(\.lock(\.holder)?)?", found.name[len(path.name) :])
    ]
