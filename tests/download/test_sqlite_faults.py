"""SQLite as a source that fails: it is locked, no database, slow, or ended."""

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.download.company import Company


@pytest.fixture
def lite(tmp_path: Path) -> Company:
    """Give a company whose source is an SQLite file of one row."""
    with closing(sqlite3.connect(tmp_path / "lite.db")) as connection, connection:
        connection.execute("CREATE TABLE things AS SELECT 1 AS id")
    return Company(tmp_path, {"shop": f"sqlite:///{tmp_path / 'lite.db'}"})


def test_a_failing_query_names_its_file(lite: Company) -> None:
    """And repeats what the database said."""
    path = lite.query("things", "SELECT id FROM nowhere")
    ended = lite.download()
    assert ended.code == 1
    assert f"{path}: no such table: nowhere." in ended.err


def test_a_file_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    """SQLite itself would make an empty one."""
    company = Company(tmp_path, {"shop": f"sqlite:///{tmp_path / 'none.db'}"})
    company.query("things", "SELECT 1 AS id")
    ended = company.download()
    assert ended.code == 1
    assert f"there is no file {tmp_path / 'none.db'}" in ended.err
    assert not (tmp_path / "none.db").exists()


def test_a_locked_file_is_waited_for(lite: Company) -> None:
    """As a lock for SOURCE_LOCK_SECONDS, and after that as a fault that passes."""
    lite.query("things", "SELECT id FROM things")
    lite.settings |= {"SOURCE_LOCK_SECONDS": "1"}
    with closing(sqlite3.connect(lite.folder / "lite.db", isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        refused = lite.download()
        lite.settings |= {"SOURCE_PATIENCE": "30"}
        with lite.start() as process:
            time.sleep(4)
            writer.execute("COMMIT")
            _, err = process.communicate(timeout=60)
    assert refused.code == 1
    assert "database is locked" in refused.err
    assert "SOURCE_LOCK_SECONDS" in refused.err
    assert process.returncode == 0, err


def test_a_file_that_is_no_database_is_refused_at_once(lite: Company) -> None:
    """However long the settings let us wait for one that is away."""
    (lite.folder / "lite.db").write_bytes(b"What is this?" * 100)
    lite.settings |= {"SOURCE_PATIENCE": "60"}
    lite.query("things", "SELECT id FROM things")
    ended = lite.download()
    assert ended.code == 1
    assert "file is not a database" in ended.err
    assert "trying again" not in ended.err


def test_a_statement_may_take_as_long_as_the_setting_says(lite: Company) -> None:
    """Where no server keeps the time, we do."""
    lite.settings |= {"SOURCE_STATEMENT_SECONDS": "1", "SOURCE_PATIENCE": "60"}
    many = (
        "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1000000000) SELECT max(id) AS id"
    )
    lite.query("things", f"{many} FROM n")
    ended = lite.download()
    assert ended.code == 1
    assert "it took longer than SOURCE_STATEMENT_SECONDS allows" in ended.err


def test_a_night_that_waits_for_a_long_query_can_be_ended(lite: Company) -> None:
    """By one SIGTERM: SQLite works in this very process."""
    many = (
        "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1000000000) SELECT max(id) AS id"
    )
    lite.query("things", f"{many} FROM n")
    with lite.start() as process:
        time.sleep(4)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        process.communicate(timeout=60)
    assert time.monotonic() - began < 5
    assert process.returncode == 130
