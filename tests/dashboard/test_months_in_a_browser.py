"""Months that are chosen by dragging over a chart, in a real Chromium: the range that the bar and the address name."""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from etl.company import pages
from etl.company.measure import Measure
from tests.dashboard.browser import opened, opened_to_ask
from tests.dashboard.small import written
from tests.report.small_star import Rows

MEASURES = [Measure(name="Amount", of="fact_sale", sum="amount", format="#,0", folder="All", meaning="A figure.")]
VISUALS = (
    pages.Visual(kind="card", title="All", alt="…", measures=("Amount",)),
    pages.Visual(kind="column", title="Days", alt="…", measures=("Amount",), by="dim_day.day", width=6),
    pages.Visual(kind="line", title="Line", alt="…", measures=("Amount",), by="dim_day.day", descending=True, width=6),
)
PAGE = pages.Page(name="Sales", title="Sales", slicers=("dim_day.day",), visual=VISUALS)
MONTHS = [f"2026-{month:02}" for month in range(1, 11)]


def rows() -> Mapping[str, Rows]:
    """Give a sale a month, of twice the amount each time: a sum says of which months it is."""
    days: Rows = [{"day_key": n, "day": dt.date(2026, n, 1), "month": n} for n in range(1, 11)]
    sales: Rows = [{"sale_id": n, "day_key": n, "shop_key": 1, "amount": Decimal(2 ** (n - 1))} for n in range(1, 11)]
    return {"dim_day": days, "dim_shop": [{"shop_key": 1, "shop_id": 1}], "fact_sale": sales}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the dashboard."""
    return written(tmp_path_factory.mktemp("months") / "dashboard.html", [PAGE], MEASURES, rows())


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give it opened; its console stays silent."""
    with opened_to_ask(browser, file, viewport={"width": 1280, "height": 900}) as page:
        expect(page.locator(".chart svg")).to_have_count(2)
        yield page


def at(page: Page, number: int, month: int) -> tuple[float, float]:
    """Return where the middle of a month is in the chart of a visual."""
    place: tuple[float, float] = tuple(
        page.evaluate(
            """([id, at]) => {
              const place = document.querySelector(`[data-visual="sales_${id}"] .chart`);
              const [x, y] = echarts.getInstanceByDom(place).convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [at, 1]);
              place.scrollIntoView({ block: "center" });
              const box = place.getBoundingClientRect();
              return [box.x + x, box.y + y - 3];
            }""",
            [number, month - 1],
        )
    )
    return place


def drag(page: Page, number: int, first: int, last: int) -> None:
    """Drag over months, by their places on the chart's axis."""
    page.mouse.move(*at(page, number, first))
    page.mouse.down()
    page.mouse.move(*at(page, number, last), steps=5)
    page.mouse.up()


@pytest.mark.parametrize(
    ("number", "first", "last", "months"),
    [(2, 3, 6, (3, 6)), (2, 6, 3, (3, 6)), (3, 1, 2, (9, 10)), (2, 10, 10, None)],
)
def test_months_that_are_dragged_over_are_chosen(
    page: Page, number: int, first: int, last: int, months: tuple[int, int] | None
) -> None:
    """In either direction, on an axis of either; everything on the page is of them then, and Back takes it back."""
    drag(page, number, first, last)
    if months is None:
        expect(page.locator("#sales .chosen")).not_to_contain_text("month")
        return
    ends = [MONTHS[month - 1] for month in months]
    expect(page.locator("#sales .chosen")).to_have_text(f"Only the months {ends[0]} to {ends[1]}.")
    assert page.url.endswith(f"#sales?from={ends[0]}&to={ends[1]}")
    assert page.get_by_role("combobox", name="From month").locator("visible=true").input_value() == ends[0]
    wanted = sum(2 ** (month - 1) for month in range(months[0], months[1] + 1))
    expect(page.locator("#sales .value")).to_have_text(f"{wanted:,}")
    page.go_back()
    expect(page.locator("#sales .value")).to_have_text("1,023")


def test_all_months_are_no_choice_and_the_chart_stays_whole(page: Page) -> None:
    """Nothing is zoomed that the bar does not say."""
    drag(page, 2, 1, 10)
    expect(page.locator("#sales .chosen")).to_have_text("All data: nothing is filtered.")
    page.wait_for_timeout(300)
    drag(page, 2, 2, 3)
    expect(page.locator("#sales .chosen")).to_have_text("Only the months 2026-02 to 2026-03.")


def test_a_click_on_a_column_still_chooses_it(page: Page) -> None:
    """What is not dragged is no range."""
    page.mouse.click(*at(page, 2, 10))
    expect(page.locator("#sales .chosen")).to_have_text("Only Day 2026-10-01.")


def test_a_finger_scrolls_and_chooses_no_months(browser: Browser, file: Path) -> None:
    """On a phone the lists from and to choose them."""
    with opened(browser, file, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True) as (page, _, _):
        page.locator("html.asked").wait_for()
        expect(page.locator(".chart svg")).to_have_count(2)
        drag(page, 2, 3, 6)
        assert page.locator("#sales .chosen").text_content() == "All data: nothing is filtered."
