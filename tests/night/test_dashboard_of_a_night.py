"""The dashboard at the end of a night: written where there is a report, and never a reason to fail."""

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
    assert company.night().returncode == 0
    assert "the dashboard could not be written, and stays as it was: page Things, visual “Things”" in company.log()
    assert "published as of" in company.last_line()
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
