"""LoadFilesBQ.py and the night, with a Power BI dataset to be refreshed after the publish."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import config
from config.paths import ROOT
from etl import load
from etl.core.errors import RefreshError
from etl.core.job import Job
from etl.core.runs import Store
from etl.download.stage import download
from etl.look import status
from etl.night import run_night
from etl.transform.stage import transform
from tests.night.company import Company
from tests.night.test_dashboard_of_a_night import with_report
from tests.refresh.service import DATASET, SECRET, TOKEN, PowerBi


def work(company: Company, *stages: Callable[[Job], object], dry_run: bool = False) -> None:
    """Let stages do their work in this process."""
    settings = config.load(company.env)
    store = Store.of(settings)
    run = store.new_run()
    for stage in stages:
        stage(Job(settings, store, run, dry_run=dry_run))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Give a company of one small table, whose star is built."""
    company = Company(tmp_path_factory.mktemp("company"))
    work(company, download, transform)
    return company


@pytest.fixture
def company(built: Company, power_bi: PowerBi) -> Company:
    """Give that company with nothing published yet, and a dataset that is to be refreshed."""
    shutil.rmtree(built.data / "3_loaded", ignore_errors=True)
    for name in ("warehouse.duckdb", "refreshed.json"):
        (built.data / name).unlink(missing_ok=True)
    built.settings = dict(power_bi.settings)
    return built


def shown(company: Company, capsys: pytest.CaptureFixture[str]) -> str:
    """Ask what is published."""
    capsys.readouterr()
    assert status.show(company.env, 7) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_publish_is_followed_by_one_refresh(
    company: Company, power_bi: PowerBi, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Told before by --dry-run; and a load that has nothing new to publish refreshes nothing."""
    caplog.set_level("INFO")
    work(company, load.run, dry_run=True)
    assert power_bi.heard == []
    assert f"would refresh the Power BI dataset {DATASET}" in capsys.readouterr().out
    work(company, load.run)
    assert caplog.text.index("load published star") < caplog.text.index("refresh: asking Power BI for dataset")
    assert [entry["status"] for entry in power_bi.history] == ["Completed"]
    power_bi.heard.clear()
    work(company, load.run)
    work(company, load.run, dry_run=True)
    assert power_bi.heard == []
    assert "would refresh" not in capsys.readouterr().out


def test_without_settings_power_bi_is_not_spoken_of(
    company: Company, power_bi: PowerBi, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """As soon as there are some, the next load catches up, so that they can be tried out."""
    settings, company.settings = company.settings, {}
    work(company, load.run)
    assert power_bi.heard == []
    assert "refresh:" not in caplog.text
    assert "Power BI" not in shown(company, capsys)
    company.settings = settings
    work(company, load.run)
    assert [entry["status"] for entry in power_bi.history] == ["Completed"]


def test_a_dataset_that_is_not_named_is_missed(
    company: Company, power_bi: PowerBi, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is set, as it is for publishing: without the last line nothing is refreshed, and that is said."""
    del company.settings["POWERBI_DATASET"]
    with caplog.at_level("WARNING"):
        work(company, load.run)
    assert "POWERBI_DATASET is not set" in caplog.text
    assert power_bi.asked == []


def test_no_refresh_leaves_it_out_and_says_so(company: Company, power_bi: PowerBi) -> None:
    """Nobody asks Power BI, whose library is not even loaded; the next load makes up for it."""
    done = company.ended(
        [sys.executable, "-X", "importtime", "LoadFilesBQ.py", "--env", str(company.env), "--no-refresh"]
    )
    assert (done.returncode, power_bi.heard) == (0, [])
    assert "refresh: left out (--no-refresh): the Power BI dataset keeps what it has." in done.stderr
    assert not re.search(r"\| +msal$", done.stderr, re.MULTILINE)
    assert company.published() == [(1, 10)]
    work(company, load.run)
    assert len(power_bi.history) == 1


def test_a_load_that_is_killed_during_the_refresh_is_made_up_for(company: Company, power_bi: PowerBi) -> None:
    """Its refresh goes on in Power BI; the next load waits for that one and asks for another."""
    power_bi.looks = 1000
    command = [sys.executable, "LoadFilesBQ.py", "--env", str(company.env)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    while not power_bi.history:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    power_bi.looks = power_bi.history[0]["looks"] = 1
    work(company, load.run)
    assert [entry["status"] for entry in power_bi.history] == ["Completed", "Completed"]


def test_a_night_whose_refresh_failed_is_a_published_one(
    tmp_path: Path, power_bi: PowerBi, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4, and what was published is shown; log, notices and `status` tell both; it is not due again.

    The next load makes up for the refresh.
    """
    power_bi.expired = True
    company = with_report(Company(tmp_path))
    company.settings |= power_bi.settings
    company.settings |= {"HEARTBEAT_URL": f"{power_bi.url}/told", "WEBHOOK_URL": f"{power_bi.url}/told/chat"}
    done = company.night()
    assert done.returncode == 4, done.stderr
    (run,) = company.runs("3_loaded")
    why = "he refresh of the Power BI dataset failed: Microsoft Entra refused to sign us in: AADSTS7000222"
    assert f"Error: T{why}" in done.stderr
    assert f" Star {run} stays published, as of " in done.stderr
    assert "Try: Make a new client secret" in done.stderr
    assert "Published as of" in done.stdout
    assert re.search(r"dim_thing +│ +11 ", done.stdout)
    assert f"The dashboard, for any browser: {company.data / 'dashboard.html'}" in done.stdout
    assert re.match(rf"night {run}: published as of .* in \d+ s, but t{why}", company.last_line())
    heard = {path: body["told"] for _, path, body in power_bi.heard if "told" in body}
    assert list(heard) == ["/told/start", "/told/fail", "/told/chat"]
    assert json.loads(heard["/told/chat"])["text"] == heard["/told/fail"].splitlines()[-1].split(" ", 2)[2]
    assert json.loads(heard["/told/chat"])["text"] == company.last_line()
    assert company.published() == [(1, 10)]
    told = done.stderr + done.stdout + company.log() + str(heard) + shown(company, capsys)
    assert SECRET not in told
    assert TOKEN not in told
    assert "published; the refresh failed (exit 4)" in told
    assert f"the dataset was not refreshed after that; ./LoadFilesBQ.py --env {company.env} does it." in told
    assert run_night(company.env, due=time.strftime("%H:00")) == 0
    assert power_bi.history == []
    with pytest.raises(RefreshError, match=r"Star .* stays published"):
        work(company, load.run)
    power_bi.expired = False
    work(company, load.run)
    assert [entry["status"] for entry in power_bi.history] == ["Completed"]
    assert "Power BI: the dataset was refreshed after that, at " in shown(company, capsys)
    assert company.runs("3_loaded") == [run]
