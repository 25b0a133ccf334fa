"""The dictionary in a browser: the star is read from a distance, and the search finds what things mean."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from config.paths import ROOT, SAMPLE_SETTINGS
from etl.docs.anchors import anchor_of
from tests.dashboard.browser import browser, opened
from tests.docs import shop

__all__ = ["browser"]

FILE = ROOT / "docs" / "dictionary.html"
DRAWN = """svg => [...svg.querySelectorAll('text')].map(text => {
    const drawn = text.getBoundingClientRect(), box = text.parentElement.querySelector('rect').getBoundingClientRect();
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const size = parseFloat(getComputedStyle(text).fontSize) * scale;
    return [text.textContent, size, drawn.left >= box.left && drawn.right <= box.right];
})"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Give the dictionary of this project, opened; it asks for nothing and says nothing."""
    with opened(browser, FILE, viewport={"width": 1440, "height": 900}) as (page, asked, said):
        yield page
        assert asked == [FILE.as_uri()]
        assert said == []


def shown(page: Page, selector: str) -> list[str]:
    """Give the texts of the elements that are seen."""
    return [each.inner_text() for each in page.locator(selector).all() if each.is_visible()]


def test_the_star_is_drawn_large_enough_to_read(page: Page) -> None:
    """All tables, each in its box, in letters of 11 pixels and more, without scrolling sideways."""
    texts = page.locator("svg.star").evaluate(DRAWN)
    tables = shop.read(SAMPLE_SETTINGS).tables
    assert sorted(text for text, _, _ in texts if "_" in text) == sorted(tables)
    assert all(size >= 11 and is_inside for _, size, is_inside in texts)
    assert page.locator("figure").evaluate("figure => figure.scrollWidth <= figure.clientWidth")
    boxes = page.locator("svg.star rect").evaluate_all("every => every.map(rect => rect.getBoundingClientRect())")
    overlap = [
        (one, other)
        for number, one in enumerate(boxes)
        for other in boxes[:number]
        if one["left"] < other["right"] and other["left"] < one["right"]
        if one["top"] < other["bottom"] and other["top"] < one["bottom"]
    ]
    assert overlap == []


def test_a_table_of_the_star_lights_its_references_up_and_leads_to_its_entry(page: Page) -> None:
    """With the pointer as with the keyboard."""
    for act in ("hover", "focus"):
        getattr(page.locator('[data-table="fact_client_deployment"]'), act)()
        lit = page.locator("svg.star path.lit").evaluate_all("lines => lines.map(line => line.dataset.ends)")
        assert {*lit} == {f"fact_client_deployment dim_{name}" for name in ("client", "date", "deployment")}
        page.locator("h1").hover()
        page.locator("#filter").focus()
    page.locator('[data-table="dim_office"]').click()
    assert page.evaluate("document.getElementById('dim_office').getBoundingClientRect().top") < 100


def test_the_search_finds_a_column_by_a_word_of_its_meaning(page: Page) -> None:
    """Its table alone, and of that the column alone; letter case and accents do not matter."""
    page.locator("#filter").fill("BÉLONGS region")
    assert shown(page, "article h3") == ["dim_office"]
    assert shown(page, "article tbody th") == ["region"]
    assert page.locator("#found").inner_text().startswith("1 of ")


def test_headings_without_hits_are_hidden(page: Page) -> None:
    """In the text and in the contents; with nothing searched all is back."""
    page.locator("#filter").fill("nothing like this")
    assert shown(page, "h2") == shown(page, "article h3") == shown(page, "nav a") == []
    page.locator("#filter").fill("returned revenue")
    found = shown(page, "article h3")
    assert found
    assert shown(page, "nav li li a") == found
    assert shown(page, "nav > ul > li > a") == shown(page, "h2")
    page.locator("#filter").fill("")
    assert len(shown(page, "h2")) == page.locator("h2").count()
    assert len(shown(page, "article tbody tr")) == page.locator("article tbody tr").count()


def test_a_link_to_a_measure_leads_to_its_entry(page: Page, browser: Browser) -> None:
    """By an anchor that is the measure's, whatever else the dictionary holds."""
    measures = shop.read(SAMPLE_SETTINGS).report.measures  # type: ignore[union-attr]
    anchors = {name: anchor_of(name) for name in measures}
    assert len({*anchors.values()}) == len(anchors)
    titles = page.evaluate("every => every.map(id => document.getElementById(id)?.textContent)", list(anchors.values()))
    assert titles == list(anchors)
    with opened(browser, FILE, anchors["Net Revenue"], viewport={"width": 390, "height": 800}) as (phone, _, _):
        assert phone.locator(f"#{anchors['Net Revenue']}").bounding_box()["y"] < 100  # type: ignore[index]
