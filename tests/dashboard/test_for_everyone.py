"""The dashboard in a real Chromium, for who has no mouse, does not see it, or runs no scripts."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.dashboard.browser import opened
from tests.dashboard.pictures import ANCHORS, PICTURE


def test_a_table_stands_where_its_chart_was(page: Page) -> None:
    """Who opens the table sees it in the chart's place, and the chart again when it is closed."""
    first = page.locator("article.line")
    assert first.locator("table").is_hidden()
    first.locator("summary").press("Enter")
    assert first.locator("table").is_visible()
    assert first.locator(".chart").is_hidden()
    first.locator("summary").press("Enter")
    assert first.locator(".chart svg").is_visible()


def test_tabs_obey_the_keyboard(page: Page) -> None:
    """One stop of the Tab key, then arrows, Home and End, as in any list of tabs."""
    income, clients = page.get_by_role("tab").all()
    page.keyboard.press("Tab")
    states = [(income.get_attribute("aria-selected"), clients.get_attribute("aria-selected"))]
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"):
        page.keyboard.press(key)
        assert page.locator(":focus").get_attribute("aria-selected") == "true"
        states.append((income.get_attribute("aria-selected"), clients.get_attribute("aria-selected")))
    on, off = ("true", "false"), ("false", "true")
    assert states == [on, off, on, off, on, off]
    assert page.get_by_role("tabpanel").count() == 1
    assert page.get_by_role("tabpanel", name="Clients").is_visible()
    page.keyboard.press("Tab")
    assert page.locator(":focus").evaluate("element => element.closest('.page')?.id") == "clients"


def test_a_page_can_be_linked_to(page: Page, file: Path) -> None:
    """The address names the page that is shown; the browser's Back leads to the one before."""
    page.get_by_role("tab", name="Clients").click()
    assert page.url == f"{file.as_uri()}#clients"
    page.reload()
    assert page.get_by_role("heading", level=2).all_text_contents() == [PICTURE.pages[1].title]
    page.go_back()
    assert page.get_by_role("heading", level=2).all_text_contents() == [PICTURE.pages[0].title]
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_without_javascript_every_number_is_there(browser: Browser, file: Path) -> None:
    """All pages one after the other, with tables instead of charts, and tabs that are links."""
    with opened(browser, file, java_script_enabled=False) as (page, _, _):
        rows = sum(len(visual.rows) for each in PICTURE.pages for visual in each.visuals if visual.kind != "card")
        assert page.locator("tbody tr:visible").count() == rows
        assert page.locator(".value:visible").count() == 7
        assert page.locator("h2:visible").count() == 2
        assert page.locator(".chart:visible").count() == 0


@pytest.mark.parametrize("anchor", ANCHORS)
def test_the_rules_of_accessibility_are_kept(browser: Browser, file: Path, anchor: str) -> None:
    """axe-core has nothing to object to: names, roles, captions; contrast in the light and in the dark."""
    with opened(browser, file, anchor) as (page, _, _):
        faults = Axe().run(page).response["violations"]
        page.locator("summary:visible").evaluate_all("all => all.forEach((one) => one.click())")
        faults += Axe().run(page).response["violations"]
        page.emulate_media(color_scheme="dark")
        faults += Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in faults] == []


def test_charts_and_tables_tell_what_they_are(page: Page) -> None:
    """Who cannot see a chart hears what it shows, and has its table, with a caption and heads of rows and columns."""
    for anchor, each in zip(ANCHORS, PICTURE.pages, strict=True):
        page.get_by_role("tab", name=each.name).click()
        shown_here = [v for v in each.visuals if v.rows and v.kind in ("line", "column", "bar")]
        assert page.locator(f"#{anchor} .chart:visible").count() == len(shown_here)
        for visual in shown_here:
            assert page.get_by_role("img", name=visual.alt).count() == 1
            article = page.get_by_role("article", name=visual.title)
            article.locator("summary").click()
            table = article.get_by_role("table", name=visual.title)
            assert table.get_by_role("columnheader").count() == 1 + len(visual.series)
            assert table.get_by_role("rowheader").count() == len(visual.rows)
