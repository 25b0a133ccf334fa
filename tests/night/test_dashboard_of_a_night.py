"""The dashboard at the end of a night: written where there is a report, and never a reason to fail."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.paths import ROOT
from etl import notices
from etl.core.errors import EtlError
from etl.dashboard.make import show
from tests.called import etl
from tests.night.company import Company

TRUST = """
[[measure]]
name = "Data as of"
meaning = "The oldest instant."
format = "yyyy-mm-dd hh:mm"
dax = "MIN('ETL Runs'[As of])"
of = "etl_runs"
sql = "MIN(as_of)"

[[measure]]
name = "All Tables of One Night"
meaning = "Whether there is one instant."
format = "General"
dax = "MIN('ETL Runs'[As of]) = MAX('ETL Runs'[As of])"
of = "etl_runs"
sql = "MIN(as_of) = MAX(as_of)"
"""
THINGS = """
[[measure]]
name = "Things"
meaning = "Things that there are."
format = "#,0"
dax = "COUNTROWS(Thing)"
of = "dim_thing"
sql = "COUNT(*)"
"""
PAGE = """
name = "Things"
title = "How many things there are"

[[visual]]
kind = "card"
title = "Things"
alt = "How many there are."
measures = ["Things"]
"""


def with_report(company: Company, measures: str = f'folder = "All"\n{TRUST}{THINGS}') -> Company:
    """Give the company a report of one page, beside its tables."""
    files = {"report.toml": 'title = "The shop"\n', "measures/all.toml": measures, "pages/1_things.toml": PAGE}
    for name, text in files.items():
        (company.folder / "powerbi" / name).parent.mkdir(parents=True, exist_ok=True)
        (company.folder / "powerbi" / name).write_text(text, encoding="utf-8")
    return company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Give a company of one small table."""
    return Company(tmp_path)


@dataclass
class Shown:
    """A company whose night has shown its report: what it said, and the dashboard of that time."""

    company: Company
    out: str
    file: Path
    drawn: str


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Run a night of a company with a report, which goes to a folder, and to an address that nobody knows."""
    company = with_report(Company(tmp_path_factory.mktemp("shown") / "company"))
    company.settings |= {"DASHBOARD_COPY_TO": str(company.folder), "DASHBOARD_MAIL_TO": "nobody://here"}
    done = company.night()
    assert done.returncode == 0, done.stderr
    file = company.data / "dashboard.html"
    return Shown(company, done.stdout, file, file.read_text(encoding="utf-8"))


@pytest.fixture
def shown(after_a_night: Shown) -> Iterator[Shown]:
    """Give that company; its report is mended afterwards."""
    yield after_a_night
    with_report(after_a_night.company)


def dashboard(company: Company, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return etl("dashboard", company.env, *options)


def test_a_night_ends_with_the_dashboard_of_what_it_published(shown: Shown) -> None:
    """It lies in the data folder, and the night says where."""
    assert str(shown.file) in shown.out
    assert '<dd class="value">11</dd>' in shown.drawn


def test_a_night_hands_the_dashboard_on(shown: Shown) -> None:
    """The copy is whole; who could not be told is in the night's last line, and what is published is published."""
    assert (shown.company.folder / "dashboard.html").read_text(encoding="utf-8") == shown.drawn
    assert "published as of" in shown.company.log()
    assert (
        "; the dashboard is written, but not everybody has it. Address 1 of DASHBOARD_MAIL_TO could not be notified:"
        " Apprise does not know such an address." in shown.company.log()
    )


