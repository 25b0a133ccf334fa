"""What a person keeps in the DuckDB file beside the star is there after every night, or is named with its cure."""

import random
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from etl.core.errors import WarehouseError
from etl.load.duckdb import file as duckdb_file
from etl.load.duckdb import session as duckdb_session
from etl.load.duckdb.warehouse import DuckDBWarehouse
from tests.load.contracts import PLANET, SHIP, planets
from tests.load.nights import NEXT_RUN, RUN, counts, hand_over, load, night, publish

KEPT = """
CREATE SCHEMA mine; CREATE TABLE mine.words AS SELECT 'mind the gap' AS word;
CREATE TYPE mood AS ENUM ('calm', 'merry');
CREATE SEQUENCE numbers START 7;
CREATE TABLE notes (id INTEGER PRIMARY KEY DEFAULT nextval('numbers'), net DECIMAL(9, 2) CHECK (net > 0), feeling mood,
                    gross DECIMAL(9, 2) GENERATED ALWAYS AS (net * 1.21) VIRTUAL);
CREATE TABLE lines (note INTEGER REFERENCES notes (id), word VARCHAR UNIQUE);
INSERT INTO notes (net, feeling) VALUES (10, 'merry');
INSERT INTO lines VALUES (7, 'seven');
CREATE INDEX by_word ON lines (word);
CREATE INDEX by_name ON dim_planet (name);
CREATE VIEW merry AS SELECT COUNT(*) AS planets, (SELECT SUM(gross) FROM notes) AS gross FROM dim_planet;
CREATE MACRO twice(x) AS x * 2;
CREATE MACRO every(n) AS TABLE SELECT * FROM dim_planet WHERE planet_id < n;
COMMENT ON TABLE notes IS 'My notes';
COMMENT ON COLUMN notes.net IS 'Without tax';
"""

CATALOGUE = """
SELECT 'table', schema_name, table_name, comment, sql FROM duckdb_tables() WHERE table_name IN ('notes', 'lines')
UNION ALL SELECT 'column', schema_name, column_name, comment, data_type FROM duckdb_columns() WHERE table_name = 'notes'
UNION ALL SELECT 'view', schema_name, view_name, comment, sql FROM duckdb_views() WHERE NOT internal
UNION ALL SELECT 'index', schema_name, index_name, comment, sql FROM duckdb_indexes()
UNION ALL SELECT 'sequence', schema_name, sequence_name, comment, last_value::VARCHAR FROM duckdb_sequences()
UNION ALL SELECT 'type', schema_name, type_name, comment, labels::VARCHAR FROM duckdb_types() WHERE type_name = 'mood'
UNION ALL SELECT 'macro', schema_name, function_name, comment, macro_definition FROM duckdb_functions()
          WHERE function_name IN ('twice', 'every')
UNION ALL SELECT 'constraint', schema_name, table_name, NULL, constraint_text FROM duckdb_constraints()
          WHERE table_name IN ('notes', 'lines')
ORDER BY ALL
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """Give a warehouse in which five planets are published."""
    warehouse = DuckDBWarehouse(tmp_path / "star.duckdb")
    load(warehouse, RUN, night(tmp_path, 5))
    return warehouse


def by_hand(warehouse: DuckDBWarehouse, statements: str) -> list[tuple[object, ...]]:
    """Do what a person does in the file."""
    with duckdb.connect(str(warehouse.path)) as connection:
        return connection.execute(statements).fetchall()


def test_everything_that_a_person_keeps_in_the_file_stays(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    """Tables with keys, generated columns and constraints, views, indexes, sequences, types, macros, comments, rows."""
    by_hand(warehouse, KEPT)
    before = by_hand(warehouse, CATALOGUE)
    for number, run in enumerate((NEXT_RUN, "20310520T023000Z"), 2):
        load(warehouse, run, night(tmp_path, number))
        assert counts(warehouse) == [number, number]
        assert by_hand(warehouse, CATALOGUE) == before
        assert by_hand(warehouse, "SELECT planets, gross, twice(21) FROM merry") == [(number, Decimal("12.10"), 42)]
    assert by_hand(warehouse, "INSERT INTO notes (net) VALUES (1) RETURNING id") == [(8,)]
    with pytest.raises(duckdb.ConstraintException):
        by_hand(warehouse, "INSERT INTO lines VALUES (99, 'nine')")
    assert {row[0] for row in before} == {"table", "column", "view", "index", "sequence", "type", "macro", "constraint"}


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (
            "ALTER TABLE dim_planet ADD PRIMARY KEY (planet_key); CREATE TABLE n (k BIGINT REFERENCES dim_planet)",
            r"n has a FOREIGN KEY .* the rows of dim_planet are replaced every night: make it without that key",
        ),
        ("DROP TABLE dim_ship; CREATE VIEW dim_ship AS SELECT 1 AS x", "dim_ship is a view, not a table"),
        ("ALTER TABLE dim_ship ADD COLUMN mine INTEGER", r"dim_ship.mine is no longer in the contract"),
        ("CREATE MACRO sum(x) AS 0", r"sum is a macro, which is taken for DuckDB's own function sum: give it another"),
    ],
)
def test_what_stands_in_the_way_is_named_before_anything_is_touched(
    warehouse: DuckDBWarehouse, statements: str, named: str
) -> None:
    """With what to do about it."""
    by_hand(warehouse, statements)
    with pytest.raises(WarehouseError, match=named):
        warehouse.changes([PLANET, SHIP])


def test_a_constraint_that_forbids_the_new_rows_is_told_without_them(
    warehouse: DuckDBWarehouse, tmp_path: Path
) -> None:
    """A person's unique index on a published table: last night stays, and no value is repeated."""
    by_hand(warehouse, "UPDATE dim_planet SET name = planet_key::VARCHAR; CREATE UNIQUE INDEX u ON dim_planet (name)")
    with pytest.raises(WarehouseError, match="constraint or unique index that somebody added") as told:
        load(warehouse, NEXT_RUN, night(tmp_path, 3))
    assert "Earth" not in told.value.message
    assert counts(warehouse) == [5, 5]


