"""DuckDB for a block of code: another block finds nothing of it, though the instance may be the same."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from etl.core import duckdb_session
from etl.core.duckdb_session import session


@pytest.fixture(autouse=True)
def none_idle(monkeypatch: pytest.MonkeyPatch) -> list[duckdb.DuckDBPyConnection]:
    """Begin without an instance that other tests have left."""
    idle: list[duckdb.DuckDBPyConnection] = []
    monkeypatch.setattr(duckdb_session, "_idle", idle)
    return idle


def test_the_next_block_finds_nothing(tmp_path: Path, none_idle: list[duckdb.DuckDBPyConnection]) -> None:
    """No table, view, variable or attached file, and the settings that it asks for."""
    asked = "SELECT name, value FROM duckdb_settings() WHERE name IN ('memory_limit', 'threads', 'TimeZone',"
    asked += " 'preserve_insertion_order', 'temp_directory', 'search_path', 'schema') ORDER BY ALL"
    there = "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() WHERE NOT internal"
    with session(tmp_path / "a", "100MB", 1) as connection:
        first = connection.execute(asked).fetchall()
        instance = none_idle[:]
    assert not instance
    with session(tmp_path / "b", threads=2) as connection:
        connection.register("given", pa.table({"x": [1]}))
        connection.execute(f"ATTACH '{tmp_path}/file.duckdb' AS file; CREATE TABLE file.t AS FROM given")
        connection.execute("CREATE TABLE a (i int); CREATE TEMP TABLE b (i int); CREATE VIEW c AS SELECT 1")
        connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'Europe/Berlin'; USE file")
        assert len(connection.execute(there).fetchall()) == 5
    with session(tmp_path / "a", "100MB", 1) as connection:
        assert connection.execute(there).fetchall() == []
        assert connection.execute(asked).fetchall() == first
    assert len(none_idle) == 1
    duckdb.connect(str(tmp_path / "file.duckdb")).close()  # nobody has it open


def test_blocks_within_blocks_have_instances_of_their_own(none_idle: list[duckdb.DuckDBPyConnection]) -> None:
    """What one is set, the other is not."""
    with session(memory="100MB") as outer, session(memory="200MB") as inner:
        limits = [each.execute("SELECT current_setting('memory_limit')").fetchall() for each in (outer, inner)]
    assert limits == [[("95.3 MiB",)], [("190.7 MiB",)]]
    assert len(none_idle) == 2


def test_an_idle_instance_has_no_thread(none_idle: list[duckdb.DuckDBPyConnection]) -> None:
    """A process that has threads cannot be forked."""
    threads = Path("/proc/self/task")
    before = len(list(threads.iterdir()))
    with session(threads=3) as connection:
        connection.execute("SELECT COUNT(*) FROM range(1000)").fetchall()
        assert len(list(threads.iterdir())) == before + 2
    assert len(list(threads.iterdir())) == before
    assert none_idle


def test_one_that_failed_or_has_spilled_is_not_used_again(
    tmp_path: Path, none_idle: list[duckdb.DuckDBPyConnection]
) -> None:
    """Nobody knows what it is left with; and what is spilled goes where it is asked for."""
    with pytest.raises(duckdb.CatalogException), session() as connection:
        connection.execute("FROM nothing")
    assert not none_idle
    for spill in (tmp_path / "a", tmp_path / "b"):
        with session(spill, "60MB") as connection:
            connection.execute("CREATE TABLE t AS SELECT range AS n, md5(range::text) AS h FROM range(2_000_000)")
            assert list(spill.iterdir())
        assert not none_idle
