"""The dashboard as the command writes it, in a browser: its figures are those of the published tables."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from config.paths import ROOT
from etl.company.report import read_report
from etl.dashboard.formats import shown
from etl.load.warehouse import Warehouse
from tests.dashboard.browser import opened
from tests.truth.kpis import KPIS
from tests.truth.night import COMPANIES, Company, Night, run

REPORT = read_report(ROOT / "powerbi")
MARKUP = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"


@pytest.fixture(scope="module")
def night(night_of: Callable[[Company], Night], duckdb_of: Callable[[Company], Warehouse]) -> Night:
    """Give a night that is published in DuckDB."""
    duckdb_of(COMPANIES[0])
    return night_of(COMPANIES[0])


def written(night: Night, target: Path, *options: str, **variables: str) -> Path:
    """Let the command write the dashboard."""
    env = str(night.folder / "duckdb.env")
    run("-m", "etl", "dashboard", "--env", env, "--output", str(target), *options, **variables)
    return target


def cards(page: Page) -> dict[str, str]:
    """Read the names and figures of all cards."""
    return dict(
        zip(page.locator(".card dt").all_text_contents(), page.locator(".value").all_text_contents(), strict=True)
    )


def tables(page: Page) -> Any:
    """Read all tables."""
    return page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def test_every_figure_is_what_sql_says(
    night: Night, browser: Browser, duckdb_of: Callable[[Company], Warehouse], tmp_path: Path
) -> None:
    """All cards of all pages, to the cent; the console stays silent, and nothing is asked for but the file."""
    expected = {
        name: shown(duckdb_of(COMPANIES[0]).read(sql).column(0)[0].as_py(), REPORT.measures[name].format)
        for name, sql in KPIS.items()
    }
    file = written(night, tmp_path / "dashboard.html")
    with opened(browser, file) as (page, asked, said):
        assert {name: figure.strip() for name, figure in cards(page).items()} == expected
        assert (said, set(asked)) == ([], {file.as_uri()})
    assert file.stat().st_size < 2_000_000


def test_the_star_has_the_same_figures_before_it_is_published(night: Night, browser: Browser, tmp_path: Path) -> None:
    """Offline, all is the same but the run, and when it was published, which it was not."""
    of_tables, of_star = (written(night, tmp_path / f"{n}.html", *o) for n, o in (("t", ()), ("s", ("--from-star",))))
    with opened(browser, of_tables) as (one, _, _), opened(browser, of_star) as (other, _, _):
        differing = {name for name, figure in cards(one).items() if cards(other)[name] != figure}
        assert differing == {"Last Published"}
        without = [[row[:5] for row in tables(page) if not row[0].endswith("Z")] for page in (one, other)]
        assert without[0] == without[1]


def test_a_client_whose_name_is_markup_is_shown_and_not_run(night: Night, browser: Browser, tmp_path: Path) -> None:
    """Whatever stands in the database is text."""
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(night.folder / "duckdb" / "warehouse.duckdb", copy)
    with duckdb.connect(copy) as connection:
        top = "SELECT client_key FROM fact_sales WHERE client_key > 0 GROUP BY 1 ORDER BY SUM(net_revenue) DESC LIMIT 1"
        connection.execute(f"UPDATE dim_client SET client_name = ? WHERE client_key = ({top})", [MARKUP])
    file = written(night, tmp_path / "dashboard.html", DUCKDB_FILE=str(copy))
    with opened(browser, file, "clients") as (page, _, said):
        assert page.get_by_role("rowheader").filter(has_text=MARKUP).count() == 1
        assert page.title() == REPORT.title
        assert page.locator("img").count() == 0
        assert said == []
