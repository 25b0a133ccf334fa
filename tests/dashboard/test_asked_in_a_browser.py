"""What is chosen in the dashboard, in a real Chromium: every figure is that of the choice, and the address says it."""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from etl.dashboard.formats import shown
from etl.dashboard.html import html
from tests.dashboard.asking import CHANNEL, CHANNELS, REGION, REGIONS, SLICERS, YEAR, Chosen, asked, by, figures
from tests.dashboard.browser import opened

CARD = ('"€"#,0.00', "#,0", "#,0")
SHOWN = """() => ({
  figures: [...document.querySelectorAll("#sales .value")].map((each) => each.textContent),
  why: [...document.querySelectorAll("#sales .why")].map((each) => each.textContent),
  rows: [...document.querySelectorAll("#sales article.table tbody tr")]
    .map((row) => [...row.cells].map((cell) => cell.textContent)),
})"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the small company."""
    file = tmp_path_factory.mktemp("choices") / "dashboard.html"
    file.write_text(html(asked()), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def open_page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give the opened page, whose console must have stayed silent, and which must have asked for nothing."""
    with opened(browser, file, viewport={"width": 1280, "height": 900}) as (page, requests, said):
        page.locator("html.asked").wait_for()
        yield page
        assert said == []
        assert set(requests) == {file.as_uri()}


@pytest.fixture
def page(open_page: Page) -> Page:
    """Give it with nothing chosen, on its first page."""
    open_page.evaluate("location.hash = 'sales'")
    open_page.wait_for_function("State.current.page === 'sales' && !Object.keys(State.current.chosen).length")
    return open_page


def figures_of(chosen: Chosen) -> list[str]:
    """Write what the card has to say."""
    (row,) = figures(chosen)
    return [shown(value, number_format) for value, number_format in zip(row[1:], CARD, strict=True)]


def choose(page: Page, slicer: str, member: str) -> None:
    """Choose in the bar."""
    page.get_by_role("combobox", name=slicer).locator("visible=true").select_option(label=member)


def test_any_choice_shows_its_own_figures(page: Page) -> None:
    """Cards and tables say what Python sums, and a measure that does not know what is chosen says so."""
    wander = random.Random(14)
    for _ in range(200):
        chosen = {s: wander.randrange(len(SLICERS[s][2])) for s in range(3) if wander.random() < 0.6}
        seen = page.evaluate(
            f"chosen => {{ State.change({{ chosen }}); return ({SHOWN})(); }}", {str(s): [m] for s, m in chosen.items()}
        )
        assert seen["figures"] == figures_of(chosen), chosen
        deaf = [SLICERS[s][1].lower() for s in (CHANNEL, REGION) if s in chosen]
        assert seen["why"] == ["", "", f"not by {' or '.join(deaf)}" if deaf else ""]
        rows = by(REGION, REGIONS)({s: m for s, m in chosen.items() if s != REGION})
        assert seen["rows"] == [[row[0], shown(row[1], CARD[0]), shown(row[2], CARD[1])] for row in rows]


def test_the_bar_chooses_and_says_in_words_what_is_chosen(page: Page) -> None:
    """A list for each slicer; a sentence that screen readers hear; one button takes all back, and keeps the focus."""
    choose(page, "Year", "2026")
    choose(page, "Channel", "Web")
    said = page.locator("#sales .chosen")
    assert said.text_content() == "Only Year 2026 and Channel Web."
    assert said.get_attribute("role") == "status"
    assert page.locator("#sales .value").all_text_contents() == figures_of({YEAR: 1, CHANNEL: 2})
    page.get_by_role("button", name="Reset").click()
    assert said.text_content() == "All data: nothing is filtered."
    assert page.locator(":focus").evaluate("element => element.tagName") == "SELECT"
    assert page.locator("#sales .value").all_text_contents() == figures_of({})


def test_the_address_is_the_view(page: Page, browser: Browser, file: Path) -> None:
    """A link shows the same to somebody else; Back and Forward undo and redo choices; pages share a column's choice."""
    choose(page, "Channel", "Team & co")
    assert page.url.endswith("#sales?channel=Team+%26+co")
    choose(page, "Year", "2025")
    with opened(browser, file, page.url.partition("#")[2]) as (other, _, _):
        assert other.locator("#sales .value").all_text_contents() == figures_of({YEAR: 0, CHANNEL: 1})
    page.go_back()
    expect(page.locator("#sales .chosen")).to_have_text("Only Channel Team & co.")
    page.go_forward()
    expect(page.locator("#sales .chosen")).to_have_text("Only Year 2025 and Channel Team & co.")
    page.get_by_role("tab", name="Plan").click()
    assert page.locator("#plan .chosen").text_content() == "Only Channel Team & co."
    assert page.locator("#plan .value").first.text_content() == figures_of({CHANNEL: 1})[0]


def test_a_link_to_what_is_not_there_says_so(browser: Browser, file: Path) -> None:
    """An unknown member, slicer or page: a sentence for each, and the rest of the link holds."""
    with opened(browser, file, "sales?channel=Fax&year=2026&colour=red") as (page, _, said):
        text = page.locator("#sales .faults").text_content() or ""
        assert "Channel “Fax”, of which there are no data" in text
        assert "“colour”, which this report does not filter by" in text
        assert page.locator("#sales .value").all_text_contents() == figures_of({YEAR: 1})
        choose(page, "Year", "2025")
        assert page.locator("#sales .faults").is_hidden()
        assert said == []


def test_a_click_on_a_bar_or_a_row_chooses_it_and_a_second_one_takes_it_back(page: Page) -> None:
    """The other bars stay, faded, so that one of them can be chosen next."""
    chart = page.locator('[data-visual="sales_2"] .chart')
    greatest, *others = (str(row[0]) for row in by(CHANNEL, CHANNELS)({}))
    label, box = chart.locator("svg text", has_text=greatest).bounding_box(), chart.bounding_box()
    assert label
    assert box
    bar = (box["x"] + box["width"] / 3, label["y"] + label["height"] / 2)
    page.mouse.click(*bar)
    assert page.locator("#sales .chosen").text_content() == f"Only Channel {greatest}."
    faded = "svg path[fill='#0b63a5'][fill-opacity='0.3'], svg path[fill='#0b63a5'][opacity='0.3']"
    expect(chart.locator(faded)).to_have_count(len(others))
    page.mouse.click(*bar)
    assert page.locator("#sales .chosen").text_content() == "All data: nothing is filtered."
    row = page.get_by_role("row", name="Region C")
    row.locator("td").first.click()
    assert page.locator("#sales .chosen").text_content() == "Only Region Region C."
    assert row.get_by_role("button").get_attribute("aria-pressed") == "true"
    row.get_by_role("button").press("Enter")
    assert page.locator("#sales .chosen").text_content() == "All data: nothing is filtered."
    assert page.locator(":focus").text_content() == "Region C"


def test_what_a_choice_does_not_reach_is_greyed(page: Page) -> None:
    """A visual of which no measure knows the channel shows no number, and says why."""
    choose(page, "Channel", "Web")
    visual = page.locator('[data-visual="sales_5"]')
    assert visual.locator(".nothing").text_content() == "Not by channel."
    assert visual.locator(".chart").is_hidden()
    assert visual.locator("details").is_hidden()
    choose(page, "Channel", "All")
    assert visual.locator(".nothing").text_content() == ""
    expect(visual.locator(".chart svg")).to_be_visible()


def test_a_table_is_sorted_searched_and_keeps_both_under_choices(page: Page) -> None:
    """A click on a heading sorts, the second turns it round, the third takes it back; letters in no case find rows."""
    table = page.get_by_role("table", name="By region")
    heading = table.get_by_role("columnheader", name="Contracts")
    first = lambda: table.get_by_role("rowheader").all_text_contents()  # noqa: E731 asked again each time
    before = first()
    counts = {str(row[0]): int(str(row[2])) for row in by(REGION, REGIONS)({})}
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert [counts[name] for name in first()] == sorted(counts.values(), reverse=True)
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert [counts[name] for name in first()] == sorted(counts.values())
    choose(page, "Year", "2025")
    assert heading.get_attribute("aria-sort") == "ascending"
    choose(page, "Year", "All")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert first() == before
    search = page.get_by_role("searchbox", name="Search By region")
    search.fill("region a")
    assert first() == ["Region A"]
    search.fill("")
    assert first() == before


def test_a_csv_has_exact_values_and_runs_nothing(page: Page) -> None:
    """UTF-8 with its mark, CRLF, quotes where they are needed; a name that a spreadsheet would run is a text."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV: By region").click()
    content = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename == "By region.csv"
    assert content.startswith(b"\xef\xbb\xbfRegion,Revenue,Contracts\r\n")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    expected = [
        ["'=1+1" if row[0] == "=1+1" else str(row[0]), f"{row[1]:.2f}", str(row[2])] for row in by(REGION, REGIONS)({})
    ]
    assert rows[1:] == expected


@pytest.mark.parametrize(
    "text", ['a "quoted", text', "two\r\nlines", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "\tx", "plain"]
)
def test_any_text_survives_a_csv(page: Page, text: str) -> None:
    """Read back, it is itself; with an apostrophe in front where a spreadsheet would take it for a formula."""
    written = page.evaluate("text => Csv.text([[text, { exact: '-1.50' }, null]])", text)
    ((read, number, nothing),) = csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""))
    assert read == ("'" + text if text[0] in "=+@\t" else text)
    assert (number, nothing) == ("-1.50", "")


def test_charts_of_one_axis_share_their_pointer(page: Page) -> None:
    """Who points at a month in one chart sees that month in the other one, too."""
    groups = page.evaluate(
        "[...document.querySelectorAll('#sales .chart')].map((place) => echarts.getInstanceByDom(place).group)"
    )
    assert groups[1] == groups[2] != groups[0]
    page.locator('[data-visual="sales_4"] .chart').hover(position={"x": 200, "y": 100})
    tips = page.locator(".tip strong")
    expect(tips).to_have_count(2)
    assert len(set(tips.all_text_contents())) == 1


def test_the_age_is_told_by_the_readers_clock(browser: Browser, file: Path) -> None:
    """Hours, then days; after 36 hours in words and in another colour that the copy is stale."""
    with opened(browser, file) as (page, _, _):
        ages = {
            minutes: page.evaluate(f"Age.said({minutes})") for minutes in (1, 59, 61, 36 * 60, 47 * 60, 6 * 24 * 60)
        }
        assert ages == {
            1: "1 minute old",
            59: "59 minutes old",
            61: "1 hour old",
            2160: "36 hours old",
            2820: "47 hours old",
            8640: "6 days old",
        }
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        for now, stale in (
            ("2026-04-01T12:00:00Z", False),
            ("2026-04-01T13:00:00Z", True),
            ("2026-04-06T01:00:00Z", True),
        ):
            page.clock.set_fixed_time(now)
            page.goto(file.as_uri())
            age = page.locator(".age")
            assert ("stale" in (age.get_attribute("class") or "")) is stale
            assert ("newer copy" in (age.text_content() or "")) is stale
        assert age.text_content() == "6 days old: look for a newer copy"


def test_without_a_choice_the_page_is_what_was_written(browser: Browser, file: Path) -> None:
    """The scripts show of all data, to the letter, what stands in the file for who runs none."""
    texts = "[...document.querySelectorAll('.value, tbody td, tbody th')].map((each) => each.textContent)"
    with opened(browser, file, java_script_enabled=False) as (page, _, _):
        written = page.locator(".value, tbody td, tbody th").all_text_contents()
    with opened(browser, file) as (page, _, _):
        page.locator("html.asked").wait_for()
        page.evaluate("document.querySelectorAll('.instead').forEach((each) => { each.open = true; })")
        page.get_by_role("tab", name="Plan").click()
        expect(page.locator("#plan .value").first).not_to_be_empty()
        assert page.evaluate(texts) == written
