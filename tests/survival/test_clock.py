"""The clock jumps between nights: back, as NTP or a restored machine sets it, and forward."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from etl.core import nights
from etl.core.nights import NightRecord
from etl.core.runs import Store, run_time
from etl.due import published_between
from etl.guards.pace import Pace, fast
from tests.night.company import Company

NOON = datetime(2030, 3, 31, 12, tzinfo=UTC)
DUE = datetime(2030, 3, 31, 2, 30, tzinfo=UTC)
YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


def name_of(at: datetime) -> str:
    """Name a run after an instant."""
    return f"{at:%Y%m%dT%H%M%SZ}"


def shift(company: Company, by: timedelta) -> None:
    """Let all nights there were have been run by a clock that was wrong by so much: rename and date them."""
    old = {path.stem for path in company.data.glob("[123]_*/2*")}
    names = {name: name_of(run_time(name) + by) for name in old}
    for path in [*company.data.glob("[123]_*/*/manifest.json"), *company.data.glob("nights/*.json")]:
        text = path.read_text()
        for before, after in names.items():
            text = text.replace(before, after)
        path.write_text(re.sub(r'(?<=")20\d\d-\d\d-\d\dT[\d:.]+(?=Z")', lambda at: shifted(at[0], by), text))
    for path in [*company.data.glob("[123]_*/2*"), *company.data.glob("nights/2*")]:
        path.rename(path.with_name(path.name.replace(path.stem, names[path.stem])))
    with duckdb.connect(str(company.data / "warehouse.duckdb")) as connection:
        for before, after in names.items():
            connection.execute("UPDATE etl_runs SET run_id = $2 WHERE run_id = $1", [before, after])
            connection.execute("UPDATE etl_runs SET star_run = $2 WHERE star_run = $1", [before, after])
        connection.execute("UPDATE etl_runs SET as_of = as_of + $1, published_at = published_at + $1", [by])


def shifted(text: str, by: timedelta) -> str:
    """Date an instant of a manifest anew."""
    return (datetime.fromisoformat(text) + by).isoformat()


def test_a_night_after_the_clock_was_set_back_by_a_year_is_the_newest(tmp_path: Path) -> None:
    """It is due, it is run, its rows are published, older runs than it stood on are gone; again, it is not due."""
    company = Company(tmp_path)
    company.settings["KEEP_RUNS"] = "1"
    assert company.night().returncode == 0
    shift(company, YEAR)
    (before,) = company.runs("3_loaded")
    company.rows(20, night=2)
    done = company.night("--due", "00:00")
    assert done.returncode == 0, done.stderr
    assert company.published() == [(2, 20)]
    (run,) = company.runs("3_loaded")
    assert run > before
    assert company.runs("1_raw") == company.runs("2_star") == [before, run]
    assert "changed by hand" not in company.log()
    again = company.night("--due", "00:00")
    assert again.stdout.startswith(f"No night is due: {run} was published"), again.stderr


@pytest.mark.parametrize(
    ("began", "counts"),
    [
        (NOON + YEAR, False),
        (NOON + HOUR, False),
        (NOON, True),
        (DUE, True),
        (DUE - HOUR, False),
        (DUE - YEAR, False),
    ],
)
def test_a_night_that_began_in_the_future_is_none_that_was_run(tmp_path: Path, began: datetime, counts: bool) -> None:
    """It began under a clock that was wrong; else no night would be due until that day comes."""
    (tmp_path / "3_loaded" / name_of(began)).mkdir(parents=True)
    assert published_between(Store(tmp_path), DUE, NOON) == (name_of(began) if counts else None)


def test_what_counts_is_when_a_night_began_and_not_its_name(tmp_path: Path) -> None:
    """After the clock was set back, names go on from the last one, a second at a time."""
    ahead = name_of(NOON + YEAR)
    (tmp_path / "3_loaded" / ahead).mkdir(parents=True)
    nights.write(tmp_path, NightRecord(run=ahead, started=DUE + HOUR), keep=7)
    assert published_between(Store(tmp_path), DUE, NOON) == ahead


def test_a_failed_night_keeps_its_name_and_its_place(tmp_path: Path) -> None:
    """It committed nothing, yet the next one is later: the record of the newest night is never the one to go."""
    failed = name_of(datetime.now(UTC) + YEAR)
    nights.write(tmp_path, NightRecord(run=failed, started=NOON), keep=1)
    run = Store(tmp_path).new_run()
    assert run > failed
    nights.write(tmp_path, NightRecord(run=run, started=NOON), keep=1)
    assert nights.recorded(tmp_path) == [failed, run]


@pytest.mark.parametrize("before", [[], [-5.0] * 4, [0.0] * 4, [-3600.0, 100.0, 100.0, 100.0]])
def test_durations_that_no_clock_can_have_measured_are_no_reason_to_stumble(before: list[float]) -> None:
    """The guard over a stage's time compares, and no more."""
    assert len(fast.refusals(Pace("download", 50.0, before))) == 0
    assert len(fast.refusals(Pace("download", -1.0, before))) <= 1
