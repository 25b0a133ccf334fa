"""The dashboard at the end of a night: written where there is a report, and never a reason to fail."""

import os
import subprocess
from pathlib import Path

import pytest

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


def test_a_night_ends_with_the_dashboard_of_what_it_published(company: Company) -> None:
    """It lies in the data folder, and the night says where; the next night writes it anew."""
    file = with_report(company).data / "dashboard.html"
    done = company.night()
    assert done.returncode == 0, done.stderr
    assert str(file) in done.stdout
    assert '<dd class="value">11</dd>' in file.read_text(encoding="utf-8")
    company.rows(14, night=2)
    assert company.night().returncode == 0
    assert '<dd class="value">15</dd>' in file.read_text(encoding="utf-8")


def test_a_faulty_report_is_a_warning_and_the_last_dashboard_stays(company: Company) -> None:
    """What is published is published; the log says what is to be mended."""
    file = with_report(company).data / "dashboard.html"
    assert company.night().returncode == 0
    before = file.read_bytes()
    with_report(company, f'folder = "All"\n{TRUST}')
    company.rows(14, night=2)
    done = company.night()
    assert done.returncode == 0
    assert "the dashboard could not be written, and stays as it was: page Things, visual “Things”" in company.log()
    assert "published as of" in company.last_line()
    assert "the dashboard stays as it was: page Things, visual “Things”" in company.last_line()
    assert str(file) not in done.stdout
    assert file.read_bytes() == before


def test_a_company_without_a_report_has_no_dashboard(company: Company) -> None:
    """And no warning; the command says what is missing."""
    assert company.night().returncode == 0
    assert "dashboard" not in company.log()
    assert not (company.data / "dashboard.html").exists()
    command = company.command()
    done = company.ended([*command[:3], "dashboard", *command[4:]])
    assert done.returncode == 2
    assert "There is no report in" in done.stderr


def test_nothing_published_is_a_sentence(company: Company) -> None:
    """Before the first night there is nothing to show."""
    command = with_report(company).command()
    done = company.ended([*command[:3], "dashboard", *command[4:]])
    assert done.returncode == 1
    assert "Nothing is published" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_without_the_measures_of_trust_is_refused(company: Company) -> None:
    """Each page says as of when it is, and whether it is of one night."""
    assert with_report(company, f'folder = "All"\n{THINGS}').night().returncode == 0
    assert "there is no measure [Data as of]" in company.log()


def dashboard(company: Company, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = company.command()
    return company.ended([*command[:3], "dashboard", *command[4:], *options])


def test_what_is_not_published_has_a_file_and_an_alarm_of_its_own(company: Company) -> None:
    """Nobody takes the star's figures for what everybody sees."""
    assert with_report(company).night().returncode == 0
    before = (company.data / "dashboard.html").read_bytes()
    done = dashboard(company, "--from-star")
    assert done.returncode == 0, done.stderr
    assert (company.data / "dashboard.html").read_bytes() == before
    unpublished = (company.data / "dashboard-unpublished.html").read_text(encoding="utf-8")
    assert 'role="alert">Not published' in unpublished
    assert b"Not published" not in before


@pytest.mark.parametrize("target", ["/dev/null", "{folder}", "{folder}/nowhere/d.html"])
def test_a_place_that_is_none_is_refused(company: Company, target: str) -> None:
    """A device is not replaced by a file; the sentence names what was given."""
    assert with_report(company).night().returncode == 0
    given = target.format(folder=company.folder)
    done = dashboard(company, "--output", given)
    assert done.returncode == 2
    assert str(Path(given).parent) in done.stderr
    assert Path("/dev/null").is_char_device()


def test_a_dashboard_for_others_is_for_others(company: Company) -> None:
    """Through a link, and with the permissions that the umask gives; the one in the data folder is the owner's."""
    assert with_report(company).night().returncode == 0
    (company.folder / "link.html").symlink_to(company.folder / "shared.html")
    assert dashboard(company, "--output", str(company.folder / "link.html")).returncode == 0
    mask = os.umask(0)
    os.umask(mask)
    assert (company.folder / "shared.html").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (company.folder / "link.html").is_symlink()
    assert (company.data / "dashboard.html").stat().st_mode & 0o777 == 0o600


def test_a_wrong_measure_is_told_with_its_place(company: Company) -> None:
    """The fault is the report's, and not the warehouse's."""
    assert company.night().returncode == 0
    done = dashboard(with_report(company, f'folder = "All"\n{TRUST}{THINGS.replace("COUNT(*)", "COUNT(thinq)")}'))
    assert done.returncode == 1
    assert "Error: page Things, visual “Things”: " in done.stderr
    assert "thinq" in done.stderr
    done = dashboard(with_report(company, f'folder = "All"\n{TRUST}{THINGS.replace("COUNT(*)", "1.0::DOUBLE / 0")}'))
    assert "“Things”: [Things] is inf." in done.stderr
