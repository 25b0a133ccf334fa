"""PostgreSQL's bad nights: what passes is waited out, and read from one snapshot; what does not pass is a sentence."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import psycopg2
import pytest

from tests.conftest import PASSWORD, Sql
from tests.download.company import Company
from tests.download.wire import Link, Wire

ROWS = 20_000
TABLES = ("first", "second", "third")
RECEIPT = r"^SELECT\s+COUNT"
EXPORT = "pg_export_snapshot"
MID = 100_000
"""Bytes of a COPY after which it is cut; of a table it sends more than ten times as many."""


@pytest.fixture
def wire(shop: str) -> Iterator[Wire]:
    """Give a wire to the server of `shop`."""
    with Wire(shop) as wire:
        yield wire


@pytest.fixture
def states(company: Company, wire: Wire, sql: Sql) -> Iterator[Company]:
    """Give a company behind the wire with three tables, read one after the other, whose rows are all in state 1."""
    company.sources["shop"] = wire.url
    company.settings |= {"WORKERS": "1", "SOURCE_PATIENCE": "20", "SOURCE_LOCK_SECONDS": "1"}
    for name in TABLES:
        columns = "g AS id, 1 AS state, repeat('x', 60) AS text"
        sql(f"CREATE TABLE {name} AS SELECT {columns} FROM generate_series(1, {ROWS}) g")
        company.query(name, f"SELECT id, state, text FROM {name}")
    yield company
    for name in TABLES:
        sql(f"DROP TABLE {name}")


def change(sql: Sql) -> None:
    """Bring all rows of all tables into state 2, in one transaction."""
    sql("; ".join(f"UPDATE {name} SET state = 2" for name in TABLES))


def read(company: Company) -> set[tuple[int, int]]:
    """Say how many rows, in which state, each table has in the newest run."""
    return {(len(rows), row["state"]) for name in TABLES for rows in [company.rows(name)] for row in rows}


def retries(err: str) -> list[str]:
    """Give what the log's lines say of each retry, without the seconds."""
    return re.findall(r"trying again in \d+ s \(failed \d+ times\): (.*)", err)


def assert_failed(company: Company, said: str, advice: str) -> str:
    """Check that the download fails with this sentence and this cure, commits nothing and leaves nothing."""
    began = time.monotonic()
    ended = company.download()
    assert time.monotonic() - began < int(company.settings["SOURCE_PATIENCE"]) + 5
    assert ended.code == 1
    told = ended.err[ended.err.rindex("Error: ") :]  # other tables of the snapshot may have failed with this one
    assert re.match(f"Error: .*{said}", told), ended.err
    assert re.match(f"Try: .*{advice}", told.splitlines()[-1]), ended.err
    assert list(company.store.raw.folder.glob("*")) == []
    return ended.err


def test_a_copy_cut_once_is_tried_again_in_the_same_snapshot(states: Company, wire: Wire, sql: Sql) -> None:
    """It costs a table and not the night: a writer that commits in between is seen by none of the tables."""

    def meanwhile(link: Link) -> None:
        change(sql)
        link.cut()

    wire.when("^COPY", meanwhile, after=MID)
    ended = states.download()
    assert ended.code == 0, ended.err
    assert read(states) == {(ROWS, 1)}
    assert len({table.as_of for table in states.store.raw.newest("").tables.values()}) == 1
    assert (wire.count(EXPORT), wire.count("^COPY")) == (1, len(TABLES) + 1)


def test_a_receipt_cut_once_is_computed_again(states: Company, wire: Wire) -> None:
    """The source's own figures are asked for as patiently as its rows."""
    wire.when(RECEIPT, Link.cut)
    assert read_after(states) == {(ROWS, 1)}
    assert (wire.count(EXPORT), wire.count(RECEIPT)) == (1, len(TABLES) + 1)


def read_after(company: Company) -> set[tuple[int, int]]:
    """Download, and read."""
    company.done()
    return read(company)


def test_a_retry_names_the_table_and_no_secret(states: Company, wire: Wire, guarded: str, sql: Sql) -> None:
    """Who reads the log in the morning learns what was cut; who steals it learns no password."""
    sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guarded")
    states.sources["shop"] = wire.url.replace("postgres@", f"guarded:{quote(PASSWORD, safe='')}@")
    wire.when("^COPY.*FROM second", Link.cut, after=MID)
    ended = states.download()
    assert ended.code == 0, ended.err
    [line] = retries(ended.err)
    assert "second.sql: the connection to the source shop" in line
    assert "se%" not in ended.err


def test_a_copy_that_is_cut_each_time_fails_with_a_sentence(states: Company, wire: Wire) -> None:
    """It names the query and the source, and ends when patience does."""
    states.settings["SOURCE_PATIENCE"] = "1"
    wire.when("^COPY", Link.cut, after=MID, times=99)
    err = assert_failed(
        states, r"/\w+\.sql: the connection to the source shop at postgresql://127.* failed: it was cut", "Look whether"
    )
    assert retries(err)
    assert wire.count(EXPORT) == 1


