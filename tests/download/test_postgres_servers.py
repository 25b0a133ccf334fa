"""A server that is restarted, and one that follows another: what is read is of one snapshot, or it is not committed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.doctor.check import OK, WARNING
from tests.doctor.found import Patient
from tests.download.cluster import Cluster, primary, standby
from tests.download.company import Company
from tests.download.test_postgres_faults import EXPORT, MID, ROWS, TABLES, assert_failed, change, read, retries
from tests.download.wire import Link, Wire

LOCK = "BEGIN; LOCK TABLE second; COMMIT"


@pytest.fixture(scope="module")
def leading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give a server of this module's own."""
    with primary(tmp_path_factory.mktemp("leading") / "source") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory, leading: Cluster) -> Iterator[Cluster]:
    """Give a standby of that server."""
    with standby(tmp_path_factory.mktemp("following") / "source", leading) as cluster:
        yield cluster


@pytest.fixture
def tables(leading: Cluster) -> Iterator[None]:
    """Make the tables, all of whose rows are in state 1."""
    for name in TABLES:
        columns = "g AS id, 1 AS state, repeat('x', 60) AS text"
        leading.sql(f"CREATE TABLE {name} AS SELECT {columns} FROM generate_series(1, {ROWS}) g")
    yield
    leading.sql(f"DROP TABLE {', '.join(TABLES)}")


@pytest.fixture
def states(tmp_path: Path, tables: None) -> Company:
    """Give a company with a query for each table, one after the other."""
    company = Company(tmp_path, {}, {"WORKERS": "1", "SOURCE_PATIENCE": "20"})
    for name in TABLES:
        company.query(name, f"SELECT id, state, text FROM {name}")
    return company


def test_a_server_that_is_restarted_is_read_anew(states: Company, leading: Cluster) -> None:
    """The tables that had come through too: all of them are of the snapshot that was taken after the restart."""

    def crash(_: Link) -> None:
        change(leading.sql)
        leading.restart()

    with Wire(leading.url) as wire:
        states.sources["shop"] = wire.url
        wire.when("^COPY.*FROM second", crash, after=MID)
        manifest = states.done()
        assert wire.count(EXPORT) == 2
    assert read(states) == {(ROWS, 2)}
    assert len({table.as_of for table in manifest.tables.values()}) == 1


def caught_up(leading: Cluster, following: Cluster) -> None:
    """Wait until the standby has replayed what the leading server has written."""
    [(place,)] = leading.sql("SELECT pg_current_wal_lsn()")
    deadline = time.monotonic() + 20
    while not following.sql(f"SELECT 1 WHERE pg_last_wal_replay_lsn() >= '{place}'"):
        assert time.monotonic() < deadline, "the standby does not follow"
        time.sleep(0.02)


@pytest.fixture
def behind(states: Company, leading: Cluster, following: Cluster) -> Iterator[Wire]:
    """Let the company read from the standby, through a wire."""
    caught_up(leading, following)
    with Wire(following.url) as wire:
        states.sources["shop"] = wire.url
        yield wire


def test_a_standby_is_read_from_one_snapshot(
    states: Company, leading: Cluster, following: Cluster, behind: Wire
) -> None:
    """It exports one as the leading server does; what is replayed meanwhile is not seen."""

    def write(_: Link) -> None:
        change(leading.sql)
        caught_up(leading, following)

    behind.when("^COPY.*FROM first", write, after=MID)
    states.done()
    assert read(states) == {(ROWS, 1)}
    assert behind.count(EXPORT) == 1


def test_rows_that_a_standby_gives_up_cost_a_new_snapshot(
    states: Company, leading: Cluster, following: Cluster, behind: Wire
) -> None:
    """A vacuum on the leading server ends whoever could still see the rows, the session with the snapshot included."""

    def vacuum(link: Link) -> None:
        change(leading.sql)
        leading.sql("VACUUM second")
        link.slow_down()

    behind.when("^COPY.*FROM second", vacuum, after=MID)
    ended = states.download()
    assert ended.code == 0, ended.err
    assert "second.sql: canceling statement due to conflict with recovery" in retries(ended.err)[0]
    assert read(states) == {(ROWS, 2)}
    assert behind.count(EXPORT) == 2


def test_a_lock_that_a_standby_replays_costs_a_new_snapshot(
    states: Company, leading: Cluster, following: Cluster, behind: Wire
) -> None:
    """Whoever locks the table is cancelled, the session that holds the snapshot too; no two instants are mixed."""

    def lock(link: Link) -> None:
        change(leading.sql)
        leading.sql(LOCK)
        link.slow_down()

    behind.when("^COPY.*FROM second", lock, after=MID)
    ended = states.download()
    assert ended.code == 0, ended.err
    [line] = retries(ended.err)
    assert "second.sql: canceling statement due to conflict with recovery" in line
    assert read(states) == {(ROWS, 2)}
    assert behind.count(EXPORT) == 2


def test_a_standby_that_gives_way_each_time_is_a_sentence(
    states: Company, leading: Cluster, following: Cluster, behind: Wire
) -> None:
    """It names the query, and what to set on the standby; nothing is committed."""

    def lock(link: Link) -> None:
        leading.sql(LOCK)
        link.slow_down()

    behind.when("^COPY.*FROM second", lock, after=MID, times=99)
    states.settings["SOURCE_PATIENCE"] = "1"
    assert_failed(states, r"second\.sql: canceling statement due to conflict with recovery", ".*hot_standby_feedback")


def test_the_doctor_warns_of_a_standby_that_gives_way(states: Company, behind: Wire, following: Cluster) -> None:
    """Until it tells its primary what is being read."""
    patient = Patient(states.folder, states.sources, states.settings)
    [finding] = patient.found("standby")
    assert (finding.level, "hot_standby_feedback" in finding.cure) == (WARNING, True)
    following.sql("ALTER SYSTEM SET hot_standby_feedback = on")
    following.sql("SELECT pg_reload_conf()")
    try:
        [finding] = patient.found("standby")
        assert finding.level == OK
    finally:
        following.sql("ALTER SYSTEM RESET hot_standby_feedback")
        following.sql("SELECT pg_reload_conf()")
