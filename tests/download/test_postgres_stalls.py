"""Connections that hang without an end: they are found out, whereas a query that is merely slow is left alone."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Sql
from tests.download.company import Company
from tests.download.test_postgres_faults import EXPORT, MID, RECEIPT, ROWS, retries
from tests.download.wire import Link, Wire


@pytest.fixture
def wire(shop: str) -> Iterator[Wire]:
    """Give a wire to the server of `shop`."""
    with Wire(shop) as wire:
        yield wire


@pytest.fixture
def one(company: Company, wire: Wire) -> Company:
    """Give a company behind the wire with one long table, which notices within seconds what hangs."""
    company.sources["shop"] = wire.url
    company.settings |= {"WORKERS": "1", "SOURCE_PATIENCE": "20", "SOURCE_STALL_SECONDS": "1"}
    company.query("long", f"SELECT g AS id, repeat('x', 60) AS text FROM generate_series(1, {ROWS}) g")
    return company


@pytest.mark.parametrize(("statement", "after"), [("^COPY", MID), (RECEIPT, 0)])
def test_a_connection_that_hangs_is_cut_and_the_query_tried_again(
    one: Company, wire: Wire, statement: str, after: int
) -> None:
    """Be it in the midst of the rows, or on the statement's way to the server."""
    wire.when(statement, Link.stall, after=after)
    ended = one.download()
    assert ended.code == 0, ended.err
    assert "long.sql: the connection to the source shop" in retries(ended.err)[0]
    assert one.table("long").rows == ROWS
    assert wire.count(EXPORT) == 1


@pytest.mark.parametrize("end", [Link.stall, Link.cut])
def test_a_snapshot_whose_connection_hangs_is_taken_anew(one: Company, wire: Wire, end: Callable[[Link], None]) -> None:
    """As when a tunnel dies with all that is in it, whether the query's own connection hangs too or is cut."""

    def hang(copying: Link) -> None:
        for link in wire.links:
            link.stall()
        end(copying)

    wire.when("^COPY", hang, after=MID)
    assert one.done().tables["long"].rows == ROWS
    assert wire.count(EXPORT) == 2


def test_a_query_that_is_silent_for_long_is_left_alone(one: Company, wire: Wire) -> None:
    """The server is at work, in the midst of the rows, and on the receipt, of which nothing comes before its end."""
    slow = "CASE g WHEN 5000 THEN pg_sleep(2.5)::text END AS slept"
    one.query("long", f"SELECT g AS id, repeat('x', 60) AS text, {slow} FROM generate_series(1, {ROWS}) g")
    one.settings["RECEIPTS"] = "columns"
    ended = one.download()
    assert ended.code == 0, ended.err
    assert "trying again" not in ended.err
    assert wire.count("^COPY") == 1


def test_who_may_not_see_what_the_server_does_cuts_nothing(one: Company, wire: Wire, sql: Sql) -> None:
    """Then nobody knows whether a query is at work; and the snapshot lives on, for what is cut after that."""
    sql("CREATE ROLE blind LOGIN; REVOKE SELECT ON pg_stat_activity FROM public")
    try:
        one.sources["shop"] = wire.url.replace("postgres@", "blind@")
        one.query("long", "SELECT 1 AS id, pg_sleep(2.5)::text AS slept")
        one.query("short", "SELECT 1 AS id")  # comes second
        one.settings["RECEIPTS"] = "off"
        wire.when("^COPY[^,]+$", Link.cut)
        ended = one.download()
    finally:
        sql("GRANT SELECT ON pg_stat_activity TO public; DROP ROLE blind")
    assert ended.code == 0, ended.err
    [line] = retries(ended.err)
    assert "short.sql" in line
    assert wire.count(EXPORT) == 1


def test_an_interruption_does_not_wait_for_what_hangs(one: Company, wire: Wire) -> None:
    """Ctrl-C ends a download through a dead tunnel within seconds."""
    one.settings["SOURCE_STALL_SECONDS"] = "600"
    hangs: list[float] = []

    def hang(_: Link) -> None:
        wire.stalled = True
        hangs.append(time.monotonic())

    wire.when("^COPY", hang, after=MID)
    with one.start() as process:
        deadline = time.monotonic() + 20
        while not hangs:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert time.monotonic() - hangs[0] < 12
    assert process.returncode == 130, err
    assert "Traceback" not in err
