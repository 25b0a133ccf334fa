"""One night has one clock, and reads each file once: whatever asks twice is told the same."""

import dataclasses
import datetime as dt
import hashlib
import re
import sqlite3
from contextlib import closing
from zoneinfo import ZoneInfo

import pytest

from etl.core.errors import DataError
from etl.download.postgres import source as postgres
from tests.conftest import Sql
from tests.download.company import Company
from tests.download.wire import Wire

BINDS = "SELECT 1 AS id, {as_of} AS as_of, :business_date AS today, :window_start AS since, :business_time_zone AS zone"


def test_all_sources_are_told_the_instant_that_the_star_will_be_of(company: Company) -> None:
    """The earliest of the instants at which their transactions began; dates are its dates in the business zone."""
    with closing(sqlite3.connect(company.folder / "lite.db")):
        company.sources["lite"] = f"sqlite:///{company.folder / 'lite.db'}"
    company.settings |= {"BUSINESS_TIME_ZONE": "Pacific/Kiritimati", "WINDOW_YEARS": "2"}
    company.query("a", BINDS.format(as_of=":as_of::timestamptz"))
    company.query("b", BINDS.format(as_of=":as_of"), source="lite")
    manifest = company.done()
    [a], [b] = company.rows("a"), company.rows("b")
    today = manifest.as_of.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    assert a == b | {"as_of": dt.datetime.fromisoformat(b["as_of"])}
    assert (a["as_of"], a["today"]) == (manifest.as_of, today.isoformat())
    assert dt.date.fromisoformat(a["since"]).year == today.year - 2
    assert manifest.as_of == min(table.as_of for table in manifest.tables.values())


CLOCKS = {
    "now": "SELECT g AS id, now() AS at, CURRENT_TIMESTAMP - interval '1 day' AS since FROM generate_series(1, 9) g",
    "view": "SELECT * FROM told_by_a_view",
    "filter": "SELECT id, at FROM told_by_a_view WHERE at > transaction_timestamp() - interval '1 day'",
    "local": "SELECT 1 AS id, LOCALTIMESTAMP AS at, to_char(LOCALTIME, 'SS.US') AS told",
}


def test_rows_and_receipt_of_a_query_that_asks_the_clock_agree(company: Company, sql: Sql) -> None:
    """They are read in one transaction, for which now() is one instant; also where a view asks, or where it is cut."""
    sql("CREATE VIEW told_by_a_view AS SELECT g AS id, now() AS at FROM generate_series(1, 20000) g")
    company.settings |= {"RECEIPTS": "full", "WORKERS": "2", "SOURCE_PATIENCE": "20"}
    for name, text in CLOCKS.items():
        company.query(name, text)
    with Wire(company.sources["shop"]) as wire:
        company.sources["shop"] = wire.url
        wire.when("^COPY.*transaction_timestamp", lambda link: link.cut(), after=100_000)
        ended = company.download()
        assert ended.code == 0, ended.err
        assert wire.count("^COPY.*transaction_timestamp") == 2
    for name in CLOCKS:
        assert company.rows(name)  # which are held against the receipt


def test_a_query_that_only_writes_now_is_read_on_two_connections(company: Company) -> None:
    """A text, a comment or a column of that name asks no clock."""
    with Wire(company.sources["shop"]) as wire:
        company.sources["shop"] = wire.url
        company.settings["WORKERS"] = "2"
        company.query("a", """SELECT 1 AS id, 'now() it''s CURRENT_DATE' AS "now", 2 AS current -- now()""")
        company.done()
        assert len(wire.links) == 3


def test_a_query_file_that_changes_meanwhile_is_read_once(company: Company) -> None:
    """The manifest tells the hash of the text that was run."""
    path = company.query("a", "SELECT 1 AS id")
    before = path.read_bytes()
    with Wire(company.sources["shop"]) as wire:
        company.sources["shop"] = wire.url
        wire.when("^COPY", lambda _: path.write_text("-- another text"))
        table = company.done().tables["a"]
    assert path.read_text() == "-- another text"
    assert table.query_sha256 == hashlib.sha256(before).hexdigest()


def test_what_differs_each_time_is_named_with_what_to_write(company: Company) -> None:
    """random() and the like give the receipt other values than the file: the columns are named, and the cure."""
    company.settings["RECEIPTS"] = "columns"
    company.query("a", "SELECT g AS id, (random() * 1e9)::bigint AS drawn FROM generate_series(1, 5) g")
    company.done()
    with pytest.raises(DataError) as refusal:
        company.rows("a")
    assert "drawn: sum" in refusal.value.message
    assert ":as_of instead of now()" in refusal.value.hint
    assert "no random()" in refusal.value.hint


def test_where_locks_are_few_each_connection_takes_those_of_its_query(
    company: Company, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server's table of locks may have no room for all tables on every connection."""
    sql("CREATE TABLE few_a AS SELECT 1 AS id; CREATE TABLE few_b AS SELECT 2 AS id")
    held = postgres.hold
    monkeypatch.setattr(postgres, "hold", lambda *given: dataclasses.replace(held(*given), roomy=False))
    company.settings |= {"WORKERS": "1", "RECEIPTS": "off"}
    for name in ("few_a", "few_b"):
        company.query(name, f"SELECT id FROM {name}")
    with Wire(company.sources["shop"]) as wire:
        company.sources["shop"] = wire.url
        company.done()
        said = [each for each in wire.links[-1].statements if "EXPLAIN" in each or each.startswith("COPY")]
    assert [re.findall("COPY|EXPLAIN|few_.", each) for each in said] == [
        [word, table] for table in ("few_a", "few_b") for word in ("EXPLAIN", "COPY")
    ]
