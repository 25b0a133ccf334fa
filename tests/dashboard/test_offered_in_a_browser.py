"""What a page's slicers offer, in a real Chromium: what one of its visuals has something to say of, and no more."""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from etl.company import pages
from etl.company.measure import Measure
from tests.dashboard.browser import opened_to_ask
from tests.dashboard.small import written
from tests.report.small_star import Rows

SAID = {"folder": "All", "meaning": "A figure.", "format": "#,0"}
MEASURES = [
    Measure(name="Amount", of="fact_sale", sum="amount", **SAID),
    Measure(name="Of All", of="fact_sale", sum="amount", ignores=("dim_day", "dim_shop"), **SAID),
    Measure(name="Paid", of="fact_sale", sum="amount", where={"is_paid": True}, **SAID),
    Measure(name="Rows", of="fact_sale", sql="COUNT(*)", dax="COUNTROWS(Sale)", **SAID),
    Measure(name="Shops", of="dim_shop", count=True, **SAID),
]
SLICERS = ("dim_day.month", "dim_shop.region")


def page_of(name: str, *measures: str) -> pages.Page:
    """Make a page of a card and a table of measures."""
    card = pages.Visual(kind="card", title="Card", alt="…", measures=measures)
    table = pages.Visual(kind="table", title="Table", alt="…", measures=measures[:1], by="dim_shop.region")
    return pages.Page(name=name, title=name, slicers=SLICERS, visual=(card, table))


PAGES = (page_of("Sold", "Amount", "Of All"), page_of("Paid", "Paid"), page_of("Shops", "Shops", "Amount"))
HAND = page_of("Hand", "Rows", "Of All")


def rows() -> Mapping[str, Rows]:
    """Give sales in January to March of the north, without an amount in February, paid in March; none of the south."""
    days: Rows = [{"day_key": 0, "day": None, "month": None}]
    days += [{"day_key": n, "day": dt.date(2026, n, 1), "month": n} for n in range(1, 6)]
    shops: Rows = [{"shop_key": 0}] + [
        {"shop_key": n, "shop_id": n, "region": region} for n, region in enumerate(("North", "South"), 1)
    ]
    sales: Rows = [
        {"sale_id": n, "day_key": n, "shop_key": 1, "amount": None if n == 2 else Decimal(n), "is_paid": n == 3}
        for n in (1, 2, 3)
    ]
    return {"dim_day": days, "dim_shop": shops, "fact_sale": sales}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the dashboard."""
    return written(tmp_path_factory.mktemp("offered") / "dashboard.html", [*PAGES, HAND], MEASURES, rows())


@pytest.fixture(scope="module")
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give it opened; its console stays silent."""
    with opened_to_ask(browser, file) as page:
        yield page


def offers(page: Page, name: str, label: str) -> list[str]:
    """Show a page, and return what one of its lists offers besides all."""
    page.evaluate("State.change({ chosen: {}, months: null })")
    page.get_by_role("tab", name=name).click()
    options = (
        page.get_by_role("combobox", name=label, exact=True).locator("visible=true").locator("option:not([hidden])")
    )
    return options.all_text_contents()[1:]


@pytest.mark.parametrize(
    ("name", "months", "regions"),
    [
        ("Sold", ["1", "3"], ["North"]),
        ("Paid", ["3"], ["North"]),
        ("Shops", ["1", "3"], ["North", "South", "(none)"]),
        ("Hand", ["1", "2", "3"], ["North"]),
    ],
)
def test_a_page_offers_what_it_says_something_of(page: Page, name: str, months: list[str], regions: list[str]) -> None:
    """No month that the calendar alone knows, or without an amount; no region that another page has something of.

    What ignores the slicer says the same of each member, and a count by hand is 0 of those without a row.
    """
    assert (offers(page, name, "Month"), offers(page, name, "Region")) == (months, regions)


def test_a_range_has_the_months_of_its_page(page: Page) -> None:
    """From the first to the last of them is all."""
    assert offers(page, "Sold", "From month") == ["2026-01", "2026-03"]
    assert offers(page, "Paid", "To month") == ["2026-03"]
    offers(page, "Sold", "To month")
    page.get_by_role("combobox", name="From month").locator("visible=true").select_option("2026-03")
    assert page.url.endswith("#sold?from=2026-03&to=2026-03")
    page.get_by_role("combobox", name="From month").locator("visible=true").select_option("2026-01")
    assert page.url.endswith("#sold")


def test_what_is_chosen_elsewhere_is_seen_where_it_is_not_offered(page: Page) -> None:
    """The list names it while it is chosen, and the page has no rows of it."""
    offers(page, "Shops", "Region")
    page.get_by_role("combobox", name="Region").locator("visible=true").select_option("South")
    page.get_by_role("tab", name="Sold").click()
    region = page.get_by_role("combobox", name="Region").locator("visible=true")
    assert region.evaluate("list => list.selectedOptions[0].textContent") == "South"
    assert page.locator("#sold .chosen").text_content() == "Only Region South."
    expect(page.locator("#sold .value").first).to_have_text("–")
    region.select_option("All")
    assert region.locator("option:not([hidden])").all_text_contents() == ["All", "North"]


def test_all_that_are_offered_are_no_choice(page: Page) -> None:
    """On the page that offers them."""
    offers(page, "Sold", "Month")
    page.evaluate("State.pick(0, [0])")
    assert page.locator("#sold .chosen").text_content() == "Only Month 1."
    page.evaluate("State.pick(0, State.offered(State.pageOf('sold'), 0))")
    assert page.locator("#sold .chosen").text_content() == "All data: nothing is filtered."
