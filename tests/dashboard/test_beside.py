"""What stands beside numbers in the page, without a script: computed titles, changes, targets, small lines, panels."""

import dataclasses
import re
from decimal import Decimal
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.paths import ROOT
from etl.company.targets import Target
from etl.dashboard.beside import line
from etl.dashboard.html import html
from etl.dashboard.picture import Page, Picture, Series, Value, Visual
from tests.dashboard.pictures import AS_OF, INCOME

MONEY = '"€"#,0.00'
PACE = Series("Open Pace", "0.0%", "A share.", target=Target(measure="Open Pace", at_least=Decimal(1)))
GROWTH = Series("Net Revenue YoY %", "0.0%", "More than last year.")
REVENUE = Series("Net Revenue", MONEY, "What is left.", change=2)
MONTHS = tuple((f"2026-{month:02}", Decimal(month * 1000), Decimal(month) / 6) for month in range(1, 10))


def figures(revenue: Value, pace: Value, growth: Value, growth_target: Target | None = None) -> Visual:
    """Make a card of money with its change, and of a share with a target, over small lines."""
    spark = Visual("line", "All", "…", 6, "Year Month", (REVENUE, PACE), MONTHS)
    return Visual(
        kind="card",
        title="All",
        alt="All.",
        width=12,
        axis=None,
        series=(REVENUE, PACE, dataclasses.replace(GROWTH, target=growth_target)),
        rows=((None, revenue, pace, growth),),
        said="Ahead of the edition before: 112.3%",
        figures=2,
        spark=spark,
    )


def texts(*visuals: Visual) -> str:
    """Give what is read of visuals, without a mark of HTML."""
    page = html(Picture("T", AS_OF, True, "…", (Page("Income", "T", visuals),)))
    body = page.partition("<main>")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_a_card_says_the_computed_title_the_change_and_the_target() -> None:
    """Money has its currency; the arrow has a word for who cannot see it; the change's measure is named once."""
    read = texts(figures(Decimal("1234567.5"), Decimal("1.1234"), Decimal("0.05")))
    assert "Ahead of the edition before: 112.3%" in read
    assert "Net Revenue €1,234,567.50 ▲ up +5.0% Net Revenue YoY %" in read
    assert "Open Pace 112.3% ✓ meets the target: at least 100.0%" in read
    assert "€" in read and read.count("Net Revenue YoY %") == 1


def test_a_target_that_is_missed_is_said_in_words() -> None:
    """And in a sign, besides the colour; a number that is not known neither meets nor misses it."""
    assert "Open Pace 99.9% ✗ below the target: at least 100.0%" in texts(figures(1, Decimal("0.9994"), None))
    assert "target" not in texts(figures(1, None, None))


@pytest.mark.parametrize(
    ("growth", "said"),
    [(Decimal("-0.05"), "▼ down −5.0%"), (Decimal("0.0004"), "= unchanged 0.0%"), (None, "– Net Revenue YoY %")],
)
def test_a_change_has_its_direction(growth: Value, said: str) -> None:
    """As it is shown; of none that is not known."""
    assert said in texts(figures(1, 1, growth))


def test_nothing_is_good_or_bad_without_a_target() -> None:
    """A change is neutral, up or down; one whose measure has a target is judged by it."""
    page = html(Picture("T", AS_OF, True, "…", (Page("Income", "T", (figures(1, None, Decimal("-0.05")),)),)))
    body = page.partition("<main>")[2].partition("</main>")[0]
    assert 'class="change"' in body and "missed" not in body and "met" not in re.findall(r'class="(\w+)"', body)
    growing = Target(measure=GROWTH.name, at_least=Decimal(0))
    assert "below the target: at least 0.0%" in texts(figures(1, None, Decimal("-0.05"), growing))


def test_a_table_marks_what_misses_its_target() -> None:
    """Row by row."""
    table = Visual(
        "table", "P", "P.", 6, "Product", (PACE,), (("Compute", Decimal("1.2")), ("Storage", Decimal("0.5")))
    )
    read = texts(table)
    assert "Compute 120.0% ✓ meets the target: at least 100.0%" in read
    assert "Storage 50.0% ✗ below the target: at least 100.0%" in read


def test_a_chart_of_panels_has_a_table_for_each() -> None:
    """Named by its member; what is drawn of them are charts of their own."""
    panel = dataclasses.replace(INCOME.visuals[1], title="Compute")
    other = dataclasses.replace(panel, title="Storage", rows=panel.rows[:3])
    whole = dataclasses.replace(panel, title="By product", rows=(), panels=(panel, other))
    assert texts(whole).count("Days before close") == 2
    page = html(Picture("T", AS_OF, True, "…", (Page("Income", "T", (whole,)),)))
    assert re.findall(r"<h4[^>]*>(\w+)</h4>", page) == ["Compute", "Storage"]
    assert "There are no rows to show" not in page.partition("<main>")[2].partition("</main>")[0]


@given(st.lists(st.none() | st.floats(-1e12, 1e12), max_size=40))
def test_a_small_line_stays_in_its_place_and_has_all_points(values: list[float | None]) -> None:
    """From edge to edge, from the least to the greatest; nothing is drawn over a gap."""
    points = re.findall(r"([ML])([\d.]+) ([\d.]+)", line(values))
    there = [value for value in values if value is not None]
    starts = sum(v is not None and (n == 0 or values[n - 1] is None) for n, v in enumerate(values))
    assert len(points) == len(there) + starts
    assert sum(kind == "M" for kind, _, _ in points) == starts
    assert all(0 <= float(x) <= 100 and 2 <= float(y) <= 22 for _, x, y in points)
    if len(set(there)) > 1 and max(there) - min(there) > 1e-9:
        assert {min(float(y) for _, _, y in points), max(float(y) for _, _, y in points)} == {2.0, 22.0}


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_words_of_targets_stand_out(scheme: int) -> None:
    """WCAG 2: texts at least 4.5 to 1, on the surface that they stand on."""
    style = (ROOT / "etl/dashboard/style.css").read_text(encoding="utf-8")
    surface, good, bad = (re.findall(rf"--{name}: (#\w{{6}})", style)[scheme] for name in ("surface", "good", "bad"))
    assert min(contrast(ink, surface) for ink in (good, bad)) >= 4.5


def contrast(one: str, other: str) -> float:
    """Give WCAG's contrast of two colours."""
    dark, light = sorted(_luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
