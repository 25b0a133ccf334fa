"""A dashboard beside which the dictionary lies: every measure leads to its entry."""

import re
from pathlib import Path

from playwright.sync_api import Browser

from config.paths import SAMPLE_SETTINGS
from etl.dashboard.html import html
from etl.dashboard.picture import Page, Picture, Series, Visual
from etl.docs.anchors import HTML, dictionary_beside
from etl.docs.book import make_book
from etl.docs.make import dictionary
from tests.dashboard.browser import browser, opened
from tests.dashboard.pictures import AS_OF
from tests.docs import shop

__all__ = ["browser"]


def test_each_measure_of_the_dashboard_leads_to_its_entry(browser: Browser, tmp_path: Path) -> None:
    """Where the dictionary is in the same folder; where it is not, the page is the same without links."""
    company = shop.read(SAMPLE_SETTINGS)
    assert company.report
    every = tuple(Series(m.name, m.format, m.meaning) for m in company.report.measures.values())
    card = Visual("card", "All", "All.", 12, None, every, ((None, *[1] * len(every)),))
    table = Visual("table", "All", "All.", 12, "Member", every, (("A", *[1] * len(every)),))
    picture = Picture("T", AS_OF, True, "…", (Page("All", "All", (card, table)),))
    file = tmp_path / "dashboard.html"
    assert dictionary_beside(file) is None
    (tmp_path / HTML).write_text(dictionary(make_book(company))[HTML], encoding="utf-8")
    drawn = html(picture, dictionary_beside(file))
    file.write_text(drawn, encoding="utf-8")
    links = re.findall(rf'href="({HTML}#[^"]+)"', drawn)
    assert len(links) == 2 * len(every)
    with opened(browser, tmp_path / HTML, viewport={"width": 1280, "height": 800}) as (page, _, _):
        ids = page.locator("h3[id]").evaluate_all("every => every.map(each => each.id)")
    assert {link.partition("#")[2] for link in links} <= {*ids}
    with opened(browser, file, viewport={"width": 1280, "height": 800}) as (page, _, said):
        page.locator("dl.figures a").nth(3).click()
        page.wait_for_url(f"**/{HTML}#*")
        assert page.locator("h3:target").inner_text() == every[3].name
        assert said == []
    assert HTML not in html(picture)
