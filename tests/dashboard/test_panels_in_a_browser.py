"""Charts of panels in a real Chromium: each is of its member, however that is spelled; a fault stays where it is."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from etl.company import pages
from etl.company.measure import Measure
from etl.dashboard import data as dashboard_data
from tests.dashboard.browser import opened
from tests.dashboard.small import written
from tests.report.small_star import Rows

SAID = {"folder": "All", "meaning": "A figure."}
MEASURES = [
    Measure(name="Amount", of="fact_sale", sum="amount", format="#,0.00", **SAID),
    Measure(name="Shops", of="dim_shop", count=True, format="#,0", **SAID),
]
REGIONS = ("north", "South", "NORTH", "007", "1E3", "7E99999999", "+49")
VISUALS = (
    pages.Visual(
        kind="line", title="By region", alt="…", measures=("Amount",), by="dim_day.month", panels="dim_shop.region"
    ),
    pages.Visual(kind="table", title="Regions", alt="…", measures=("Amount",), by="dim_shop.region"),
    pages.Visual(kind="card", title="All", alt="…", measures=("Amount", "Shops")),
)
PAGE = pages.Page(name="Sales", title="Sales", slicers=("dim_shop.region",), visual=VISUALS)
SEEN = """() => [...document.querySelectorAll(".panel")].filter((panel) => !panel.hidden && panel.offsetParent)
  .map((panel) => [panel.querySelector("h4").textContent,
    [...panel.querySelectorAll("tbody td")].map((cell) => cell.textContent)])"""
REGION = "State.data.slicers[0].members.findIndex((name) => name.toLowerCase() === 'north')"


def rows() -> Mapping[str, Rows]:
    """Give shops in regions, a sale in January of each but the last spelling of the north, and one in March."""
    shops = [{"shop_key": n, "shop_id": n, "region": region, "is_open": True} for n, region in enumerate(REGIONS, 1)]
    days = [{"day_key": n, "day": dt.date(2026, n, 1), "month": n} for n in (1, 3)]
    sold = [(n, 1) for n in range(1, 8) if n != 3] + [(2, 3)]
    sales = [
        {"sale_id": at, "day_key": day, "shop_key": shop, "amount": Decimal(100 * shop + day)}
        for at, (shop, day) in enumerate(sold, 1)
    ]
    return {"dim_shop": shops, "dim_day": days, "fact_sale": sales}


@contextmanager
def shown(browser: Browser, folder: Path, spoiled: str = "") -> Iterator[tuple[Page, list[str]]]:
    """Open the page of these rows, its tables unfolded; gives what its console says. spoiled: run before it begins."""
    file = written(folder / "dashboard.html", [PAGE], MEASURES, rows())
    with opened(browser, file, java_script_enabled=True) as (page, _, said):
        page.locator("html.asked").wait_for()
        page.evaluate("document.querySelectorAll('.instead').forEach((each) => { each.open = true; })")
        if spoiled:
            page.evaluate(f"({spoiled})(Tables.show)")
        yield page, said


def test_each_panel_is_of_its_member(browser: Browser, tmp_path: Path) -> None:
    """Whichever spelling it has, that of its sales or another one. A text of digits is a name, and stays as it is."""
    with shown(browser, tmp_path) as (page, said):
        seen = {name.upper(): values for name, values in page.evaluate(SEEN)}
        assert seen == {
            "SOUTH": ["201.00", "203.00"],
            "NORTH": ["101.00"],
            **{REGIONS[n - 1]: [f"{100 * n + 1:.2f}"] for n in range(4, 8)},
        }
        names = page.locator("article.table tbody th").all_text_contents()
        assert {name.upper() for name in names} == {*seen}
        assert {*page.locator("select option").all_text_contents()} >= {*REGIONS[3:]}
        page.evaluate(f"State.pick(0, [{REGION}])")
        ((name, values),) = page.evaluate(SEEN)
        assert (name.upper(), values) == ("NORTH", ["101.00"])
        assert said == []


def test_panels_of_too_many_rows_stand_as_they_are_written(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a choice they say that it has to be taken back, and show no number of another one."""
    monkeypatch.setattr(dashboard_data, "_LEVELS", ((2, 0),))
    with shown(browser, tmp_path) as (page, said):
        assert len(page.evaluate(SEEN)) == 6
        page.evaluate("State.change({ chosen: { 0: [0] } })")
        assert page.evaluate(SEEN) == []
        assert "Take the choices back" in page.locator("article.line > .nothing").text_content()
        page.evaluate("State.change({ chosen: {} })")
        assert len(page.evaluate(SEEN)) == 6
        assert said == []


def test_a_fault_in_one_visual_is_told_there_and_stays_there(browser: Browser, tmp_path: Path) -> None:
    """The others answer; the console has the fault, and what was shown before does not stand under the new choice."""
    spoiled = """(show) => {
      Tables.show = (at, ...more) => { if (at.matches(".table")) throw new Error("spoiled"); show(at, ...more); };
    }"""
    with shown(browser, tmp_path, spoiled) as (page, said):
        page.evaluate(f"State.pick(0, [{REGION}])")
        assert page.locator("article.card .value").first.text_content() == "101.00"
        assert page.locator("article.table .failure").is_visible()
        assert page.locator("article.table tbody").is_hidden()
        assert ["spoiled" in line for line in said] == [True]
