"""What the page answers to a choice is what SQL says under that filter: every single one, and several at once."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.dashboard import data as dashboard_data
from etl.dashboard import drilled
from etl.dashboard.asked import Source
from etl.dashboard.asked import asked as asked_visual
from etl.dashboard.formats import NONE
from etl.dashboard.slicers import calendar_of
from etl.report.sql import Composer
from tests.dashboard.choices import NEEDED, Asked, Drilled, answered
from tests.report.small_star import CONTRACTS, Rows, opened, report_of

pytestmark = NEEDED
NASTY = ["North", "NORTH ", "north", "__proto__", "</script>", "constructor", 'O\'Neill \\ "x"', "Ñandú", "", None]
SLICERS = ("dim_day.month", "dim_shop.region", "dim_shop.is_open", "fact_sale.kind")
COUNTED = {"folder": "All", "meaning": "A figure."}
MEASURES = [
    Measure(name="Amount", of="fact_sale", sum="amount", format="#,0.00", **COUNTED),
    Measure(name="Sales", of="fact_sale", count=True, format="#,0", **COUNTED),
    Measure(name="Average", formula="[Amount] / [Sales]", format="#,0.0", **COUNTED),
    Measure(name="Balance", formula="2 * [Amount] - [Paid] + 0.5 * [Sales]", format="#,0.00", **COUNTED),
    Measure(name="Paid", of="fact_sale", sum="amount", where={"is_paid": True}, format="#,0", **COUNTED),
    Measure(name="Share", formula="[Amount] / [Of All]", format="0.0%", **COUNTED),
    Measure(name="Of All", of="fact_sale", sum="amount", ignores=("dim_shop",), format="#,0.00", **COUNTED),
    Measure(name="Shops", of="fact_sale", distinct="shop_key", known=("shop_key",), format="#,0", **COUNTED),
    Measure(name="Last Day", of="fact_sale", max="day", format="yyyy-mm-dd", **COUNTED),
    Measure(name="Least", of="fact_sale", min="amount", format="#,0.00", **COUNTED),
    Measure(name="Stock", of="fact_sale", sum="pieces", latest=("till", "sale_id"), format="#,0", **COUNTED),
    Measure(name="Open Shops", of="dim_shop", count=True, where={"is_open": True}, format="#,0", **COUNTED),
    Measure(name="Rows", of="fact_sale", sql="COUNT(*)", dax="COUNTROWS(Sale)", format="General", **COUNTED),
]
SAID = {"title": "Figures", "alt": "Figures."}
VISUALS = [
    Visual(kind="card", measures=("Amount", "Sales", "Average", "Balance", "Share", "Shops", "Last Day"), **SAID),
    Visual(kind="card", measures=("Rows", "Stock", "Open Shops", "Least"), **SAID),
    Visual(kind="bar", measures=("Amount", "Share"), by="dim_shop.region", **SAID),
    Visual(kind="line", measures=("Amount", "Stock"), by="dim_day.day", descending=True, **SAID),
    Visual(kind="column", measures=("Shops", "Sales"), by="dim_day.month", top=2, top_by="Last Day", **SAID),
    Visual(kind="table", measures=("Sales", "Shops"), by="dim_shop.shop_id", names="dim_shop.region", top=2, **SAID),
    Visual(kind="table", measures=("Sales",), by="dim_shop.shop_id", top=2, top_by="Shops", **SAID),
]
PAGE = Page(name="All", title="All", slicers=SLICERS, visual=tuple(VISUALS))
REPORT = replace(report_of(MEASURES), pages=(PAGE,))


def drawn_rows(seed: int, sales: int = 60) -> dict[str, Rows]:
    """Draw a star: days of two years, shops in regions of all spellings, sales of which some know nothing."""
    draw = random.Random(seed)
    days = [dt.date(2025, 1, 1) + dt.timedelta(days=draw.randrange(700)) for _ in range(12)]
    shops = [(n, draw.choice(NASTY), draw.choice([True, False, None])) for n in range(1, 9)]
    return {
        "dim_day": [{"day_key": 0, "day": None, "month": None}]
        + [{"day_key": n, "day": day, "month": day.month} for n, day in enumerate(days, 1)],
        "dim_shop": [{"shop_key": 0}]
        + [{"shop_key": n, "shop_id": n, "region": region, "is_open": is_open} for n, region, is_open in shops],
        "fact_sale": [
            {
                "sale_id": n,
                "day_key": draw.randrange(13),
                "shop_key": draw.randrange(9),
                "day": draw.choice([*days, None]),
                "till": draw.randrange(3),
                "amount": draw.choice([None, Decimal(draw.randrange(-500, 90_000)) / 100]),
                "pieces": draw.choice([None, draw.randrange(5)]),
                "is_paid": draw.choice([True, False, None]),
                "kind": draw.choice(["a", "A ", "b", None]),
            }
            for n in range(sales)
        ],
    }


@pytest.fixture(scope="module", params=[(1, True), (2, True), (2, False)])
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    """Give a report over a star that was drawn, asked of who keeps what questions are put to, and of who does not."""
    seed, is_keeping = request.param
    with opened(drawn_rows(seed)) as star:
        yield Asked.of(REPORT, CONTRACTS, star.read if is_keeping else lambda sql: star.read(sql))


def test_every_single_choice_is_what_sql_says(asked: Asked) -> None:
    """Combinations of one member, or all, of each slicer that the measures answer to."""
    asks = [(number, context) for number in range(len(VISUALS)) for context in asked.contexts(number)]
    assert len(asks) > 1_000
    asks = random.Random(0).sample(asks, 400)
    asked.compare(asks, answered(asked.queries, asks))


def test_every_level_that_is_drilled_down_to_is_what_sql_says(asked: Asked) -> None:
    """The members of the next level under one member of each above it, and under each single choice besides."""
    lower = Drilled(asked.report, asked.contracts, asked.read, asked.given)
    assert [visual.by for visual in lower.visuals] == ["dim_shop.is_open", "dim_shop.shop_id", "dim_day.day"]
    every = [(number, lower.contexts(number)) for number in range(len(lower.visuals))]
    asks = [(number, context) for number, of in every for context in random.Random(4).sample(of, 60)]
    lower.compare(asks, answered(lower.queries, asks))


def test_what_can_be_drilled_down_to_is_dropped_first_where_the_file_would_be_too_large(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The choices stay as they are."""
    (visuals,) = asked.given["visuals"]
    size = sum(len(query["cells"]) for visual in visuals for query in visual["queries"].values())
    monkeypatch.setattr(dashboard_data, "MOST_BYTES", size + len(visuals[2]["down"][0]["query"]["cells"]))
    (others,) = dashboard_data.data(REPORT, CONTRACTS, asked.read)["visuals"]
    assert [visual["queries"] for visual in others] == [visual["queries"] for visual in visuals]
    assert [len(visual["down"]) for visual in visuals] == [0, 0, 2, 0, 1, 0, 0]
    assert [len(visual["down"]) for visual in others] == [0, 0, 1, 0, 0, 0, 0]


