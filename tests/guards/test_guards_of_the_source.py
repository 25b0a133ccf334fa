"""What stage 1 refuses to commit until a person has looked, and how that person lets it pass."""

import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.core.manifest import RawColumn, RawTable
from etl.guards import pace, raw
from etl.guards.raw import Tolerance
from tests.conftest import Sql
from tests.download.company import Company

AT = "SELECT g AS id, '2031-05-01'::timestamptz + g * interval '1 hour' AS at FROM generate_series(1, {}) g"


@pytest.fixture
def company(tmp_path: Path, shop: str) -> Company:
    """Give a company whose query `things` delivered 1,000 rows last night."""
    company = Company(tmp_path, {"shop": shop})
    company.query("things", AT.format(1000), more="-- may shrink: 5 %\n-- may grow: 50 %\n-- newest: at\n")
    company.done()
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
    ],
)
def test_an_accept_that_can_mean_nothing_is_a_fault_of_the_command_line(
    company: Company, accept: str, said: str
) -> None:
    """Exit 2, with the nearest name."""
    ended = company.download("--accept", accept)
    assert ended.code == 2
    assert said in ended.err


def test_an_accept_for_another_stage_is_ignored(company: Company) -> None:
    """A night hands its accepts to every stage."""
    company.done("--accept", "things:rejects=3")


def test_without_receipts_the_guard_of_the_newest_rows_cannot_judge(company: Company, sql: Sql) -> None:
    """With RECEIPTS=off nobody asked the source for its greatest value; the others still judge."""
    company.settings["RECEIPTS"] = "off"
    company.query("things", AT.format(990), more="-- newest: at\n")
    assert company.done().tables["things"].rows == 990


def table(rows: int) -> RawTable:
    """Make the manifest's entry of a table."""
    return RawTable.model_construct(
        run="20310518T023000Z",
        rows=rows,
        columns=(RawColumn(name="id", type="int64", source_type="bigint"),),
        receipt=None,
    )


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
    judged = raw.refusals({"t": table(now)}, {"t": Tolerance(shrink=shrink, grow=grow)}, manifest(table(last)))
    allowed = max(100, (shrink if now < last else grow) * last)
    assert bool(judged) == (abs(now - last) > allowed)


def manifest(last: RawTable) -> raw.RawManifest:
    """Make the last run's manifest."""
    return raw.RawManifest.model_construct(tables={"t": last})


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
    judged = pace.refusals("download", seconds, before)
    assert [refusal.name for refusal in judged] == (["download:fast"] if refused else [])


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
