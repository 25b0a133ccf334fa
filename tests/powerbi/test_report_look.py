"""Where things stand, and in which colours."""

import json
from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from etl.company.pages import Page, Visual
from etl.company.report import Report
from etl.contract.table import Contract
from powerbi import theme
from powerbi.layout import PAGE_HEIGHT, PAGE_WIDTH, Box
from powerbi.phone import WIDTH as PHONE_WIDTH
from powerbi.report import report_files
from powerbi.tiles import screens_of

SLICERS = (
    "dim_date.year",
    "dim_product.product_name",
    "dim_channel.channel_name",
    "dim_office.region",
    "dim_date.month",
)


def apart(one: Box, other: Box) -> bool:
    """Whether two boxes share no pixel."""
    return (
        one.x + one.width <= other.x or other.x + other.width <= one.x or one.bottom <= other.y or other.bottom <= one.y
    )


@st.composite
def pages(draw: st.DrawFn) -> Page:
    """Any page: cards with what stands below a number, and others, of any widths, with any number of slicers."""
    drawn = []
    for number in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from(["card", "line", "column", "bar", "table"]))
        names = ["Net Revenue", "Contracts", "Revenue per Client", "Visits", "Returns", "Sessions", "Open Pace"]
        measures = draw(st.lists(st.sampled_from(names), min_size=1, max_size=7, unique=True))
        drawn.append(
            Visual(
                kind=kind,
                title=f"V {number}",
                alt="…",
                measures=tuple(measures),
                by=None if kind == "card" else "dim_date.year_month",
                width=draw(st.integers(2, 12)),
                change={measures[0]: "Net Revenue YoY %"} if kind == "card" and draw(st.booleans()) else {},
                spark="dim_date.year_month" if kind == "card" and draw(st.booleans()) else None,
            )
        )
    slicers = draw(st.lists(st.sampled_from(SLICERS), unique=True))
    return Page(name="P", title="T", slicers=tuple(slicers), visual=tuple(drawn))


@given(page=pages())
@settings(max_examples=60, deadline=None)
def test_nothing_overlaps_and_all_is_on_the_page(page: Page, report: Report, contracts: dict[str, Contract]) -> None:
    """On any page; and reading order is from the top down, from left to right within a row."""
    screens = screens_of(page, report, contracts)
    files = report_files(replace(report, pages=(page,)), contracts)
    for number, tiles in enumerate(screens, 1):
        name = "p" if number == 1 else f"p-{number}"
        height = json.loads(files[f"CloudServices.Report/definition/pages/{name}/page.json"])["height"]
        lie_apart([tile.box for tile in tiles], PAGE_WIDTH, height)
        assert height >= PAGE_HEIGHT
        phone = [at(files, f"{name}/visuals/{tile.name}/mobile.json") for tile in tiles]
        lie_apart(phone, PHONE_WIDTH, max(box.bottom for box in phone))


def lie_apart(boxes: list[Box], width: int, height: int) -> None:
    """Refuse boxes that are too small, not on the page, or on each other."""
    assert all(box.x >= 0 and box.x + box.width <= width for box in boxes)
    assert all(box.y >= 0 and box.bottom <= height for box in boxes)
    assert all(box.width >= 30 and box.height >= 30 for box in boxes)
    assert all(apart(one, other) for one, other in combinations(boxes, 2))


def at(files: dict[str, str], path: str) -> Box:
    """Give where a visual stands, by one of its files."""
    position = json.loads(files[f"CloudServices.Report/definition/pages/{path}"])["position"]
    return Box(position["x"], position["y"], position["width"], position["height"])


def test_no_page_scrolls(files: dict[str, str], report: Report, contracts: dict[str, Contract]) -> None:
    """The company's pages are of 16:9, each filled to its lower edge, and no visual is on two of them."""
    pages = [json.loads(text) for path, text in files.items() if path.endswith("/page.json")]
    assert {(page["width"], page["height"]) for page in pages} == {(1280, 720)}
    assert len(pages) > len(report.pages)
    for page in report.pages:
        screens = screens_of(page, report, contracts)
        heads = {tile.name for tile in screens[0]}.intersection(*({t.name for t in s} for s in screens[1:]))
        below = [tile.name for tiles in screens for tile in tiles if len(screens) == 1 or tile.name not in heads]
        assert len(set(below)) == len(below)
        assert all(PAGE_HEIGHT - max(tile.box.bottom for tile in tiles) < 30 for tiles in screens)


def test_the_keyboard_follows_the_reader(files: dict[str, str]) -> None:
    """Tab goes from the top down: to nothing that stands wholly above what was reached before.

    The words about a figure are reached right after it, before the figure beside it.
    """
    positions: dict[str, list[dict[str, int]]] = {}
    for path, text in files.items():
        if path.endswith("/visual.json") and not any(f'({word})",' in text for word in ("target", "words")):
            positions.setdefault(path.split("/")[3], []).append(json.loads(text)["position"])
    for page in positions.values():
        inside = sorted(page, key=lambda position: position["tabOrder"])
        assert all(after["y"] + after["height"] > before["y"] for before, after in combinations(inside, 2))


def channels(colour: str) -> list[float]:
    """Give the linear light of red, green and blue."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def luminance(light: list[float]) -> float:
    """Give WCAG's relative luminance."""
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def contrast(one: str, other: str) -> float:
    """Give WCAG's contrast of two colours."""
    dark, light = sorted(luminance(channels(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_texts_and_lines_stand_out() -> None:
    """WCAG 2: texts at least 4.5 to 1, lines and bars 3 to 1; also numbers on the bars of a table."""
    assert all(contrast(ink, paper) >= 4.5 for ink in (theme.INK, theme.MUTED) for paper in (theme.PAPER, theme.PAGE))
    assert all(contrast(colour, theme.PAPER) >= 3 for colour in theme.DATA_COLOURS)
    assert all(contrast(theme.INK, bar) >= 4.5 for bar in (theme.BAR, theme.BAR_BELOW))


DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
"""What is seen of linear light, by Machado, Oliveira and Fernandes (2009)."""


def lab(light: list[float]) -> list[float]:
    """Give the colour as it is perceived (CIE 1976)."""
    r, g, b = (min(max(value, 0), 1) for value in light)
    xyz = (0.4124 * r + 0.3576 * g + 0.1805 * b, luminance([r, g, b]), 0.0193 * r + 0.1192 * g + 0.9505 * b)
    x, y, z = (
        (v / white) ** (1 / 3) if v / white > 0.008856 else 7.787 * v / white + 16 / 116
        for v, white in zip(xyz, (0.9505, 1, 1.089), strict=True)
    )
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def test_the_colours_differ_for_everyone(report: Report) -> None:
    """The colours that charts use are told apart also by those who do not see red, green or blue."""
    charts = [v for page in report.pages for v in page.visual if v.kind in ("line", "column", "bar")]
    series = max(len(chart.measures) for chart in charts)
    for matrix in DEFICIENCIES.values():
        seen = [
            lab([sum(w * v for w, v in zip(row, channels(colour), strict=True)) for row in matrix])
            for colour in theme.DATA_COLOURS[:series]
        ]
        for one, other in combinations(seen, 2):
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 >= 20
