"""Links into the dashboard in a real Chromium: each page has one of its own, and one that leads nowhere says so."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from etl.dashboard.html import html
from etl.dashboard.picture import Picture
from etl.dashboard.slicers import _keys
from tests.dashboard.asking import CHANNEL, YEAR, asked
from tests.dashboard.browser import opened, opened_to_ask
from tests.dashboard.test_asked_in_a_browser import figures_of

NAMED = {
    "Sales": "sales",
    "2026": "2026",
    "2025": "2025",
    "Data": "data",
    "List": "list",
    "Tabs": "tabs",
    "Income 2": "income-2",
    "Income": "income",
    "Income!": "income-3",
    "Доход": "page-10",
    "Page": "page",
}
"""Pages, and what links call them."""


def booklet() -> Picture:
    """Make a picture of the small company with a page of each name."""
    one = asked()
    data = dict(one.data or {})
    count = len(NAMED)
    data |= {key: data[key][:1] * count for key in ("pages", "visuals")}
    return replace(
        one, pages=tuple(replace(one.pages[0], name=name, title=f"All of {name}") for name in NAMED), data=data
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give its file."""
    file = tmp_path_factory.mktemp("links") / "dashboard.html"
    file.write_text(html(booklet()), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give it opened; its console stays silent."""
    with opened_to_ask(browser, file) as page:
        yield page


def test_the_first_page_is_shown_first_whatever_the_others_are_called(page: Page) -> None:
    """A name that is a number does not come first, as it would among the keys of an object of JavaScript."""
    page.evaluate("location.hash = ''")
    expect(page.get_by_role("heading", level=2)).to_have_text("All of Sales")


@pytest.mark.parametrize("name", NAMED)
def test_each_page_has_a_link_of_its_own(page: Page, name: str) -> None:
    """By its name, if it has letters or digits; a number tells it from one of the same letters."""
    page.evaluate(f"location.hash = '{NAMED[name]}?channel=Web'")
    expect(page.get_by_role("heading", level=2)).to_have_text(f"All of {name}")
    tab = page.get_by_role("tab", selected=True)
    assert (tab.text_content(), tab.get_attribute("href")) == (name, f"#{NAMED[name]}?channel=Web")
    assert page.locator(f"[id='{NAMED[name]}'] .value").all_text_contents() == figures_of({CHANNEL: 2})


def test_no_id_is_taken_twice(page: Page) -> None:
    """Whatever pages are called: what labels and links lead to is one thing."""
    ids = page.locator("[id]").evaluate_all("all => all.map((each) => each.id)")
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert len(ids) > len(NAMED)


def test_each_page_is_a_sheet_of_its_own_whatever_it_is_called(page: Page) -> None:
    """A rule for an id that begins with a digit would be dropped."""
    sheets = page.evaluate("[...document.querySelectorAll('.page')].map((each) => getComputedStyle(each).page)")
    assert sheets == [f"sheet_{number}" for number, _ in enumerate(NAMED, 1)]


@pytest.mark.parametrize("link", ["nosuch", "no%20such", "100%", "__proto__", "income-4", "2027"])
def test_a_link_to_a_page_that_is_not_there_says_so(browser: Browser, file: Path, link: str) -> None:
    """And shows the first one under the choices that the link asks for; the next choice takes the sentence away."""
    with opened(browser, file, f"{link}?year=2026") as (page, _, said):
        page.locator("html.asked").wait_for()
        assert page.get_by_role("heading", level=2).all_text_contents() == ["All of Sales"]
        faults = page.locator("#sales .faults")
        called = link.replace("%20", " ")
        assert faults.text_content() == (
            f"The link leads to the page “{called}”, which this report does not have: this is its first page."
        )
        assert faults.get_attribute("role") == "status"
        assert page.locator("#sales .value").all_text_contents() == figures_of({YEAR: 1})
        page.evaluate(f"State.pick({YEAR}, [])")
        assert faults.is_hidden()
        assert said == []


def test_each_slicer_has_a_name_of_its_own_in_links() -> None:
    """By its column; by its table, too, where another one has that name, or the address needs it itself."""
    assert _keys(["dim_shop.shop_name", "dim_day.year", "fact_sale.kind", "dim_sale.kind", "dim_a.drill"]) == {
        "dim_shop.shop_name": "shop",
        "dim_day.year": "year",
        "fact_sale.kind": "fact_sale.kind",
        "dim_sale.kind": "dim_sale.kind",
        "dim_a.drill": "a_drill",
    }
