"""`-- partition on:` a long query is extracted by ranges of a key, and what a source's owner lets us ask of it."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from etl.download import ranges
from tests.conftest import Sql
from tests.download.company import Company
from tests.download.wire import Link, Wire

KEYS = {
    "bigint": "n * 1000000007::bigint",
    "smallint": "(n - 2500)::smallint",
    "date": "date '2020-01-01' + n",
    "timestamptz": "timestamptz '2020-01-01 00:00+00' + n * interval '1 hour'",
}


@pytest.fixture
def company(shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """Give a company whose queries are split where they have more than 64 KiB."""
    monkeypatch.setattr(ranges, "RANGE_BYTES", 1 << 16)
    return Company(tmp_path, {"shop": shop}, {"WORKERS": "2"})


def _fill(sql: Sql, table: str, key: str) -> None:
    """Make 5,000 rows, more of them at the keys' end, some without a key."""
    sql(f"DROP TABLE IF EXISTS {table}")
    drawn = "(SELECT (5000 * sqrt(random()))::int AS n FROM generate_series(1, 5000)) AS drawn"
    place = f"CASE WHEN n % 100 <> 0 THEN {key} END AS place"
    sql(f"CREATE TABLE {table} AS SELECT row_number() OVER () AS id, {place}, repeat('x', 40) AS filler FROM {drawn}")
    sql(f"ANALYZE {table}")


@pytest.mark.parametrize("kind", KEYS)
def test_ranges_hold_every_row_once(company: Company, sql: Sql, kind: str) -> None:
    """Whatever the key's type, and also the rows without one; about equally many by the source's statistics."""
    _fill(sql, f"split_{kind}", KEYS[kind])
    company.query("moves", f"SELECT id, place, filler FROM split_{kind}", more="-- partition on: place\n")
    told = company.download("--dry-run")
    assert "ranges of place" in told.out
    company.done()
    rows = company.rows("moves")
    assert sorted(row["id"] for row in rows) == list(range(1, 5001))
    places = [row["place"] for row in rows if row["place"] is not None]
    assert len(places) < 5000
    files = {
        path.name: path.stat().st_size for path in company.store.raw.path(company.table("moves").run).glob("*.csv")
    }
    assert files == company.table("moves").files
    assert len(files) > 1


def test_ranges_are_about_equal(company: Company, sql: Sql) -> None:
    """Keys that are not evenly spread make no long range."""
    _fill(sql, "uneven", KEYS["bigint"])
    bounds = ranges.bounds(
        ranges.Scale(-(2**62), 2**62 - 1, str),
        5,
        lambda value: float(sql("SELECT count(*) FROM uneven WHERE place < %s", value)[0][0]),
    )
    edges = [-(2**62), *bounds, 2**62]
    counts = [
        sql("SELECT count(*) FROM uneven WHERE place >= %s AND place < %s", low, high)[0][0]
        for low, high in pairwise(edges)
    ]
    assert len(counts) == 5
    assert max(counts) - min(counts) < 50


def test_without_statistics_the_rows_are_all_there(company: Company, sql: Sql) -> None:
    """Where the planner knows nothing, there may be fewer ranges, and never fewer rows."""
    _fill(sql, "unknown", KEYS["bigint"])
    sql("DELETE FROM pg_statistic WHERE starelid = 'unknown'::regclass")
    company.query("moves", "SELECT id, place, filler FROM unknown", more="-- partition on: place\n")
    company.done()
    assert len({row["id"] for row in company.rows("moves")}) == 5000


def test_a_cut_connection_costs_its_range(company: Company, sql: Sql, shop: str) -> None:
    """The other ranges are not read again, and the rows are those of the one snapshot."""
    _fill(sql, "cut", KEYS["bigint"])
    company.query("moves", "SELECT id, place, filler FROM cut", more="-- partition on: place\n")
    company.settings |= {"SOURCE_PATIENCE": "30", "RECEIPTS": "off", "WORKERS": "1"}
    with Wire(shop) as wire:
        company.sources["shop"] = wire.url
        wire.when(r"^COPY .*place\W >= .*place\W < ", Link.cut, after=20_000)
        ranges_told = int(re.findall(r"in (\d+) ranges", company.download("--dry-run").out)[0])
        company.done()
        copies, again = wire.count("^COPY "), wire.count(r"^COPY .*place\W IS NULL")
    assert len({row["id"] for row in company.rows("moves")}) == 5000
    assert again == 1
    assert copies == ranges_told + 1


def test_groups_stay_together(company: Company, sql: Sql) -> None:
    """A query that is sorted by its groups may be split by the first of their columns."""
    _fill(sql, "grouped", "n")
    more = "-- group by: place, id\n-- partition on: place\n"
    company.query("moves", "SELECT id, place, filler FROM grouped ORDER BY place NULLS FIRST, id", more=more)
    company.done()
    places = [row["place"] for row in company.rows("moves")]
    assert places == sorted(places, key=lambda place: (place is not None, place))
    assert len(places) == 5000


@pytest.mark.parametrize(
    ("line", "sql_text", "told"),
    [
        ("-- partition on: name", "SELECT 1 AS id, 'a' AS name", "names a column of text"),
        ("-- partition on: nothing", "SELECT 1 AS id", "names the column nothing, which the query does not return"),
        ("-- partition on: id\n-- group by: name", "SELECT 1 AS id, 'a' AS name", "would split groups of name apart"),
    ],
)
def test_a_key_that_cannot_be_split_is_a_sentence(company: Company, line: str, sql_text: str, told: str) -> None:
    """It names the file, and nothing is committed."""
    company.query("moves", sql_text, more=f"{line}\n")
    ended = company.download()
    assert ended.code == 1
    assert told in ended.err
    assert "moves.sql" in ended.err
    assert company.store.raw.committed() == []
