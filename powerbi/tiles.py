"""The visuals of a page at their places: a sentence on top, slicers below it, then row by row what the page tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.company.pages import Page, Visual
from etl.company.report import AS_OF, ONE_NIGHT, Report
from etl.contract.table import Contract
from etl.core.errors import ContractError
from etl.core.names import guess
from etl.report.levels import levels_below
from powerbi import bookmarks, cards, figures, layout, tooltips, visuals
from powerbi.expressions import Json, greatest, of_measure
from powerbi.layout import TWELFTHS, Box
from powerbi.limits import noted
from powerbi.names import name_in
from powerbi.texts import title_name

_TRUST = (AS_OF, ONE_NIGHT)
"""Shown on every page."""
_TOP, _HEADING, _CHART = 72, 32, 232
_SLICERS_BESIDE = 4


@dataclass(frozen=True)
class Tile:
    """A visual at its place. name: of its folder; it stays as long as page, title and content do."""

    name: str
    box: Box
    body: Json
    filters: tuple[Json, ...] = ()


def screens_of(page: Page, report: Report, contracts: Mapping[str, Contract]) -> list[list[Tile]]:
    """Lay a page out, in reading order: on as many screens as it takes, each with the title and the slicers.

    Raises ContractError for what it names and there is not, or names twice.
    """
    frame = list(_frame(page, report, contracts))
    top = frame[-1].box.bottom + layout.GAP
    rows = layout.rows([visual.width for visual in page.visual])
    least = [_least([page.visual[number] for number in row], report) for row in rows]
    screens = []
    for screen in layout.screens(least, layout.PAGE_HEIGHT - layout.MARGIN - top):
        tiles, below = [*frame], top
        for number, height in screen:
            chosen = [page.visual[each] for each in rows[number]]
            for visual, box in zip(chosen, layout.side_by_side(below, [v.width for v in chosen], height), strict=True):
                tiles += _tiles(page, visual, box, report, contracts)
            below += height + layout.GAP
        screens.append(tiles)
    names = [tile.name for tiles in screens for tile in tiles[len(frame) :]] + [tile.name for tile in frame]
    if len(set(names)) < len(names):
        raise ContractError(f"Page {page.name} shows the same twice.", "Give each visual a title of its own.")
    return screens


def _frame(page: Page, report: Report, contracts: Mapping[str, Contract]) -> Iterator[Tile]:
    """Return what stands at the head of each screen: the title, what says whether to trust it, and the slicers."""
    trust = [report.measures[name] for name in _TRUST]
    reset = 1 if page.slicers else 0
    widths = [TWELFTHS - 2 * len(trust) - reset, *[2 for _ in trust], *[1 for _ in range(reset)]]
    title, *places = layout.side_by_side(layout.MARGIN, widths, _TOP)
    yield Tile(name_in(page, page.title, "title"), title, visuals.text(page.title, f"{page.name}: {page.title}.", 16))
    for measure, box in zip(trust, places, strict=False):
        yield Tile(name_in(page, measure.name, "header"), box, cards.card(measure, 12))
    if reset:
        yield Tile(name_in(page, "reset", "button"), places[-1], bookmarks.button(page))
    for place, name in _slicers(page, title.bottom + layout.GAP):
        _check_column(page, name, contracts)
        yield Tile(name_in(page, name, "slicer"), place, visuals.slicer(name))


def head_of(page: Page, tiles: Sequence[Tile]) -> int:
    """Return where a page's head ends: the title and the slicers."""
    slicers = {name_in(page, name, "slicer") for name in page.slicers}
    return max(tile.box.bottom for tile in tiles if tile.name in slicers or tile is tiles[0])


def _slicers(page: Page, top: int) -> Iterator[tuple[Box, str]]:
    width = TWELFTHS // _SLICERS_BESIDE
    for row in layout.rows([width for _ in page.slicers]):
        for number, box in zip(row, layout.side_by_side(top, [width for _ in row], _TOP), strict=True):
            yield box, page.slicers[number]
        top += _TOP + layout.GAP


def _least(row: Sequence[Visual], report: Report) -> tuple[int, bool]:
    """Return the least height of a row, and whether it may be higher."""
    return max(_height(visual, report) for visual in row), any(visual.kind != "card" for visual in row)


def _height(visual: Visual, report: Report) -> int:
    if visual.kind != "card":
        return _CHART
    lines = -(-len(visual.measures) // _beside(visual))
    return _HEADING + lines * (figures.height(visual, report) + layout.GAP) - layout.GAP


def _beside(visual: Visual) -> int:
    """Return how many cards of a visual stand beside each other: none is narrower than two twelfths."""
    return visual.width // 2


def _tiles(page: Page, visual: Visual, box: Box, report: Report, contracts: Mapping[str, Contract]) -> Iterator[Tile]:
    """Return what a visual of the page is made of: cards have a common heading, all else is one tile."""
    for column in visual.columns:
        _check_column(page, column, contracts)
    if visual.kind == "card":
        heading = Box(box.x, box.y, box.width, _HEADING)
        yield Tile(name_in(page, visual.title, "heading"), heading, _heading(page, visual))
        below = Box(box.x, box.y + _HEADING, box.width, _height(visual, report) - _HEADING)
        for name, place in zip(
            visual.measures, layout.divided(below, len(visual.measures), _beside(visual)), strict=True
        ):
            for number, (said, at, body) in enumerate(figures.figures(page, visual, name, place, report)):
                yield Tile(said, at, body if number else noted(body, page, [name], report, contracts))
        return
    name = name_in(page, visual.title, visual.kind)
    title = of_measure(title_name(page, visual)) if visual.said else visual.title
    body = (
        visuals.table(visual, title, report.measures, report.targets)
        if visual.kind == "table"
        else visuals.chart(
            visual,
            title,
            report.measures,
            report.targets,
            contracts,
            levels_below(visual, report, contracts),
            tooltips.told(visual, report, contracts),
        )
    )
    top = (greatest(f"{name}-top", str(visual.by), visual.ranked_by, visual.top),) if visual.top else ()
    yield Tile(name, box, noted(body, page, visual.measures, report, contracts), top)


def _heading(page: Page, visual: Visual) -> Json:
    if visual.said:
        return cards.sentence(title_name(page, visual), visual.alt)
    return visuals.text(visual.title, visual.alt, 12)


def _check_column(page: Page, name: str, contracts: Mapping[str, Contract]) -> None:
    known = [f"{table}.{column.name}" for table, contract in contracts.items() for column in contract.columns]
    if name not in known:
        raise ContractError(f"Page {page.name}: there is no column {name}.", guess(name, known))
