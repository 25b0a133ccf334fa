"""What stage 1 refuses to commit until a person has looked, and how that person lets it pass."""

import os
import re
import shlex
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.core.lock import NIGHT_VARIABLE
from etl.core.manifest import RawColumn, RawManifest, RawTable
from etl.guards.every import SOURCE
from etl.guards.guard import Refusal, judged
from etl.guards.pace import Pace, fast
from etl.guards.raw import RawSeen, Tolerance
from tests.download.company import Company, Ended

AT = "SELECT g AS id, '2031-05-01'::timestamptz + g * interval '1 hour' AS at FROM generate_series(1, {}) g"


@pytest.fixture
def company(tmp_path: Path, shop: str) -> Company:
    """Give a company whose query `things` delivered 1,000 rows last night, which were published."""
    company = Company(tmp_path, {"shop": shop})
    company.query("things", AT.format(1000), more="-- may shrink: 5 %\n-- may grow: 50 %\n-- newest: at\n")
    company.done()
    company.publish()
    return company


REFUSED = {
    "empty": (AT.format(0), "the query returned no row"),
    "shrank": (
        AT.format(800) + " UNION ALL SELECT 2000, '2031-08-01'",
        "801 rows, 1,000 in run .* [(]-19.9%[)]; `-- may shrink:` allows 5%",
    ),
    "grew": (AT.format(1501), "1,501 rows, 1,000 in run .* [(][+]50.1%[)]; `-- may grow:` allows 50%"),
    "newest": (AT.format(990), "the newest at is 2031-06-11T06:00:00.*, 2031-06-11T16:00:00.* in run"),
    "types": (
        AT.format(1000).replace("g AS id", "g::text AS id"),
        "id is text [(]in run .*: integer[)]",
    ),
}


@pytest.mark.parametrize("guard", REFUSED)
def test_what_a_guard_refuses_is_told_with_both_nights_figures_and_passes_when_accepted(
    company: Company, guard: str
) -> None:
    """Exit 3 and nothing committed; with the one command that the refusal names the run is committed, and says so."""
    sql, said = REFUSED[guard]
    last = company.store.raw.committed()
    company.query("things", sql, more="-- may shrink: 5 %\n-- may grow: 50 %\n-- newest: at\n")
    refused = company.download()
    assert refused.code == 3
    assert re.search(f"things:{guard}: {said}", refused.err)
    assert company.store.raw.committed() == last
    assert f".venv/bin/python SQLDownloadMain.py --env {company.env} --accept things:{guard}=" in refused.err
    accepted = company.done("--accept", *printed(refused.err))
    assert f"things:{guard}" in accepted.accepted


def printed(err: str) -> list[str]:
    """Read what is to be accepted off the command that a refusal prints."""
    return shlex.split(err.partition(" --accept ")[2].partition("\n")[0])


def test_what_was_accepted_is_the_figure_that_was_looked_at_and_no_worse(company: Company) -> None:
    """Who looked at 800 rows has not looked at one; and what a guard let pass is named in the next command too."""
    company.query("things", AT.format(800))
    accept = printed(company.download().err)
    assert accept == ["things:shrank=800"]
    company.query("things", AT.format(799).replace("g AS id", "g::text AS id"))
    worse = company.download("--accept", *accept)
    assert worse.code == 3
    assert printed(worse.err)[0] == "things:shrank=799"
    assert printed(worse.err)[1].startswith("things:types=")
    assert company.done("--accept", *printed(worse.err)).tables["things"].rows == 799


def test_types_are_compared_with_what_was_published_and_not_with_nights_that_failed_after(company: Company) -> None:
    """Who edits a company's first tables accepts nothing; who accepted is asked no more, whatever failed since."""
    as_text, as_float = (AT.format(1000).replace("g AS id", f"g::{kind} AS id") for kind in ("text", "float8"))
    company.query("things", as_text)
    refused = company.download()
    assert re.search(r"id is text \(in run .*: integer\); things.sql was changed since run", refused.err)
    assert "Look at what was changed in things.sql, and at the source; if" in refused.err
    company.done("--accept", *printed(refused.err))
    company.done()
    company.query("things", as_float)
    assert "id is double precision (in run" in company.download().err
    company.query("news", AT.format(5))
    company.done("--only", "news")
    company.query("news", AT.format(5).replace("g AS id", "g::text AS id"))
    company.done("--only", "news")


def test_types_of_what_was_never_published_are_no_measure(tmp_path: Path, shop: str) -> None:
    """The night after one that failed in the second stage takes the edited query as it is."""
    company = Company(tmp_path, {"shop": shop})
    for kind in ("integer", "text"):
        company.query("things", f"SELECT 1::{kind} AS id")
        company.done()


