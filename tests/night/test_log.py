"""What is kept of a night: one log, whose last line says it all, and a record, also where it failed."""

import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.core import nights
from etl.core.nights import NightRecord
from tests.night.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Give a company of one small table."""
    return Company(tmp_path)


def test_the_log_of_a_good_night_ends_with_all_that_matters(company: Company) -> None:
    """As of when, tables, rows, rejects, time; every line is stamped; the record tells each stage."""
    done = company.night()
    assert done.returncode == 0, done.stderr
    (run,) = company.runs("3_loaded")
    assert company.last_line().startswith(f"night {run}: published as of ")
    assert ": 1 tables, 11 rows, 0 rejected, in " in company.last_line()
    assert all(line[:4].isdigit() and line[19] == "Z" for line in company.log().splitlines())
    (record,) = nights.records(company.data)
    assert (record.run, record.exit_code, record.said) == (run, 0, company.last_line())
    assert [stage.script for stage in record.stages] == [
        "SQLDownloadMain.py",
        "TablesTransformMain.py",
        "LoadFilesBQ.py",
    ]
    assert record.ended


def test_the_log_of_a_failed_night_ends_with_the_stage_and_its_error(company: Company) -> None:
    """In the error's own words; what to try stands above."""
    company.query("SELECT nonsense")
    assert company.night().returncode == 1
    assert "failed in SQLDownloadMain.py (exit 1), after " in company.last_line()
    assert "no such column: nonsense" in company.last_line()
    assert "ERROR Try: " in company.log()
    (record,) = nights.records(company.data)
    assert (record.exit_code, [stage.exit_code for stage in record.stages]) == (1, [1])


def test_logs_are_kept_as_many_as_runs_and_records_for_a_year(company: Company) -> None:
    """KEEP_RUNS counts nights, failed ones too; how long a night took, and its rows, can still be told a year later."""
    long_ago = [datetime.now(UTC) - timedelta(days=days) for days in (367, 360)]
    for began in long_ago:
        nights.write(company.data, NightRecord(run=f"{began:%Y%m%dT%H%M%SZ}", started=began), keep=7)
    company.settings["KEEP_RUNS"] = "2"
    assert company.night().returncode == 0
    company.query("SELECT nonsense")
    assert [company.night().returncode for _ in range(2)] == [1, 1]
    logs = sorted(path.stem for path in (company.data / "nights").glob("*.log"))
    old, *records = nights.records(company.data)
    assert old.started == long_ago[1]
    assert [record.run for record in records] == [*company.runs("3_loaded"), *logs]
    assert [stage.rows for stage in records[0].stages] == [10, 11, 11]


def start(company: Company) -> subprocess.Popen[str]:
    """Start a night and wait until its first stage is under way."""
    night = subprocess.Popen(company.command(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((company.data / "nights").glob("*.log")):
        assert night.poll() is None
        time.sleep(0.01)
    return night


def test_a_stage_that_is_killed_is_told_of(company: Company) -> None:
    """The kernel kills what takes too much memory, and such a process says nothing itself."""
    night = start(company)
    children = Path(f"/proc/{night.pid}/task/{night.pid}/children")
    while not children.read_text().strip():
        time.sleep(0.005)
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    night.communicate(timeout=60)
    assert night.returncode == 137
    assert "(exit 137)" in company.last_line()
    assert "it was killed by signal 9" in company.last_line()


def test_a_night_that_is_killed_itself_leaves_a_record_that_says_under_way(company: Company) -> None:
    """So that `status` can tell that it never ended."""
    night = start(company)
    night.kill()
    night.communicate(timeout=60)
    (record,) = nights.records(company.data)
    assert (record.exit_code, record.ended) == (None, None)


def test_an_interrupted_night_says_so(company: Company) -> None:
    """As the log's last line, and in the record."""
    night = start(company)
    night.send_signal(signal.SIGTERM)
    night.communicate(timeout=60)
    assert night.returncode == 130
    assert "interrupted in" in company.last_line()


def test_an_interruption_while_a_stage_is_started_ends_that_stage(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no handle yet; left alone, it would commit after the night's last line."""
    patch = company.folder / "interrupted"
    patch.mkdir()
    (patch / "sitecustomize.py").write_text(
        "import os, signal, subprocess\n"
        "class Popen(subprocess.Popen):\n"
        "    def _execute_child(self, *given):\n"
        "        super()._execute_child(*given)\n"
        "        if any('SQLDownloadMain' in str(part) for part in given[0]):\n"
        "            os.kill(os.getpid(), signal.SIGTERM)\n"
        "subprocess.Popen = Popen\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(patch))
    assert company.night().returncode == 130
    assert "interrupted in" in company.last_line()
    assert company.runs("1_raw") == []


def test_a_night_that_is_not_due_does_nothing(company: Company) -> None:
    """Published since the clock last showed the time: exit 0, one line, nothing run."""
    assert company.night("--due", "00:00").returncode == 0
    again = company.night("--due", "00:00")
    assert again.returncode == 0
    assert again.stdout.startswith("No night is due: ")
    assert len(company.runs("3_loaded")) == 1


def test_a_failed_night_stays_due(company: Company) -> None:
    """A later start tries again."""
    company.query("SELECT nonsense")
    assert company.night("--due", "00:00").returncode == 1
    company.query("SELECT thing_id, night, name FROM things")
    assert company.night("--due", "00:00").returncode == 0
    assert len(company.runs("3_loaded")) == 1


def test_an_accept_of_the_night_reaches_every_stage(company: Company) -> None:
    """One command finishes the night that a guard refused; each stage takes what is meant for it."""
    assert company.night().returncode == 0
    company.rows(500)
    company.query("SELECT thing_id, -night AS night, name FROM things")
    refused = company.night()
    assert refused.returncode == 3
    assert (
        "Try: Look at what was changed in things.sql, and at the source; if it is correct as it is:"
        f" ./nightly.sh --env {company.env} --accept things:grew=500"
    ) in refused.stderr
    assert company.night("--accept", "things:grew=500").returncode == 0


def test_where_the_locale_knows_no_umlaut_nothing_breaks(company: Company) -> None:
    """Cron's environment is the C locale."""
    done = company.night(LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0, done.stderr
    company.query("SELECT 'é €' AS nonsense, nonsense")
    failed = company.night(LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert failed.returncode == 1, failed.stderr
    assert "Traceback" not in failed.stderr
