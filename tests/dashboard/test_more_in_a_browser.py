"""Tables that are longer than their box, in a real Chromium: it is seen that there is more, and paper has all of it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from etl.company import pages
from etl.company.measure import Measure
from tests.dashboard.browser import opened, opened_to_ask
from tests.dashboard.small import written
from tests.report.small_star import DAYS, Rows

SHOPS = 60
MEASURES = [Measure(name="Amount", of="fact_sale", sum="amount", format="#,0.00", folder="All", meaning="A figure.")]
VISUALS = (
    pages.Visual(kind="table", title="Shops", alt="…", measures=("Amount",), by="dim_shop.shop_id", width=8),
    pages.Visual(kind="card", title="All", alt="…", measures=("Amount",), width=4),
    pages.Visual(kind="table", title="Months", alt="…", measures=("Amount",), by="dim_day.month", width=5),
    pages.Visual(kind="line", title="Line", alt="…", measures=("Amount",), by="dim_day.month", width=3),
    pages.Visual(kind="bar", title="Bars", alt="…", measures=("Amount",), by="dim_day.month", width=4),
)
PAGE = pages.Page(name="Sales", title="Sales", slicers=("dim_day.month",), visual=VISUALS)


def rows() -> Mapping[str, Rows]:
    """Give a sale in each of many shops, one of them in March."""
    shops: Rows = [{"shop_key": n, "shop_id": n} for n in range(1, SHOPS + 1)]
    sales: Rows = [
        {"sale_id": n, "day_key": 3 if n == 1 else 1, "shop_key": n, "amount": Decimal(n)} for n in range(1, SHOPS + 1)
    ]
    return {"dim_day": DAYS, "dim_shop": shops, "fact_sale": sales}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the dashboard."""
    return written(tmp_path_factory.mktemp("more") / "dashboard.html", [PAGE], MEASURES, rows())


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give it opened; its console stays silent."""
    with opened_to_ask(browser, file, viewport={"width": 1280, "height": 900}) as page:
        yield page


def seen_rows(page: Page) -> int:
    """Count the rows of the long table that end within its box."""
    count: int = page.locator("[data-visual='sales_1'] .scroll").evaluate(
        """(box) => [...box.querySelectorAll("tbody tr")]
          .filter((row) => row.getBoundingClientRect().bottom <= box.getBoundingClientRect().bottom + 1).length"""
    )
    return count


def test_a_table_says_how_many_rows_its_box_does_not_show(page: Page) -> None:
    """Under it, on a button that a keyboard reaches, and that shows them all, and the box again."""
    table = page.locator("[data-visual='sales_1']")
    button = table.locator(".more_rows")
    expect(button).to_have_text(f"… {SHOPS - seen_rows(page)} more rows")
    assert 5 < seen_rows(page) < SHOPS - 5
    table.locator(".scroll").focus()
    page.keyboard.press("Shift+Tab")
    while button.evaluate("button => button !== document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(button).to_have_text("Fewer rows")
    assert button.get_attribute("aria-expanded") == "true"
    assert seen_rows(page) == SHOPS
    page.keyboard.press("Enter")
    expect(button).to_have_text(f"… {SHOPS - seen_rows(page)} more rows")


def test_the_edge_of_a_box_shows_that_there_is_more_until_its_end(page: Page) -> None:
    """By a shadow; in a palette that has none, by a line."""
    box = page.locator("[data-visual='sales_1'] .scroll")
    shadow = "box => getComputedStyle(box).boxShadow"
    expect(box).to_have_class("scroll below")
    assert "inset" in box.evaluate(shadow)
    box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
    expect(box).to_have_class("scroll")
    assert box.evaluate(shadow) == "none"
    box.evaluate("box => { box.scrollTop = 0; }")
    page.emulate_media(forced_colors="active")
    assert box.evaluate("box => getComputedStyle(box).borderBottomStyle") == "double"


def test_a_table_that_is_seen_whole_says_nothing(page: Page) -> None:
    """One of few rows, and one of many under a choice that leaves few, or a search."""
    expect(page.locator("[data-visual='sales_3'] .more_rows")).to_be_hidden()
    button = page.locator("[data-visual='sales_1'] .more_rows")
    expect(button).to_be_visible()
    page.evaluate("State.change({ chosen: { 0: [1] } })")
    expect(button).to_be_hidden()
    page.evaluate("State.change({ chosen: {} })")
    expect(button).to_be_visible()
    page.get_by_role("searchbox", name="Search Shops").fill("17")
    expect(button).to_be_hidden()


def test_a_table_that_is_too_wide_shows_that_there_is_more_beside(browser: Browser, file: Path) -> None:
    """At its right edge."""
    with opened(browser, file, viewport={"width": 700, "height": 900}) as (page, _, _):
        page.locator("html.asked").wait_for()
        box = page.locator("[data-visual='sales_1'] .scroll")
        expect(box).to_have_class("scroll below")
        box.locator("table").evaluate("table => { table.style.width = '60rem'; }")
        expect(box).to_have_class("scroll below beside")


@pytest.mark.parametrize("given", [{}, {"java_script_enabled": False}])
def test_paper_has_every_row(browser: Browser, file: Path, given: Mapping[str, Any]) -> None:
    """In no box, with no button; so has a screen of who runs no scripts."""
    with opened(browser, file, viewport={"width": 1280, "height": 900}, **given) as (page, _, _):
        if not given:
            page.locator("html.asked").wait_for()
            expect(page.locator("[data-visual='sales_1'] .more_rows")).to_be_visible()
            page.emulate_media(media="print")
        assert page.locator(".more_rows:visible").count() == 0
        assert seen_rows(page) == SHOPS
        assert page.locator("[data-visual='sales_1'] .scroll").evaluate("box => box.scrollHeight <= box.clientHeight")


def test_a_head_is_repeated_on_each_sheet(page: Page) -> None:
    """Chromium repeats none that has a button in it: on paper the heads of columns are texts."""
    heads = page.locator("[data-visual='sales_1'] thead .sort")
    box = "all => all.map((each) => getComputedStyle(each).display)"
    assert heads.evaluate_all(box) == ["inline-block", "inline-block"]
    page.emulate_media(media="print")
    assert heads.evaluate_all(box) == ["contents", "contents"]
    assert page.locator("[data-visual='sales_1'] thead").inner_text().split() == ["Shop", "ID", "Amount"]


def test_paper_has_no_holes_beside_what_is_narrow(page: Page) -> None:
    """A table has the sheet's whole width; whatever stands beside it on a screen fills its own row."""
    page.emulate_media(media="print")
    boxes = page.locator("article").evaluate_all(
        """all => all.map((each) => {
          const box = each.getBoundingClientRect(), around = each.parentElement.getBoundingClientRect();
          return [Math.round(box.top), box.left - around.left, around.right - box.right];
        })"""
    )
    lines: dict[int, list[tuple[float, float]]] = {}
    for top, before, behind in boxes:
        lines.setdefault(top, []).append((before, behind))
    assert [len(line) for line in lines.values()] == [1, 1, 1, 2]
    for line in lines.values():
        assert line[0][0] == pytest.approx(0, abs=1)
        assert line[-1][1] == pytest.approx(0, abs=1)