def test_all_refusals_are_told_at_once(company: Company) -> None:
    """One look, one command."""
    company.query("things", AT.format(500).replace("g AS id", "g::text AS id"), more="-- newest: at\n")
    refused = company.download()
    assert re.search(
        "--accept things:shrank=500 things:types=[0-9a-f]{8} things:newest=2031-05-21T20:00:00", refused.err
    )


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("things", "--accept things names no guard"),
        ("things:shrunk=5", "Did you mean shrank?"),
        ("things:shrank", "does not say which figure"),
        ("thing:shrank=5", "Did you mean things?"),
        ("things:rejects=3", "the guard rejects never judges things."),
        ("things.id:shrank=5", "Write --accept things:shrank=5."),
        ("others:newest=5", "others has nothing that the guard newest judges."),
        ("load:origin=5", "It judges night."),
        ("load:fast=5", "Did you mean download?"),
        ("transform:fast=5", "does not ask this guard"),
    ],
)
def test_an_accept_that_can_mean_nothing_is_a_fault_of_the_command_line(
    company: Company, accept: str, said: str
) -> None:
    """Exit 2, with the nearest name; so is one that no guard of this stage will ever read."""
    company.query("others", "SELECT 1 AS id")
    ended = company.download("--accept", accept)
    assert ended.code == 2
    assert said in ended.err


