"""crontab.txt under a real cron daemon, with cron's own bare environment."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.paths import ROOT
from tests.cron.daemon import Daemon, binary, wait_until
from tests.night.company import Company

CRONTAB = (ROOT / "crontab.txt").read_text(encoding="utf-8")
LINES = [line for line in CRONTAB.splitlines() if line and not line.startswith("#") and "=" not in line.split()[0]]
NIGHTLY, WEEKLY, AT_START = LINES


@pytest.fixture(scope="module")
def cron(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """Give Debian's cron, or the reason why there is none."""
    return binary(tmp_path_factory.mktemp("package"))


@pytest.fixture
def daemon(cron: Path | str, tmp_path: Path) -> Daemon:
    """Give a daemon that does not run yet."""
    if isinstance(cron, str):
        pytest.skip(cron)
    return Daemon(cron, tmp_path / "daemon")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Give a company of an installed engine."""
    return installed(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def each_minute(cron: Path | str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company | str]:
    """Run a company's nightly line each minute from the first test on: the last one need not wait for the minute."""
    folder = tmp_path_factory.mktemp("each_minute")
    company = installed(folder)
    line = crontab(company, NIGHTLY).replace("30 2 * * 1-6", "* * * * *").replace("--due 02:30", "--due 00:00")
    if isinstance(cron, str):
        yield cron
        return
    with Daemon(cron, folder / "daemon").running(line):
        yield company


def installed(tmp_path: Path) -> Company:
    """Make a company whose project folder holds the real nightly.sh, an environment, and prod.env."""
    company = Company(tmp_path / "company")
    app = tmp_path / "app"
    app.mkdir()
    shutil.copy(ROOT / "nightly.sh", app)  # it works where it lies, whatever links lead to it
    for name in ("config", "etl", "sample", "requirements.txt", "constraints.txt"):
        (app / name).symlink_to(ROOT / name)
    for script in ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py"):
        (app / script).symlink_to(ROOT / script)
    without = "set_up_by_night() { :; }\n"  # the environment is the test's own, and it is there
    (app / "setup.sh").write_text((ROOT / "setup.sh").read_text() + without)
    (app / ".venv/bin").mkdir(parents=True)
    python = app / ".venv/bin/python"
    bare = f"env >{tmp_path}/environment; umask >>{tmp_path}/environment"
    python.write_text(f'#!/bin/sh\n{bare}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (app / "prod.env").symlink_to(company.env)
    return company


def crontab(company: Company, *lines: str) -> str:
    """Set the folder in the crontab, as its first line says, and leave these of its lines."""
    kept = [line for line in CRONTAB.splitlines() if line not in LINES or line in lines]
    text = "\n".join(kept).replace("/srv/etl/app", str(company.folder.parent / "app"))
    return text + "\n"


def test_no_line_holds_what_cron_takes_for_a_line_break() -> None:
    """The % rule: an unescaped % ends the command."""
    assert len(LINES) == 3
    assert not any("%" in line for line in LINES)


def test_all_lines_are_due_at_the_time_at_which_the_first_one_starts() -> None:
    """What catches up has to know when the night was due."""
    minute, hour = NIGHTLY.split()[:2]
    assert re.findall(r"--due (\S+)", "\n".join(LINES)) == [f"{int(hour):02}:{int(minute):02}"] * 3


def test_one_night_a_week_reads_all_rows() -> None:
    """On Sunday, at the same time; each day of the week has one line, which is otherwise the same."""
    assert (NIGHTLY.split()[:5], WEEKLY.split()[:5]) == (["30", "2", "*", "*", "1-6"], ["30", "2", "*", "*", "0"])
    assert WEEKLY.split()[5:] == NIGHTLY.replace(" --due", " --full --due").split()[5:]


def test_a_night_that_was_missed_is_caught_up_once_and_mails_nothing(daemon: Daemon, company: Company) -> None:
    """The machine was off; at its start the night is run, and not again at the next start.

    All that it needs is in the crontab: cron's environment is bare, the locale C; the files are its own.
    """
    with daemon.running(crontab(company, AT_START)):
        wait_until(lambda: company.runs("3_loaded"))
        wait_until(lambda: "published as of" in (company.folder.parent / "app/start.out").read_text())
    environment = (company.folder.parent / "environment").read_text()
    assert "PATH=/usr/local/bin:/usr/bin:/bin" in environment
    assert "LANG=" not in environment
    assert environment.splitlines()[-1] == "0077"
    out = company.folder.parent / "app/start.out"
    assert out.stat().st_mode & 0o77 == 0
    with daemon.running(crontab(company, AT_START)):
        wait_until(lambda: "No night is due" in out.read_text())
    assert len(company.runs("3_loaded")) == 1
    assert daemon.mails == ""


def test_a_failed_night_mails_the_end_of_what_it_said(daemon: Daemon, company: Company) -> None:
    """MAILTO's person reads the error and what to try."""
    company.query("SELECT 'é €' AS nonsense, nonsense")
    with daemon.running(crontab(company, AT_START)):
        wait_until(lambda: "nonsense" in daemon.mails)
    assert "To: root" in daemon.mails
    assert "Error: " in daemon.mails
    assert "Try: " in daemon.mails


def test_the_nightly_line_runs_at_its_minute(each_minute: Company | str) -> None:
    """Every minute in place of 02:30: a night is published, and those after it are not due."""
    if isinstance(each_minute, str):
        pytest.skip(each_minute)
    wait_until(lambda: each_minute.runs("3_loaded"))
    assert each_minute.published() == [(1, 10)]