def test_by_hand_a_dashboard_is_handed_on_to_somebody(shown: Shown) -> None:
    """Where no setting says to whom, it says which ones there are."""
    company = shown.company
    before = company.settings
    company.settings = {key: value for key, value in before.items() if not key.startswith("DASHBOARD_")}
    done = dashboard(company, "--hand-on")
    company.settings = before
    assert done.returncode == 2
    assert "neither DASHBOARD_COPY_TO nor DASHBOARD_MAIL_TO is set." in done.stderr


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # which Apprise imports
@pytest.mark.parametrize(
    ("addresses", "code", "said"),
    [
        ("json://127.0.0.1:9/", 1, "everybody has it. Address 1 of DASHBOARD_MAIL_TO (JSON) could not be notified."),
        ("nobody://here json://127.0.0.1:9/", 2, "such an address. Address 2 of DASHBOARD_MAIL_TO (JSON) could not be"),
    ],
)
def test_a_server_that_is_away_is_no_fault_of_the_settings(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, addresses: str, code: int, said: str
) -> None:
    """By hand, too: it may be there the next time. An address that is none stays one."""
    monkeypatch.setattr(notices, "_TIMES", 1)
    monkeypatch.setitem(shown.company.settings, "DASHBOARD_MAIL_TO", addresses)
    with pytest.raises(EtlError, match=re.escape(said)) as caught:
        show(shown.company.env, None, from_star=False, hand_on=True)
    assert (caught.value.exit_code, caught.value.transient) == (code, code == 1)


def test_a_faulty_report_is_a_warning_and_the_last_dashboard_stays(shown: Shown) -> None:
    """What is published is published; the log says what is to be mended, and the command draws it when that is done."""
    company = with_report(shown.company, f'folder = "All"\n{TRUST}')
    company.rows(14, night=2)
    before = shown.file.read_bytes()
    os.utime(shown.file, (0, 0))  # it is of a night long ago
    done = company.night()
    assert done.returncode == 0
    assert "the dashboard could not be written, and stays as it was: page Things, visual “Things”" in company.log()
    assert "published as of" in company.last_line()
    assert "the dashboard stays as it was: page Things, visual “Things”" in company.last_line()
    assert str(shown.file) not in done.stdout
    assert shown.file.read_bytes() == before
    assert dashboard(with_report(company)).returncode == 0
    assert '<dd class="value">15</dd>' in shown.file.read_text(encoding="utf-8")


ENDLESS = "COUNT(*) + 0 * (SELECT SUM(hash(a.range) % 7 + hash(b.range) % 5) FROM range(300000) a, range(90000) b)"


def test_the_dashboard_of_a_killed_night_ends_with_it(company: Company) -> None:
    """It would go on, and might overwrite the one of a later night."""
    with_report(company, f'folder = "All"\n{TRUST}{THINGS.replace("COUNT(*)", ENDLESS)}')
    command, file = company.command(), str(company.folder / "company.env").encode()

    def drawing() -> list[Path]:
        lines = {process: _read(process) for process in Path("/proc").glob("[0-9]*/cmdline")}
        return [process for process, line in lines.items() if b"\0dashboard\0" in line and file in line]

    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as night:
        _until(lambda: bool(drawing()) or night.poll() is not None)
        assert len(drawing()) == 1
        night.kill()
    _until(lambda: not drawing())


def _until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_a_company_without_a_report_has_no_dashboard(company: Company) -> None:
    """And no warning; the command says what is missing."""
    assert company.night().returncode == 0
    assert "dashboard" not in company.log()
    assert not (company.data / "dashboard.html").exists()
    done = dashboard(company)
    assert done.returncode == 2
    assert "There is no report in" in done.stderr


def test_nothing_published_is_a_sentence(company: Company) -> None:
    """Before the first night there is nothing to show."""
    done = dashboard(with_report(company))
    assert done.returncode == 1
    assert "Nothing is published" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_without_the_measures_of_trust_is_refused(shown: Shown) -> None:
    """Each page says as of when it is, and whether it is of one night."""
    done = dashboard(with_report(shown.company, f'folder = "All"\n{THINGS}'))
    assert done.returncode == 1
    assert "there is no measure [Data as of]" in done.stderr