def test_an_accept_for_another_stage_is_ignored_in_a_night(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hands its accepts to every stage."""
    monkeypatch.setenv(NIGHT_VARIABLE, f"20310521T020000Z:{os.getppid()}")
    company.done("--accept", "transform:fast=5")


def test_a_table_that_creeps_is_compared_with_a_week_before(company: Company) -> None:
    """Nine percent a night are within the tolerance, and twice nine are not; what was accepted is the new measure."""
    company.query("things", AT.format(910))
    company.done()
    company.query("things", AT.format(829))
    refused = company.download()
    assert "things:shrank: 829 rows, 1,000 in run" in refused.err
    company.done("--accept", *printed(refused.err))
    company.query("things", AT.format(740))  # far too few beside 1,000
    company.done()


SHOPS = {
    "PostgreSQL": ("shop", "SELECT id, {} AS at FROM generate_series({}, {}) AS g(id)"),
    "SQLite": (
        "lite",
        "WITH RECURSIVE g(id) AS (SELECT {1} UNION ALL SELECT id + 1 FROM g WHERE id < {2})"
        " SELECT id, {0} AS at FROM g",
    ),
}
MIDNIGHT = "T00:00:00+00:00"
TYPED = [
    ("PostgreSQL", "'2031-05-01'::date + id", "", "off", ""),
    ("PostgreSQL", "'2031-05-01Z'::timestamptz + id * interval '1 day'", "", "off", MIDNIGHT),
    ("PostgreSQL", "CASE id WHEN 9 THEN 'infinity' ELSE timestamp '2031-05-01' + id * interval '1 day' END", "",
     "off", MIDNIGHT),
    ("PostgreSQL", "id::float8", "", "rows", None),
    ("PostgreSQL", "id::numeric(9, 2)", "", "columns", None),
    ("PostgreSQL", "id", "", "rows", None),
    ("SQLite", "id", "", "rows", None),
    ("SQLite", "date('2031-05-01', id || ' days')", "-- types: at date\n", "rows", ""),
    ("SQLite", "datetime('2031-05-01', id || ' days')", "-- types: at timestamp\n", "full", MIDNIGHT),
]  # fmt: skip


@pytest.mark.parametrize(("shop_kind", "at", "header", "receipts", "clock"), TYPED)
def test_newest_guards_every_type_on_every_database_whatever_the_receipts(
    tmp_path: Path, shop: str, shop_kind: str, at: str, header: str, receipts: str, clock: str | None
) -> None:
    """Where no receipt tells the greatest value, the raw file does; a number is compared as one, 120 after 99."""
    sqlite3.connect(tmp_path / "lite.db").close()
    company = Company(tmp_path, {"shop": shop, "lite": f"sqlite:///{tmp_path / 'lite.db'}"}, {"RECEIPTS": receipts})
    source, sql = SHOPS[shop_kind]

    def night(first: int, last: int) -> Ended:
        more = f"-- newest: at\n-- may be empty: yes\n{header}"
        company.query("things", sql.format(at, first, last), source=source, more=more)
        return company.download()

    assert [night(1, 99).code, night(1, 100).code] == [0, 0]
    refused = night(2, 99)
    assert refused.code == 3
    ending = ".0" if "float" in at else ""
    now, then = (f"{n}{ending}" if clock is None else f"2031-08-{n - 91:02}{clock}" for n in (99, 100))
    assert f"things:newest: the newest at is {now}, {then} in run" in refused.err
    assert printed(refused.err) == [f"things:newest={now}"]


def test_a_night_without_rows_does_not_make_the_guard_forget(company: Company) -> None:
    """Nor does one in which the column is NULL throughout pass."""
    more = "-- newest: at\n-- may be empty: yes\n-- may grow: 99999 %\n"
    company.query("things", AT.format(0), more=more)
    company.done()
    company.query("things", AT.format(990), more=more)
    assert "the newest at is 2031-06-11T06:00:00+00:00, 2031-06-11T16:00:00+00:00" in company.download().err
    company.query("things", "SELECT 1 AS id, NULL::timestamptz AS at", more=more + "-- may shrink: 100 %\n")
    gone = company.download()
    assert "the newest at is gone" in gone.err
    company.done("--accept", *printed(gone.err))
    company.query("things", AT.format(990), more=more)
    company.done()


@pytest.mark.parametrize("kind", ["text", "boolean", "time", "jsonb"])
def test_newest_of_what_has_no_order_in_time_is_refused_before_the_night(company: Company, kind: str) -> None:
    """The first dry run tells, with what to write."""
    company.query("things", f"SELECT 1 AS id, NULL::{kind} AS at", more="-- newest: at\n")
    ended = company.download("--dry-run")
    assert ended.code == 1
    assert "`-- newest: at` names a column of" in ended.err
    assert "CAST(at AS date) AS at" in ended.err


def table(rows: int, run: int = 18) -> RawTable:
    """Make the manifest's entry of a table."""
    return RawTable.model_construct(
        run=f"203105{run:02}T023000Z",
        query_sha256="",
        as_of=datetime(2031, 5, run, 2, 30, tzinfo=UTC),
        rows=rows,
        columns=(RawColumn(name="id", type="int64", source_type="bigint"),),
        receipt=None,
        newest={},
    )


def refusals(tonight: RawTable, tolerance: Tolerance, kept: list[RawManifest]) -> list[Refusal]:
    """Judge tonight's table."""
    return judged(SOURCE, RawSeen("t", tonight, tolerance, kept))


@given(
    last=st.integers(1, 10**7),
    now=st.integers(1, 10**7),
    shrink=st.floats(0, 1, width=16),
    grow=st.floats(0, 5, width=16),
)
def test_a_table_may_change_by_its_tolerance_and_always_by_a_hundred_rows(
    last: int, now: int, shrink: float, grow: float
) -> None:
    """Exactly: one row more than allowed is refused."""
    refused = refusals(table(now), Tolerance(may_shrink=shrink, may_grow=grow), [manifest(table(last))])
    allowed = max(100, (shrink if now < last else grow) * last)
    assert bool(refused) == (abs(now - last) > allowed)


def manifest(last: RawTable, *accepted: str) -> RawManifest:
    """Make a run's manifest."""
    return RawManifest.model_construct(tables={"t": last}, accepted=dict.fromkeys(accepted, "looked at"))


@given(rows=st.lists(st.integers(900, 1100), min_size=1, max_size=14), looked=st.none() | st.integers(0, 13))
def test_a_night_is_measured_by_the_last_and_by_a_week_before(rows: list[int], looked: int | None) -> None:
    """By the oldest that is kept, where there is none a week old; and by none from before a person looked."""
    *before, now = [10 * count for count in rows]
    nights = [table(count, run=day) for day, count in enumerate(before, 1)]
    kept = [manifest(one, *(["t:grew"] if day == looked else [])) for day, one in enumerate(nights)]
    tonight = table(now, run=len(rows))
    since = max(len(nights) - 7, 0, looked if looked and looked < len(nights) else 0)
    measures = {nights[-1].rows, nights[since].rows} if nights else set()
    refused = refusals(tonight, Tolerance(may_shrink=0.03, may_grow=0.05), kept)
    assert {one.guard for one in refused} == (
        {"shrank" for then in measures if then - now > max(100, 0.03 * then)}
        | {"grew" for then in measures if now - then > max(100, 0.05 * then)}
    )


@pytest.mark.parametrize(
    ("seconds", "before", "refused"),
    [
        (15.0 * 60, [50.0 * 60] * 3, False),
        (10.0 * 60, [50.0 * 60] * 3, True),
        (10.0 * 60, [50.0 * 60] * 2, False),
        (10.0 * 60, [50.0 * 60, 52.0 * 60, 8.0 * 60], True),
        (1.0, [59.0] * 5, False),
    ],
)
def test_a_stage_that_is_suspiciously_fast_is_refused(seconds: float, before: list[float], refused: bool) -> None:
    """Under a quarter of the usual time, where three runs or more tell what is usual, and it is a minute at least."""
    refusals = fast.refusals(Pace("download", seconds, before))
    assert [refusal.name for refusal in refusals] == (["download:fast"] if refused else [])


def test_a_fast_stage_is_refused_by_the_script_too(company: Company) -> None:
    """The usual time is what the manifests of the last runs tell."""
    for _ in range(2):
        company.done()
    for run in company.store.raw.committed():
        path = company.store.raw.path(run) / "manifest.json"
        seconds = company.store.raw.read(run).seconds
        path.write_text(path.read_text().replace(f'"seconds": {seconds},\n "peak', '"seconds": 3000.0,\n "peak'))
    refused = company.download()
    assert refused.code == 3
    assert "download:fast: it took 0 s; the last 3 runs took 3000 s in the median" in refused.err
    assert company.done("--accept", *printed(refused.err)).accepted
