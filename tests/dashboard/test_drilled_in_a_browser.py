"""Drilling down in a real Chromium: every figure below a member is that member's, and there is a way back."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from etl.dashboard.formats import shown
from etl.dashboard.html import html
from tests.dashboard.asking import CHANNEL, CHANNELS, REGION, REGIONS, YEAR, Chosen, asked, by, by_month
from tests.dashboard.browser import opened, opened_to_ask

MONEY = '"€"#,0.00'


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the small company."""
    file = tmp_path_factory.mktemp("drilled") / "dashboard.html"
    file.write_text(html(asked()), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def open_page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give the opened page, whose console must have stayed silent."""
    with opened_to_ask(browser, file, viewport={"width": 1280, "height": 900}) as page:
        yield page


@pytest.fixture
def page(open_page: Page) -> Page:
    """Give it with nothing chosen, on its first page, and no table open."""
    open_page.evaluate("document.querySelectorAll('.instead[open]').forEach((each) => { each.open = false; })")
    open_page.evaluate("State.change({ page: 'sales', chosen: {}, months: null, drill: {} })")
    return open_page


@pytest.fixture
def channels(page: Page) -> Locator:
    """Give the chart of channels, which lead to regions, and these to months."""
    return page.locator('[data-visual="sales_2"]')


def rows(visual: Locator) -> list[list[str | None]]:
    """Read the rows of a visual's table."""
    visual.evaluate("article => article.fill?.()")
    return visual.locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )


def regions(chosen: Chosen) -> list[list[str]]:
    """Compute what the regions are to show."""
    return [[str(row[0]), shown(row[1], MONEY)] for row in by(REGION, REGIONS)(chosen)]


def down(visual: Locator, member: str, level: str) -> None:
    """Drill down with the native controls."""
    visual.get_by_label(f"Whose {level} to show").select_option(label=member)
    visual.get_by_role("button", name=f"Down to {level}").press("Enter")


def test_below_each_member_are_its_own_figures(channels: Locator) -> None:
    """On each level below; the path says where one is, and leads back to each level above."""
    for number, channel in enumerate(CHANNELS):
        down(channels, channel, "Region")
        assert channels.get_by_role("status").and_(channels.locator(".level")).text_content() == f"{channel}, by Region"
        assert rows(channels) == regions({CHANNEL: number})
        for region in (regions({CHANNEL: number})[0][0], regions({CHANNEL: number})[-1][0]):
            down(channels, region, "Month")
            chosen = {CHANNEL: number, REGION: REGIONS.index(region)}
            assert rows(channels) == [[str(label), shown(value, MONEY)] for label, value in by_month(chosen)]
            expect(channels.get_by_role("button", name="Down to")).to_be_hidden()
            channels.get_by_role("button", name=f"Back to {channel}").click()
        channels.get_by_role("button", name="Back to Channel").click()
    assert rows(channels) == [[str(row[0]), shown(row[1], MONEY)] for row in by(CHANNEL, CHANNELS)({})]


def test_choices_apply_to_what_is_drilled_down_to(page: Page, channels: Locator) -> None:
    """All but one of the axis itself, whose members stay, marked; the table has a new heading, sorts, and gives CSV."""
    down(channels, "Web", "Region")
    page.get_by_role("combobox", name="Year").locator("visible=true").select_option(label="2026")
    page.get_by_role("combobox", name="Region").locator("visible=true").select_option(label="Region H")
    expected = regions({CHANNEL: 2, YEAR: 1})
    assert rows(channels) == expected
    channels.locator("summary", has_text="Table").click()
    assert channels.get_by_role("button", name="Region H").get_attribute("aria-pressed") == "true"
    heading = channels.get_by_role("columnheader", name="Region").get_by_role("button")
    heading.click()
    assert rows(channels) == sorted(expected)
    with page.expect_download() as download:
        channels.get_by_role("button", name="Save as CSV").click()
    written = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert written[0] == ["Region", "Revenue"]
    assert len(written) == 1 + len(expected)
    heading.click(click_count=2)


def test_the_address_has_the_way_down(page: Page, channels: Locator, browser: Browser, file: Path) -> None:
    """A link shows the same to somebody else; Back undoes a step; reset takes the whole way back."""
    down(channels, "Team & co", "Region")
    down(channels, "=1+1", "Month")
    with opened(browser, file, page.url.partition("#")[2]) as (other, _, said):
        visual = other.locator('[data-visual="sales_2"]')
        assert visual.locator(".level").text_content() == "=1+1, by Month"
        assert rows(visual) == rows(channels)
        assert said == []
    page.go_back()
    expect(channels.locator(".level")).to_have_text("Team & co, by Region")
    page.get_by_role("button", name="Reset").click()
    assert channels.locator(".level").text_content() == ""
    assert page.url.endswith("#sales")


@pytest.mark.parametrize("drill", ["sales_2/Fax", "sales_2/Web/Region A/2025-01", "plan_2/Region A", "sales_1/Web", ""])
def test_a_link_down_to_what_is_not_there_says_so(page: Page, drill: str) -> None:
    """And shows the whole."""
    state = page.evaluate("drill => State.read(`sales?${new URLSearchParams({ drill })}`)", drill)
    assert state["drill"] == {}
    (fault,) = state["faults"]
    assert "of which there are no data" in fault


def test_two_clicks_on_a_bar_lead_down_and_choose_nothing(page: Page, channels: Locator) -> None:
    """One click chooses, as it does elsewhere; Back leads to where one was before both."""
    label = channels.locator(".chart svg text", has_text="Web")
    box, place = channels.locator(".chart").bounding_box(), label.bounding_box()
    assert box
    assert place
    page.mouse.dblclick(box["x"] + box["width"] / 3, place["y"] + place["height"] / 2)
    assert channels.locator(".level").text_content() == "Web, by Region"
    assert page.locator("#sales .chosen").text_content() == "All data: nothing is filtered."
    page.go_back()
    expect(channels.locator(".level")).to_have_text("")
    assert page.locator("#sales .chosen").text_content() == "All data: nothing is filtered."


def test_enter_leads_down_and_the_focus_stays_on_the_way(page: Page, channels: Locator) -> None:
    """Twice on a row that one Enter chooses, once on a row of a page that it is no slicer of."""
    channels.locator("summary", has_text="Table").click()
    channels.get_by_role("button", name="Web", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert channels.locator(".level").text_content() == "Web, by Region"
    assert page.locator(":focus").text_content() == "Down to Month"
    page.get_by_role("tab", name="Plan").click()
    table = page.locator('[data-visual="plan_2"]')
    table.get_by_role("button", name="Region C", exact=True).press("Enter")
    assert table.locator(".level").text_content() == "Region C, by Channel"
    expected = by(CHANNEL, CHANNELS)({REGION: 2})
    assert rows(table) == [[str(row[0]), shown(row[1], MONEY), shown(row[2], "#,0")] for row in expected]
    assert page.locator(":focus").get_attribute("aria-label") == "Back to Region"
    page.keyboard.press("Enter")
    assert table.locator(".level").text_content() == ""
    assert page.locator(":focus").text_content() == "Down to Channel"
