"""All queries of a source see one instant; and whatever ends a download, it ends soon and leaves nothing."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from tests.conftest import Sql
from tests.download.company import Company


def wait_for(sql: Sql, state: str, count: int = 1) -> None:
    """Wait until so many sessions of the download are in this state."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nightly-etl' AND query ~ %s"
    deadline = time.monotonic() + 10
    while sql(query, state)[0][0] < count:
        assert time.monotonic() < deadline, f"no session with {state}"
        time.sleep(0.02)


def sessions(sql: Sql) -> int:
    """Count the sessions that stay: the server takes a moment to end those that were closed."""
    give_up, query = time.monotonic() + 5, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'nightly-etl'"
    while (found := sql(query)) and time.monotonic() < give_up:
        time.sleep(0.05)
    return len(found)


def end_sessions(sql: Sql) -> None:
    """End what the server still does for a process that was killed."""
    sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'nightly-etl'")


@pytest.fixture
def sleeping(company: Company, sql: Sql) -> Iterator[Company]:
    """Give a company with a query of a minute, and one connection for every query."""
    company.settings["WORKERS"] = "3"
    company.query("sleeps", "SELECT 1 AS id, pg_sleep(60)::text AS slept")
    yield company
    end_sessions(sql)


def test_a_writer_that_commits_in_between_is_seen_by_no_query(company: Company, sql: Sql) -> None:
    """Orders and their lines are of one instant, also when both are changed while the first query is under way."""
    sql("CREATE TABLE orders AS SELECT 1 AS id; CREATE TABLE lines AS SELECT 1 AS id")
    company.settings["WORKERS"] = "1"  # one after the other, the one with the larger estimate first
    company.query("orders", "SELECT o.id, pg_sleep(0.7)::text AS slept FROM orders o, generate_series(1, 1) g")
    company.query("lines", "SELECT id FROM lines LIMIT 10")
    company.query("more_lines", "SELECT id FROM lines LIMIT 11")
    ended = []
    with company.start() as process:
        wait_for(sql, "^COPY.*pg_sleep")
        sql("INSERT INTO orders VALUES (2); INSERT INTO lines VALUES (2)")
        ended = [*process.communicate(timeout=30), process.returncode]
    assert ended[2] == 0, ended[1]
    assert [len(company.rows(name)) for name in ("orders", "lines", "more_lines")] == [1, 1, 1]
    assert company.table("lines").as_of == company.table("orders").as_of


def test_a_query_that_fails_ends_the_others(sleeping: Company, sql: Sql) -> None:
    """Nobody waits an hour for a run that is lost; the sentence is of the query that failed, not of those ended."""
    sleeping.query("fails", "SELECT 1 / (g - 1) AS id FROM generate_series(1, 1) g")
    began = time.monotonic()
    ended = sleeping.download()
    assert time.monotonic() - began < 10
    assert ended.code == 1
    assert "fails.sql: division by zero" in ended.err
    assert "sleeps.sql" not in ended.err
    assert sessions(sql) == 0
    assert sleeping.store.raw.committed() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_download_ends_at_once_and_commits_nothing(sleeping: Company, sql: Sql, number: int) -> None:
    """Exit code 130 for Ctrl-C and for a plain kill, no traceback, no session left on the server."""
    with sleeping.start() as process:
        wait_for(sql, "^COPY.*pg_sleep")
        began = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == 130
    assert err.endswith("Interrupted; nothing more was committed.\n")
    assert "Traceback" not in err
    assert list(sleeping.store.raw.folder.iterdir()) == []
    assert sessions(sql) == 0


def test_a_killed_download_leaves_rubbish_that_the_next_start_removes(sleeping: Company, sql: Sql) -> None:
    """What was committed before stays as it was, and the lock is free."""
    sleeping.query("sleeps", "SELECT 1 AS id")
    first = sleeping.done().run
    before = (sleeping.store.raw.path(first) / "manifest.json").read_bytes()
    sleeping.query("sleeps", "SELECT 1 AS id, pg_sleep(60)")
    with sleeping.start() as process:
        wait_for(sql, "^COPY.*pg_sleep")
        process.kill()
    assert len(list(sleeping.store.raw.folder.glob(".*"))) == 1
    assert sleeping.store.raw.committed() == [first]
    end_sessions(sql)
    sleeping.query("sleeps", "SELECT 2 AS id")
    second = sleeping.done().run
    assert sleeping.store.raw.committed() == [first, second]
    assert list(sleeping.store.raw.folder.glob(".*")) == []
    assert (sleeping.store.raw.path(first) / "manifest.json").read_bytes() == before


def test_a_second_download_is_refused_while_the_first_works(sleeping: Company, sql: Sql) -> None:
    """Exit code 75, with the holder's stage, process and start."""
    with sleeping.start() as process:
        wait_for(sql, "^COPY.*pg_sleep")
        ended = sleeping.download()
        process.kill()
    assert ended.code == 75
    assert f"(SQLDownloadMain.py, process {process.pid}, since 2" in ended.err


def test_a_connection_that_is_cut_is_a_sentence(sleeping: Company, sql: Sql) -> None:
    """An administrator's command, or a server that goes down."""
    with sleeping.start() as process:
        wait_for(sql, "^COPY.*pg_sleep")
        end_sessions(sql)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "psycopg2" not in err  # which prints of its own what it stumbles over
    error, advice = err.splitlines()[-2:]
    assert error.startswith("Error: ")
    assert "terminating connection" in error or "server closed the connection" in error
    assert advice.startswith("Try: ")


def test_the_servers_reason_for_ending_a_session_is_told(sleeping: Company, sql: Sql) -> None:
    """In the midst of a COPY the driver prints it, and raises something else."""
    with sleeping.start() as process:
        wait_for(sql, "^COPY.*pg_sleep")
        sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query ~ '^COPY.*pg_sleep'")
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert re.fullmatch(
        r"Error: .*/sleeps\.sql: terminating connection due to administrator command\.\nTry: .* ended the session.*\n",
        err,
    )


def test_an_idle_time_out_does_not_end_the_snapshot(company: Company, sql: Sql, shop: str) -> None:
    """The connection that exported it is idle for as long as the longest query takes."""
    sql("ALTER DATABASE shop SET idle_in_transaction_session_timeout = '100ms'")
    try:
        company.settings["WORKERS"] = "1"
        company.query("a", "SELECT 1 AS id, pg_sleep(0.4)::text AS slept")
        company.query("b", "SELECT 1 AS id")
        company.done()
    finally:
        sql("ALTER DATABASE shop RESET ALL")


def test_the_writer_is_not_blocked_by_a_download(sleeping: Company, sql: Sql, shop: str) -> None:
    """A night takes no lock that a shop would notice."""
    sql("CREATE TABLE busy AS SELECT 1 AS id")
    sleeping.query("sleeps", "SELECT id, pg_sleep(60) FROM busy")
    with sleeping.start() as process, closing(psycopg2.connect(shop)) as writer:
        wait_for(sql, "^COPY.*pg_sleep")
        writer.cursor().execute("SET lock_timeout = '1s'; UPDATE busy SET id = 2; INSERT INTO busy VALUES (3)")
        writer.commit()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 130