def test_what_is_not_published_has_a_file_and_an_alarm_of_its_own(shown: Shown) -> None:
    """Nobody takes the star's figures for what everybody sees."""
    before = shown.file.read_bytes()
    done = dashboard(shown.company, "--from-star")
    assert done.returncode == 0, done.stderr
    assert shown.file.read_bytes() == before
    unpublished = shown.file.with_name("dashboard-unpublished.html").read_text(encoding="utf-8")
    assert 'role="alert">Not published' in unpublished
    assert "Not published" not in shown.drawn


@pytest.mark.parametrize("target", ["/dev/null", "{folder}", "{folder}/nowhere/d.html"])
def test_a_place_that_is_none_is_refused(shown: Shown, target: str) -> None:
    """A device is not replaced by a file; the sentence names what was given."""
    given = target.format(folder=shown.company.folder)
    done = dashboard(shown.company, "--output", given)
    assert done.returncode == 2
    assert str(Path(given).parent) in done.stderr
    assert Path("/dev/null").is_char_device()


def test_a_dashboard_for_others_is_for_others(shown: Shown, tmp_path: Path) -> None:
    """Through a link, and with the permissions that the umask gives; the one in the data folder is the owner's."""
    (tmp_path / "link.html").symlink_to(tmp_path / "shared.html")
    assert dashboard(shown.company, "--output", str(tmp_path / "link.html")).returncode == 0
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "shared.html").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (tmp_path / "link.html").is_symlink()
    assert shown.file.stat().st_mode & 0o777 == 0o600


def test_a_wrong_measure_is_told_with_its_place(shown: Shown) -> None:
    """The fault is the report's, and not the warehouse's."""
    for sql, told in (("COUNT(thinq)", "thinq"), ("1.0::DOUBLE / 0", "[Things] is inf.")):
        done = dashboard(with_report(shown.company, f'folder = "All"\n{TRUST}{THINGS.replace("COUNT(*)", sql)}'))
        assert done.returncode == 1
        assert "Error: page Things, visual “Things”: " in done.stderr
        assert told in done.stderr


def test_why_of_a_measure_goes_down_to_the_queries(after_a_night: Shown) -> None:
    """Its value now, its formulas, and through tables to the source; however it is typed."""
    done = etl("why", after_a_night.company.env, "[things]")  # without brackets it is the query
    assert done.returncode == 0, done.stderr
    assert "[Things]: Things that there are." in done.stdout
    assert re.search(r"Over all that is published: \d+\n", done.stdout)
    assert "In SQL over dim_thing: COUNT(*)" in done.stdout
    assert re.search(r"dim_thing \(\d+ rows, as of 2", done.stdout)
    assert re.search(r"query things \(\d+ rows of source shop\)", done.stdout)
    assert "On pages: Things. Part of: no other measure." in done.stdout
    guessed = etl("why", after_a_night.company.env, "Thingz")
    assert (guessed.returncode, "Did you mean" in guessed.stderr) == (2, True)


def test_why_says_of_a_star_that_is_newer_that_it_is_not_published(after_a_night: Shown) -> None:
    """A measure's lineage is that of its value, which is published; a table's rows are told as what they would be."""
    company = after_a_night.company
    company.rows(60)
    for script, more in (("SQLDownloadMain.py", ("--accept", "things:grew=60")), ("TablesTransformMain.py", ())):
        done = company.ended([sys.executable, str(ROOT / script), "--env", str(company.env), *more])
        assert done.returncode == 0, done.stderr
    published, newer = company.runs("3_loaded")[-1], company.runs("2_star")[-1]
    told = etl("why", company.env, "[things]").stdout
    assert re.search(rf"Lineage of \[Things\] in star \S+, which is published; star {newer} is\s+not", told)
    assert "dim_thing (61 rows" not in told
    table = etl("why", company.env, "dim_thing").stdout
    assert f"Not published: run {published} published star" in table
    assert re.search(r"= 61 │ to be published, and not published", table)