def test_a_level_of_too_many_members_is_not_drilled_down_to(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what is below it."""
    source = Source(REPORT, Composer(REPORT, CONTRACTS), asked.read, calendar_of(CONTRACTS))
    monkeypatch.setattr(drilled, "MOST_MEMBERS", 2)  # a shop is open, or it is not
    assert [each.visual.by for each in drilled.lower(VISUALS[2], (), source, CONTRACTS)] == ["dim_shop.is_open"]
    monkeypatch.setattr(drilled, "MOST_MEMBERS", 1)
    assert drilled.lower(VISUALS[2], (), source, CONTRACTS) == []


def test_several_choices_and_months_are_what_sql_says(asked: Asked) -> None:
    """Of what can be put together from parts: sums, counts, distinct counts, ratios, least and greatest values."""
    draw = random.Random(3)
    asks = [(number, asked.several(number, draw)) for number in draw.choices([0, 2, 4, 5], k=150)]
    asked.compare(asks, answered(asked.queries, asks))


def test_balances_and_what_is_written_by_hand_say_choose_one(asked: Asked) -> None:
    """The latest of several members' balances is of the last day of all of them, which no part knows."""
    several = {str(asked.reached(3)[0]): [0, 1]}
    assert answered(asked.queries, [(1, several), (3, several)]) == [{"choose": "one"}] * 2


def test_a_number_without_a_format_is_as_exact_as_sql_has_it() -> None:
    """Put together from parts, too; of a formula the format does not say how many places, so one has to be chosen."""
    plain = [
        measure.model_copy(update={"format": "General"})
        for measure in MEASURES
        if measure.name in {"Amount", "Sales", "Shops", "Last Day", "Least", "Balance", "Paid"}
    ]
    *parts, balance = [m.name for m in plain if m.name != "Balance"] + ["Balance"]
    visuals = tuple(
        Visual(kind="table", measures=tuple(of), by="dim_shop.region", top=3, top_by=by, **SAID)
        for of, by in ((parts, "Amount"), ([balance], "Balance"), (parts[:1], "Balance"))
    )
    with opened(drawn_rows(1)) as star:
        page = PAGE.model_copy(update={"visual": visuals})
        asked = Asked.of(replace(report_of(plain), pages=(page,)), CONTRACTS, star.read)
        draw = random.Random(6)
        several = [asked.several(0, draw) for _ in range(40)]
        asks = [(number, choices) for choices in several for number in (0, 2)]
        asked.compare(asks, answered(asked.queries, asks))
        month = str(next(n for n, slicer in enumerate(asked.given["slicers"]) if slicer["column"] == "dim_day.month"))
        assert answered(asked.queries, [(1, {month: [0, 1]})]) == [{"choose": "one"}]


def test_a_measure_that_does_not_answer_to_a_choice_is_nothing(asked: Asked) -> None:
    """The open shops know no month, so that under one there is no number, and never the unfiltered one."""
    month = next(n for n, slicer in enumerate(asked.given["slicers"]) if slicer["column"] == "dim_day.month")
    place = VISUALS[1].measures.index("Open Shops")
    assert asked.queries[1]["unreached"][month] == [place]
    everything, january = answered(asked.queries, [(1, {}), (1, {str(month): [0]})])
    assert everything["rows"][0][1 + place] is not None
    assert january["rows"][0][1 + place] is None


def test_members_are_told_apart_by_their_folded_texts(asked: Asked) -> None:
    """One member for all spellings, in order; NULL is a member of its own, which has a name, and comes last."""
    members = next(s["members"] for s in asked.given["slicers"] if s["column"] == "dim_shop.region")
    folded = [member.strip().upper() for member in members]
    assert len(set(folded)) == len(folded)
    assert members[-1] == NONE
    assert len(members) > 3


def test_a_star_without_a_row_has_no_members_and_no_numbers() -> None:
    """A choice cannot be made; counts by hand are 0, the others nothing."""
    with opened({"dim_day": [], "dim_shop": [], "fact_sale": []}) as star:
        asked = Asked.of(REPORT, CONTRACTS, star.read)
        assert [slicer["members"] for slicer in asked.given["slicers"]] == [()] * len(SLICERS)
        asks = [(number, dict[str, Any]()) for number in range(len(VISUALS))]
        asked.compare(asks, answered(asked.queries, asks))


def test_a_report_without_slicers_and_calendar_answers_nothing_but_all() -> None:
    """Its page has no sentence about choosing."""
    contracts = {name: contract for name, contract in CONTRACTS.items() if name != "dim_day"}
    visual = Visual(kind="card", measures=("Open Shops",), **SAID)
    report = replace(report_of([MEASURES[11]]), views={}, pages=(Page(name="A", title="A", visual=(visual,)),))
    with opened(drawn_rows(1)) as star:
        asked = Asked.of(report, {"dim_shop": contracts["dim_shop"]}, star.read)
        assert (asked.given["slicers"], asked.given["months"]) == ([], [])
        assert asked.given["pages"] == [{"slicers": [], "offered": [], "months": None, "mode": "single", "note": ""}]
        asked.compare([(0, {})], answered(asked.queries, [(0, {})]))


def test_a_visual_of_too_many_rows_does_without_the_last_slicers() -> None:
    """It says that it does not answer to them, and the rows that the page shows anyway are there."""
    with opened(drawn_rows(1)) as star:
        source = Source(REPORT, Composer(REPORT, CONTRACTS), star.read, calendar_of(CONTRACTS))
        whole, few = (asked_visual(VISUALS[2], SLICERS, replace(source, most_rows=most)) for most in (40_000, 60))
    assert whole.slicers == SLICERS
    assert SLICERS[: len(few.slicers)] == few.slicers != SLICERS
    assert all(few.unreached[column] == [0, 1] for column in SLICERS[len(few.slicers) :])
    all_of = {context: rows for context, rows in whole.contexts.items() if set(context) == {-1}}
    assert few.contexts[(-1,) * len(few.slicers)] == next(iter(all_of.values()))


def test_what_is_answered_from_fits_into_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts go first, then the last slicers; where nothing else is left, the page shows what it shows unasked."""
    report = replace(REPORT, pages=(PAGE.model_copy(update={"visual": (VISUALS[2],)}),))
    monkeypatch.setattr(dashboard_data, "_LEVELS", ((40_000, 12_000), (40_000, 0), (0, 0)))
    with opened(drawn_rows(1)) as star:
        sizes = [1_000_000]
        for _ in range(3):
            monkeypatch.setattr(dashboard_data, "MOST_BYTES", sizes[-1] - 1)
            asked = Asked.of(report, CONTRACTS, star.read)
            sizes.append(len(asked.queries[0]["cells"]))
            asked.compare([(0, {})], answered(asked.queries, [(0, {})]))
        assert sizes[0] > sizes[1] > sizes[2] > sizes[3]
        assert all(query["reach"] == [] for query in asked.queries)


def test_a_member_whose_rows_have_no_value_can_be_chosen() -> None:
    """Sales of which no amount is known: a page without a card has no row of them, and parts that have."""
    visuals = tuple(Visual(kind="table", measures=("Amount",), by="dim_shop.region", **SAID) for _ in range(2))
    page = PAGE.model_copy(update={"visual": visuals, "slicers": ("dim_day.month",)})
    rows = drawn_rows(1)
    unknown = [{**sale, "amount": None if sale["day_key"] == 0 else sale["amount"]} for sale in rows["fact_sale"]]
    with opened({**rows, "fact_sale": unknown}) as star:
        asked = Asked.of(replace(REPORT, pages=(page,)), CONTRACTS, star.read)
        slicer = asked.given["slicers"][0]
        asks = [(0, {"0": [slicer["members"].index(NONE)]}), (0, {"0": [0, 1]})]
        asked.compare(asks, answered(asked.queries, asks))