def test_what_another_program_wrote_meanwhile_is_not_lost(
    warehouse: DuckDBWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was changed between the copy and the rename is left as it is, and the next load keeps the change."""
    handovers, copy = night(tmp_path, 3), duckdb_file._copy
    warehouse.ensure([PLANET, SHIP])
    for handover in handovers:
        warehouse.stage(NEXT_RUN, handover)

    def meanwhile(path: Path, new: Path) -> None:
        copy(path, new)
        by_hand(warehouse, "CREATE TABLE notes AS SELECT 1 AS id")

    with monkeypatch.context() as patched:
        patched.setattr(duckdb_file, "_copy", meanwhile)
        with pytest.raises(WarehouseError, match="Another program wrote into"):
            publish(warehouse, NEXT_RUN, handovers)
    assert counts(warehouse) == [5, 5]
    publish(warehouse, NEXT_RUN, handovers)
    assert (counts(warehouse), by_hand(warehouse, "SELECT id FROM notes")) == ([3, 3], [(1,)])


def test_what_a_program_wrote_before_it_was_killed_is_not_lost(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    """It is in the file's log of changes, which the next program to open the file reads."""
    dies = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute(sys.argv[2]); os._exit(9)"
    subprocess.run(
        [sys.executable, "-c", dies, str(warehouse.path), "CREATE TABLE n AS SELECT 1 AS id"], check=False, timeout=60
    )
    assert warehouse.path.with_name("star.duckdb.wal").exists()
    load(warehouse, NEXT_RUN, night(tmp_path, 3))
    assert (counts(warehouse), by_hand(warehouse, "SELECT id FROM n")) == ([3, 3], [(1,)])


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
def test_a_copy_has_every_byte_whatever_the_file_system_can(size: int, tmp_path: Path) -> None:
    """Between two file systems, of which one is in memory, nothing can be shared."""
    content = random.Random(size).randbytes(size)
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as source:
        Path(source.name).write_bytes(content)
        duckdb_file._copy_bytes(Path(source.name), tmp_path / "there")
    duckdb_file._copy_bytes(tmp_path / "there", tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == content


def test_long_values_are_loaded_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB cannot spill a cell: it gets more memory for it; where that is not enough, column and length are told."""
    warehouse = DuckDBWarehouse(tmp_path / "star.duckdb")
    long = hand_over(PLANET, planets(4, "x" * 30_000_000), tmp_path)
    monkeypatch.setattr(duckdb_session, "MEMORY", "150MB")
    load(warehouse, RUN, [long])
    assert warehouse.read("SELECT MAX(strlen(name)) AS n FROM dim_planet").to_pylist() == [{"n": 30_000_000}]
    monkeypatch.setattr(duckdb_session, "MORE_MEMORY", "150MB")
    with pytest.raises(WarehouseError, match=r"dim_planet .* the longest value of name has 30,000,000 bytes") as told:
        load(warehouse, NEXT_RUN, [long])
    assert "Shorten name in build" in told.value.hint
