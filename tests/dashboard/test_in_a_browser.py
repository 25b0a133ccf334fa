"""The dashboard in a real Chromium, opened from its file with no network: the same numbers, on screens and on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from etl.dashboard.formats import member, shown
from etl.dashboard.html import SCRIPTS
from tests.dashboard.browser import opened
from tests.dashboard.pictures import ANCHORS, IMAGE, PICTURE, REST, SCRIPT

PHONE = {"width": 360, "height": 740}


def colour(page: Page, selector: str, name: str = "backgroundColor") -> str:
    """Give the colour that an element is shown in."""
    given = page.locator(selector).first.evaluate("(element, name) => getComputedStyle(element)[name]", name)
    assert isinstance(given, str)
    return given


def bars(page: Page, anchor: str, colour: str) -> int:
    """Count the bars of a colour in a chart."""
    return page.locator(f'[data-visual="{anchor}"] .chart svg path[fill="{colour}"]').count()


def test_every_figure_is_the_pictures(page: Page) -> None:
    """What the cards say is what the picture says, exactly: no float is on the way, and NULL is a dash."""
    assert page.locator(".value").all_text_contents() == [
        "10,234,567,890,123,456.79",
        "1,204,311",
        "98.8%",
        "–",
        "31,207",
        "41.24%",
        "−1,523.01",
    ]


def test_every_table_holds_the_rows_of_the_picture(page: Page) -> None:
    """Beside each chart there is a table of its numbers; names that would be markup are texts in it."""
    expected = [
        [member(row[0]), *(shown(value, s.number_format) for value, s in zip(row[1:], visual.series, strict=True))]
        for each in PICTURE.pages
        for visual in each.visuals
        if visual.kind != "card"
        for row in visual.rows
    ]
    cells = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    assert page.locator("tbody tr").evaluate_all(cells) == expected


def test_a_name_that_is_a_script_is_shown_and_not_run(page: Page) -> None:
    """In the chart, its tooltip and its table, `<script>` is a client's name."""
    page.get_by_role("tab", name="Clients").click()
    chart = page.locator('[data-visual="clients_4"] .chart')
    for number, name in enumerate((SCRIPT, IMAGE, REST)):
        chart.hover(position={"x": 300, "y": 30 + 36 * number})
        assert page.locator(".tip strong").text_content() == name
    assert chart.locator("svg text", has_text="<script>").count() == 1
    assert page.locator("body img").count() == 0
    assert page.locator("script").count() == 1 + len(SCRIPTS)
    assert page.title() == PICTURE.title


def test_charts_are_drawn_with_a_bar_for_each_number(page: Page) -> None:
    """As many bars as there are numbers; a percentage beside counts is a line with an axis of its own."""
    accent, second = "#0b63a5", "#c2570c"
    assert bars(page, "income_4", accent) == 27
    assert bars(page, "income_4", second) == 15
    assert page.locator('[data-visual="income_2"] .chart svg path[stroke-width="2"]').count() == 2
    page.get_by_role("tab", name="Clients").click()
    page.locator('[data-visual="clients_5"] .chart svg').wait_for()
    assert bars(page, "clients_5", accent) == 8
    assert page.locator('[data-visual="clients_5"] .chart svg text', has_text="8%").count() == 1


def test_a_tooltip_is_exact_where_the_axis_is_short(page: Page) -> None:
    """The axis says 1.2 M; who points at a month reads its revenue to the cent."""
    chart = page.locator('[data-visual="income_4"] .chart')
    chart.hover(position={"x": 70, "y": 120})
    month, *_ = PICTURE.pages[0].visuals[3].rows
    assert page.locator(".tip strong").text_content() == month[0]
    assert page.locator(".tip b").all_text_contents() == [shown(month[1], "#,0.00"), "–"]
    assert chart.locator("svg text", has_text="1.2 M").count() == 1


def test_nothing_else_may_run_or_be_loaded(browser: Browser, file: Path) -> None:
    """A script that came in all the same is refused by the page's own policy, and so is any address."""
    with opened(browser, file) as (page, _, _):
        refused = page.evaluate("""async () => {
            const refused = [];
            addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "document.title = 'run'";
            document.body.append(script);
            document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/" }));
            await fetch("http://127.0.0.1:9/").catch(() => {});
            await new Promise((resolve) => setTimeout(resolve, 50));
            return refused.sort();
        }""")
        assert refused == ["connect-src", "img-src", "script-src-elem"]
        assert page.title() == PICTURE.title


def test_dark_where_the_reader_likes_it_dark(page: Page) -> None:
    """Page and charts follow the system's colours, also when they change."""
    assert colour(page, "body") == "rgb(244, 245, 247)"
    page.emulate_media(color_scheme="dark")
    assert colour(page, "body") == "rgb(20, 23, 27)"
    page.locator('[data-visual="income_4"] .chart svg path[fill="#6cb4ee"]').first.wait_for()
    assert bars(page, "income_4", "#0b63a5") == 0


@pytest.mark.parametrize("anchor", ANCHORS)
def test_a_phone_shows_one_column(browser: Browser, file: Path, anchor: str) -> None:
    """At 360 pixels nothing sticks out, charts included, and nobody scrolls sideways."""
    with opened(browser, file, anchor, viewport=PHONE, is_mobile=True, has_touch=True) as (page, _, _):
        page.locator("article:visible .chart svg").first.wait_for()
        boxes = [article.bounding_box() for article in page.locator("article:visible").all()]
        assert len({box["x"] for box in boxes if box}) == 1
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_paper_has_all_pages_in_light_colours(browser: Browser, file: Path) -> None:
    """Printed from a dark screen: every page after the other with its charts, no tabs, dark on white."""
    with opened(browser, file, color_scheme="dark") as (page, _, said):
        page.emulate_media(media="print", color_scheme="dark")
        charts = page.locator(".chart svg")
        assert [heading.is_visible() for heading in page.locator("h2").all()] == [True, True]
        assert page.get_by_role("tablist").count() == 0
        assert colour(page, "body") == "rgb(255, 255, 255)"
        assert [chart.is_visible() for chart in charts.all()] == [True] * 4
        assert bars(page, "clients_5", "#0b63a5") == 8
        page.emulate_media(media="screen")
        assert [heading.is_visible() for heading in page.locator("h2").all()] == [True, False]
        assert said == []


def test_a_pdf_is_made_of_all_pages(browser: Browser, file: Path) -> None:
    """Also from a phone, and with charts on pages that were not shown before."""
    with opened(browser, file, viewport=PHONE) as (page, _, said):
        assert page.locator(".chart svg").count() == 2
        paper = page.pdf(format="A4")
        assert paper.startswith(b"%PDF")
        assert paper.count(b"/Type /Page\n") >= 2
        assert page.locator(".chart svg").count() == 4
        assert page.locator("h2:visible").count() == 1
        assert said == []
