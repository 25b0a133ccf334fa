"""A thousand random choices in the dashboard, in a browser: the text that is shown is what SQL, and DAX, say."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page

from config.paths import ROOT
from etl.company.pages import Visual
from etl.company.report import read_report
from etl.dashboard.answers import asked_rows, named
from etl.dashboard.formats import NONE, NOTHING, member, shown
from etl.load.etl_runs import published_contracts
from etl.load.warehouse import Warehouse
from etl.report.read import Read
from etl.report.sql import Composer
from powerbi.service.differ import differs
from tests.dashboard.browser import opened
from tests.truth.dax import Dax
from tests.truth.night import COMPANIES, Company, Night, run

REPORT = read_report(ROOT / "powerbi")
CONTRACTS = published_contracts(ROOT / "tables")
SQL = Composer(REPORT, CONTRACTS)
ANSWERS = 1_000
CHOOSE = """([page, chosen]) => {
  State.change({ page, chosen, months: null });
  return [...document.querySelectorAll(`#${page} > .visuals > article`)].map((article) => {
    article.fill?.();
    const texts = (all) => [...all].map((each) => each.textContent);
    return {
      id: article.dataset.visual,
      blank: article.classList.contains("blank"),
      figures: texts(article.querySelectorAll(".value")),
      rows: [...article.querySelectorAll("tbody tr")].map((row) => texts(row.cells)),
    };
  });
}"""

Chosen = Mapping[int, int]


@pytest.fixture(scope="module")
def warehouse(duckdb_of: Callable[[Company], Warehouse]) -> Warehouse:
    """Give the published tables."""
    return duckdb_of(COMPANIES[0])


@pytest.fixture(scope="module")
def read(warehouse: Warehouse) -> Iterator[Read]:
    """Give what runs queries, over one connection."""
    with warehouse.reading() as read:
        yield read


@pytest.fixture(scope="module")
def page(
    night_of: Callable[[Company], Night],
    warehouse: Warehouse,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Page]:
    """Give the dashboard of the night, opened once."""
    file = tmp_path_factory.mktemp("dashboard") / "dashboard.html"
    run("-m", "etl", "dashboard", "--env", str(night_of(COMPANIES[0]).folder / "duckdb.env"), "--output", str(file))
    with opened(browser, file) as (page, _, said):
        page.locator("html.asked").wait_for(timeout=30_000)
        yield page
        assert said == []


@pytest.fixture(scope="module")
def data(page: Page) -> Any:
    """Give what the page knows."""
    return page.evaluate("State.data")


def drawn(wander: random.Random, slicers: list[int], data: Any) -> Chosen:
    """Draw a choice among a page's slicers: at least one, of one member each."""
    chosen = [slicer for slicer in slicers if wander.random() < 0.5] or [wander.choice(slicers)]
    return {slicer: wander.randrange(len(data["slicers"][slicer]["members"])) for slicer in chosen}


def filters(chosen: Chosen, data: Any) -> dict[str, list[object]]:
    """Return a choice as SQL filters by it."""
    return {
        (slicer := data["slicers"][number])["column"]: [value(slicer["column"], slicer["members"][member])]
        for number, member in chosen.items()
    }


def value(column: str, called: str) -> object:
    """Return the value that a member is called by."""
    table, _, name = column.partition(".")
    if called == NONE:
        return None
    kind = CONTRACTS[table].schema.field(name).type
    return int(called) if pa.types.is_integer(kind) else called


def expected(visual: Visual, query: Any, chosen: Chosen, data: Any, read: Read) -> list[list[str]]:
    """Ask SQL for the texts of a visual: its rows, or one row of a card's figures."""
    deaf = {place for slicer in chosen for place in query["unreached"].get(str(slicer), ())}
    rows = named(visual, asked_rows(visual, SQL, read, filters(chosen, data)), SQL, read)
    heard = [[row[0], *(None if at in deaf else v for at, v in enumerate(row[1:]))] for row in rows]
    if visual.by:
        heard = [row for row in heard if any(v is not None for v in row[1:])]
    formats = [REPORT.measures[name].format for name in visual.measures]
    return [[member(row[0]).upper() if visual.by else NOTHING, *map(shown, row[1:], formats)] for row in heard]


def seen(answer: Any, visual: Visual) -> list[list[str]]:
    """Read what the page shows; beside a number there may be the mark of its target."""
    if visual.kind == "card":
        return [[NOTHING, *answer["figures"]]]
    return [
        [row[0].upper(), *(cell.partition(" ✓")[0].partition(" ✗")[0] for cell in row[1:])] for row in answer["rows"]
    ]


def test_a_thousand_answers_are_those_of_sql(page: Page, data: Any, read: Read) -> None:
    """Every page under random choices of its slicers; a visual by what is chosen keeps its other members."""
    wander, asked, differing = random.Random(14), 0, []
    pages = [(told, report) for told, report in zip(data["pages"], REPORT.pages, strict=True) if told["slicers"]]
    while asked < ANSWERS:
        told, report = wander.choice(pages)
        chosen = drawn(wander, told["slicers"], data)
        answers = page.evaluate(CHOOSE, [told["anchor"], {str(slicer): [member] for slicer, member in chosen.items()}])
        for visual, answer in zip(report.visual, answers, strict=True):
            if visual.panels:
                continue
            query = data["visuals"][answer["id"]]["queries"]["main"]
            main = visual.parts["main"]
            own = (query["chooses"] or {}).get("slicer")
            rest = {slicer: member for slicer, member in chosen.items() if slicer != own}
            wanted = expected(main, query, rest, data, read)
            found = seen(answer, visual)
            if visual.kind == "card":
                wanted = [row[: 1 + len(visual.measures)] for row in wanted]
            asked += 1
            if sorted(wanted) != sorted(found):
                differing.append((visual.title, filters(chosen, data), wanted[:3], found[:3]))
    assert differing == []


def test_some_of_them_are_those_of_dax(page: Page, data: Any, warehouse: Warehouse) -> None:
    """The figures of all cards under twelve random choices, in Power BI's language."""
    wander, dax, differing = random.Random(15), Dax(warehouse, REPORT, CONTRACTS), []
    pages = [(told, r) for told, r in zip(data["pages"], REPORT.pages, strict=True) if told["slicers"]]
    for _ in range(12):
        told, report = wander.choice(pages)
        chosen = drawn(wander, told["slicers"], data)
        answers = page.evaluate(CHOOSE, [told["anchor"], {str(slicer): [member] for slicer, member in chosen.items()}])
        for visual, answer in zip(report.visual, answers, strict=True):
            if visual.kind != "card":
                continue
            query = data["visuals"][answer["id"]]["queries"]["main"]
            deaf = {place for slicer in chosen for place in query["unreached"].get(str(slicer), ())}
            heard = [name for place, name in enumerate(visual.measures) if place not in deaf]
            context = filters(chosen, data)
            sql = warehouse.read(SQL.query(heard, None, context)).to_pylist()[0] if heard else {}
            for place, (name, found) in enumerate(dax.values(heard, context).items() if heard else ()):
                measure = REPORT.measures[name]
                text = answer["figures"][visual.measures.index(name)]
                if differs(measure.format, found, sql[f"v{place}"]) or text != shown(sql[f"v{place}"], measure.format):
                    differing.append((name, context, found, sql[f"v{place}"], text))
    assert differing == []
