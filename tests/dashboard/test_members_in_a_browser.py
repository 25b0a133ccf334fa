"""Members in a real Chromium: each has one name and one place, whether NULL, of no letters, or spelled in many ways."""

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from etl.company import pages
from etl.company.measure import Measure
from etl.dashboard.formats import member
from tests.dashboard.browser import opened, opened_to_ask
from tests.dashboard.small import written
from tests.report.small_star import DAYS, Rows

SAID = {"folder": "All", "meaning": "A figure."}
SHOWN = {"alt": "…", "by": "dim_shop.region"}
MEASURES = [
    Measure(name="Amount", of="fact_sale", sum="amount", format="#,0.00", **SAID),
    Measure(name="Sales", of="fact_sale", count=True, format="#,0", **SAID),
    Measure(name="Shops", of="dim_shop", count=True, format="#,0", **SAID),
]
VISUALS = (
    pages.Visual(kind="table", title="Sold", measures=("Sales", "Amount"), **SHOWN),
    pages.Visual(kind="table", title="Shops", measures=("Shops",), **SHOWN),
    pages.Visual(kind="bar", title="Five", measures=("Sales", "Amount"), top=5, **SHOWN),
)
PAGE = pages.Page(name="Sales", title="Sales", slicers=("dim_shop.region", "dim_day.month"), visual=VISUALS)
REGIONS = (None, "", "(none)", "(EMPTY)", "“(none)”", "North", " north", "Ñandú", "-", "–")
"""A shop in each; of the north, the second spelling alone sold anything."""
NAMES = ["(empty)", "“(EMPTY)”", "“(none)”", "-", "North", "Ñandú", "–", "““(none)””", "(none)"]
"""What they are called, in their order: that of letters in no case, the empty text first, NULL last."""
HEADS = """() => Object.fromEntries([...document.querySelectorAll("article")].map((article) => [
  article.querySelector("h3").textContent,
  [...article.querySelectorAll("tbody th")].map((each) => each.textContent),
]))"""
UNFOLDED = "document.querySelectorAll('article').forEach((article) => article.fill?.())"


def rows() -> Mapping[str, Rows]:
    """Give a sale in January in each region, all of one amount."""
    shops: Rows = [{"shop_key": n, "shop_id": n, "region": region} for n, region in enumerate(REGIONS, 1)]
    sold = [n for n, region in enumerate(REGIONS, 1) if region != "North"]
    sales: Rows = [
        {"sale_id": n, "day_key": 1, "shop_key": n, "day": DAYS[1]["day"], "till": 1, "amount": Decimal(7)}
        for n in reversed(sold)
    ]
    return {"dim_day": DAYS, "dim_shop": shops, "fact_sale": sales}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the dashboard."""
    return written(tmp_path_factory.mktemp("members") / "dashboard.html", [PAGE], MEASURES, rows())


@pytest.fixture(scope="module")
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Give it opened; its console stays silent."""
    with opened_to_ask(browser, file) as page:
        yield page


def heads(page: Page, chosen: str) -> Mapping[str, list[str]]:
    """Return what the tables call their rows under a choice."""
    page.evaluate(f"State.change({{ chosen: {chosen} }})")
    page.evaluate(UNFOLDED)
    found: Mapping[str, list[str]] = page.evaluate(HEADS)
    return found


def test_each_member_has_one_name_and_one_place(browser: Browser, file: Path, page: Page) -> None:
    """In the slicer, in tables of all kinds, with scripts and without; of two spellings it is the first everywhere."""
    options = page.locator("#sales select[data-slicer='0'] option:not([value='']):not([value='several'])")
    assert options.all_text_contents() == NAMES
    asked = heads(page, "{}")
    assert asked == {"Sold": NAMES, "Shops": [*asked["Shops"]], "Five": NAMES[:5]}
    assert sorted(asked["Shops"]) == sorted(NAMES)
    with opened(browser, file, java_script_enabled=False) as (still, _, _):
        titles = [article.locator("h3").text_content() for article in still.locator("article").all()]
        stand = [article.locator("tbody th").all_text_contents() for article in still.locator("article").all()]
    assert dict(zip(titles, stand, strict=True)) == asked


@pytest.mark.parametrize("chosen", ["{ 1: [0] }", "{ 1: [0, 1] }"])
def test_what_ranks_alike_is_in_the_order_of_names(page: Page, chosen: str) -> None:
    """Whether it is looked up under a choice, or put together under several, from SQL's rows in any order."""
    found = heads(page, chosen)
    assert (found["Sold"], found["Five"]) == (NAMES, NAMES[:5])


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_link_to_a_member_leads_to_it(page: Page, number: int) -> None:
    """Also to the one that is NULL, and to the one whose letters are those of its name."""
    assert heads(page, f"{{ 0: [{number}] }}")["Five"] == NAMES[:5]
    state = page.evaluate("State.read(State.address(State.current))")
    assert (state["chosen"], state["faults"]) == ({"0": [number]}, [])
    assert page.locator("#sales .chosen").text_content() == f"Only Region {NAMES[number]}."
    assert page.evaluate("State.current.chosen[0]") == [number]


def test_a_csv_has_the_names_of_the_page(page: Page) -> None:
    """NULL and the empty text are no two empty fields."""
    heads(page, "{}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV: Sold").click()
    written = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [row[0] for row in written[1:]] == ["'-" if name == "-" else name for name in NAMES]


def test_no_two_members_have_one_name() -> None:
    """However often a name is quoted: the text in quotes has more of them."""
    texts = [f"{'“' * n}({word}){'”' * n}" for n in range(4) for word in ("none", "empty")]
    names = [member(value) for value in (None, "", *texts)]
    assert len({*names}) == len(names)