def test_patience_begins_with_the_first_fault(states: Company, wire: Wire) -> None:
    """A COPY that is cut after it went on for longer than SOURCE_PATIENCE is tried again nevertheless."""
    states.settings["SOURCE_PATIENCE"] = "1"

    def late(link: Link) -> None:
        time.sleep(1.5)
        link.cut()

    wire.when("^COPY", late, after=MID)
    assert read_after(states) == {(ROWS, 1)}


@pytest.mark.parametrize("after", [0, MID])
@pytest.mark.parametrize(("cut", "state", "snapshots"), [(EXPORT, 1, 1), ("", 2, 2)])
def test_a_snapshot_lives_on_in_whoever_sees_it_or_is_taken_anew(
    states: Company, wire: Wire, sql: Sql, after: int, cut: str, state: int, snapshots: int
) -> None:
    """What is cut is the connection that holds it, or each one; all tables are of one snapshot."""

    def meanwhile(_: Link) -> None:
        change(sql)
        wire.cut(cut)

    wire.when("^COPY.*FROM second", meanwhile, after=after)
    assert read_after(states) == {(ROWS, state)}
    assert wire.count(EXPORT) == snapshots


def test_a_statement_time_out_is_no_fault_that_passes(states: Company, wire: Wire, sql: Sql) -> None:
    """It is told at once, with the query and with who can change it."""
    sql("CREATE ROLE hurried LOGIN; ALTER ROLE hurried SET statement_timeout = '300ms'")
    states.sources["shop"] = wire.url.replace("postgres@", "hurried@")
    sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO hurried")
    slow = states.query("slow", "SELECT 1 AS id, pg_sleep(20)::text AS slept")
    err = assert_failed(
        states, f"{slow}: canceling statement due to statement timeout.", ".*ALTER ROLE .* SET statement_timeout"
    )
    assert retries(err) == []


def test_a_lock_is_waited_for(states: Company, wire: Wire, shop: str) -> None:
    """Whoever holds it for longer than we wait at once, but lets go within SOURCE_LOCK_SECONDS, costs nothing else."""
    planned = r"FROM second\s+\) AS query LIMIT 0"
    with closing(psycopg2.connect(shop)) as other:
        other.cursor().execute("LOCK TABLE second")
        wire.when(planned, lambda _: other.rollback() if wire.count(planned) == 2 else None, times=2)
        states.settings["SOURCE_PATIENCE"] = "0"
        ended = states.download()
    assert ended.code == 0, ended.err
    [line] = retries(ended.err)
    assert "second.sql: canceling statement due to lock timeout" in line
    assert read(states) == {(ROWS, 1)}
    assert wire.count(EXPORT) == 1


def test_a_lock_that_stays_is_a_sentence(states: Company, shop: str) -> None:
    """It names the query, and where to look who holds it."""
    states.settings["SOURCE_PATIENCE"] = "1"
    with closing(psycopg2.connect(shop)) as other:
        other.cursor().execute("LOCK TABLE second")
        err = assert_failed(states, r"second\.sql: canceling statement due to lock timeout", "Look who holds the lock")
    assert retries(err)


@pytest.fixture
def crowded(states: Company, wire: Wire, sql: Sql) -> Iterator[Company]:
    """Give a company whose role may have one connection, which the snapshot takes."""
    sql("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1; GRANT SELECT ON ALL TABLES IN SCHEMA public TO crowded")
    states.sources["shop"] = wire.url.replace("postgres@", "crowded@")
    yield states
    sql("DROP OWNED BY crowded; DROP ROLE crowded")


def test_a_free_connection_is_waited_for(crowded: Company, wire: Wire, shop: str, sql: Sql) -> None:
    """A server that is full for a moment costs a moment."""
    sql("ALTER ROLE crowded CONNECTION LIMIT 2")
    with closing(psycopg2.connect(shop.replace("postgres@", "crowded@"))) as other:

        def leave() -> None:
            while len(wire.links) < 3:  # the snapshot's, one that was refused, and one that tries again
                time.sleep(0.02)
            other.close()

        threading.Thread(target=leave, daemon=True).start()
        ended = crowded.download()
    assert ended.code == 0, ended.err
    assert "first.sql" in retries(ended.err)[0]
    assert read(crowded) == {(ROWS, 1)}
    assert wire.count(EXPORT) == 1


def test_a_server_that_stays_full_is_a_sentence(crowded: Company) -> None:
    """It names the query and the source, and what to raise or to lower."""
    crowded.settings["SOURCE_PATIENCE"] = "1"
    err = assert_failed(
        crowded, r"/\w+\.sql: .*source shop.*too many connections for role", ".*limit, or lower WORKERS"
    )
    assert retries(err)
