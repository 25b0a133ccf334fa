"""What no snapshot protects from: tables that the source rewrites, swaps, attaches or detaches while it is read."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from tests.conftest import Sql
from tests.download.company import Company
from tests.download.wire import Link, Wire

ROWS = 3_000
EXPORT = "pg_export_snapshot"

SETUP = """
DROP TABLE IF EXISTS facts, lookup, lookup_next, lookup_loose CASCADE;
CREATE TABLE lookup (id int, weight int) PARTITION BY LIST (id);
CREATE TABLE lookup_1 PARTITION OF lookup FOR VALUES IN (1);
CREATE TABLE lookup_2 PARTITION OF lookup FOR VALUES IN (2);
CREATE TABLE lookup_loose (id int, weight int);
CREATE TABLE lookup_next (id int, weight int);
INSERT INTO lookup VALUES (1, 1), (2, 1);
INSERT INTO lookup_loose VALUES (3, 1);
INSERT INTO lookup_next VALUES (1, 2), (2, 2);
CREATE TABLE facts AS SELECT g AS id, 1 + g %% 2 AS lookup_id, 1 AS state, repeat('x', 200) AS text
FROM generate_series(1, %s) g;
CREATE OR REPLACE FUNCTION weight_of(wanted int) RETURNS int STABLE LANGUAGE plpgsql
AS 'BEGIN RETURN (SELECT weight FROM lookup WHERE id = wanted); END';
"""

RELOADS = {
    "emptied and filled": "TRUNCATE lookup; INSERT INTO lookup VALUES (1, 2), (2, 2)",
    "a partition emptied and filled": "TRUNCATE lookup_1; INSERT INTO lookup VALUES (1, 3)",
    "swapped by two renames": "ALTER TABLE lookup RENAME TO lookup_old; ALTER TABLE lookup_next RENAME TO lookup",
    "another type": "ALTER TABLE lookup ALTER weight TYPE numeric(12,2) USING weight * 2",
    "a partition detached": "ALTER TABLE lookup DETACH PARTITION lookup_2",
    "dropped and made again": "DROP TABLE lookup; CREATE TABLE lookup AS SELECT 1 AS id, 4 AS weight",
}

JOIN = "SELECT f.id, f.state, f.text, l.weight::int AS weight FROM facts f LEFT JOIN lookup l ON l.id = f.lookup_id"


class Writer:
    """A writer of the source, in a thread of its own: one transaction, which also brings all facts into state 2."""

    def __init__(self, shop: str, sql: Sql, statement: str) -> None:
        self._shop, self._sql, self._statement = shop, sql, statement
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self, *, until_it_waits: bool = False) -> None:
        """Begin; until_it_waits: and go on when it waits for a lock."""
        self._thread.start()
        deadline = time.monotonic() + 10
        while until_it_waits and not self._sql("SELECT 1 FROM pg_locks WHERE NOT granted AND mode LIKE '%Exclusive%'"):
            assert time.monotonic() < deadline, "the writer does not wait"
            time.sleep(0.01)

    def join(self) -> None:
        """Wait until it has committed."""
        self._thread.join(20)
        assert not self._thread.is_alive(), "the writer still waits although nobody reads any more"

    def _run(self) -> None:
        with closing(psycopg2.connect(self._shop)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"{self._statement}; UPDATE facts SET state = 2")


@pytest.fixture
def wire(shop: str) -> Iterator[Wire]:
    """Give a wire to the server of `shop`."""
    with Wire(shop) as wire:
        yield wire


@pytest.fixture
def rewritten(company: Company, wire: Wire, sql: Sql) -> Iterator[Company]:
    """Give a company behind the wire that reads facts and a small table, one query after the other."""
    sql(SETUP, ROWS)
    company.sources["shop"] = wire.url
    company.settings["WORKERS"] = "1"
    company.query("a_facts", JOIN + ", generate_series(1, 1) AS first")  # the longer one by the planner's guess
    company.query("lookup", "SELECT id, weight FROM lookup")
    yield company
    sql("DROP TABLE IF EXISTS facts, lookup, lookup_old, lookup_next, lookup_loose, lookup_2 CASCADE")


def seen(company: Company) -> tuple[set[int], set[int | None], list[tuple[int, int]]]:
    """Say which states and weights the facts have, and what is in the small table."""
    facts = company.rows("a_facts")
    small = sorted((row["id"], int(row["weight"])) for row in company.rows("lookup"))
    return {row["state"] for row in facts}, {row["weight"] for row in facts}, small


BEFORE = ({1}, {1}, [(1, 1), (2, 1)])


@pytest.mark.parametrize("reload", RELOADS.values(), ids=RELOADS)
def test_a_reload_in_the_midst_waits_until_all_is_read(
    rewritten: Company, wire: Wire, shop: str, sql: Sql, reload: str
) -> None:
    """TRUNCATE and the like wait for our locks, not for a snapshot; and who waits holds up none of our queries."""
    writer = Writer(shop, sql, reload)
    wire.when("^COPY", lambda _: writer.start(until_it_waits=True))
    ended = rewritten.download()
    writer.join()
    assert ended.code == 0, ended.err
    assert seen(rewritten) == BEFORE
    assert wire.count(EXPORT) == 1


@pytest.mark.parametrize("reload", RELOADS.values(), ids=RELOADS)
def test_who_waits_before_all_connections_read_goes_first(
    rewritten: Company, wire: Wire, shop: str, sql: Sql, reload: str
) -> None:
    """Else it would wait for us and we for it. All is read from a new snapshot, also without SOURCE_PATIENCE."""
    writer = Writer(shop, sql, reload)
    wire.when(EXPORT, lambda _: writer.start(until_it_waits=True))
    ended = rewritten.download()
    writer.join()
    assert ended.code == 0, ended.err
    states, weights, small = seen(rewritten)
    assert states == {2}
    assert (weights - {None}, small) == ({weight for _, weight in small}, [(i, w) for i, w in sql_lookup(sql)])
    assert wire.count(EXPORT) == 2


def sql_lookup(sql: Sql) -> list[tuple[int, int]]:
    return [(int(i), int(w)) for i, w in sql("SELECT id, weight FROM lookup ORDER BY 1")]


@pytest.mark.parametrize(
    ("query", "change", "moment"),
    [
        (None, "ALTER TABLE lookup ATTACH PARTITION lookup_loose FOR VALUES IN (3)", EXPORT),
        ("SELECT id, state, text, weight_of(lookup_id) AS weight FROM facts", RELOADS["emptied and filled"], "^COPY"),
    ],
    ids=["a partition attached, which waits for nobody", "emptied and filled, and read by a function alone"],
)
def test_what_no_lock_of_ours_holds_back_costs_a_new_snapshot(
    rewritten: Company, wire: Wire, shop: str, sql: Sql, query: str | None, change: str, moment: str
) -> None:
    """It is noticed before anything is committed: what was read is compared with what the snapshot knows."""
    rewritten.settings["RECEIPTS"] = "off"
    if query:
        rewritten.query("a_facts", query)
        (rewritten.folder / "queries/lookup.sql").unlink()
    done = threading.Event()

    def write(_: Link) -> None:
        if not done.is_set():
            sql(f"{change}; UPDATE facts SET state = 2")
            done.set()

    wire.when(moment, write)
    rewritten.done()
    assert {row["state"] for row in rewritten.rows("a_facts")} == {2}
    assert wire.count(EXPORT) == 2
    if query is None:
        assert [row["id"] for row in rewritten.rows("lookup")] == [1, 2, 3]


def test_a_table_that_is_reloaded_all_the_time_is_read_whole(
    rewritten: Company, shop: str, sql: Sql, wire: Wire
) -> None:
    """Somebody empties and fills it ten times a second; at every instant it has two rows of one weight."""
    stop = threading.Event()

    def reload() -> None:
        with closing(psycopg2.connect(shop)) as connection, connection.cursor() as cursor:
            weight = 1
            while not stop.wait(0.1):
                weight += 1
                cursor.execute("TRUNCATE lookup; INSERT INTO lookup VALUES (1, %s), (2, %s)", (weight, weight))
                connection.commit()

    thread = threading.Thread(target=reload, daemon=True)
    thread.start()
    try:
        ended = rewritten.download()
    finally:
        stop.set()
        thread.join(20)
    assert ended.code == 0, ended.err
    _, weights, small = seen(rewritten)
    assert len(small) == 2
    assert weights == {weight for _, weight in small}
    assert len(weights) == 1
