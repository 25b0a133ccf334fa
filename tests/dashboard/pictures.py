"""Pictures made by hand: a small company's, with texts that want to be more than texts."""

import datetime as dt
from decimal import Decimal

from etl.dashboard.picture import Page, Picture, Series, Value, Visual

AS_OF = dt.datetime(2026, 3, 31, 0, 30, tzinfo=dt.UTC)
SCRIPT = "<script>document.title = 'run'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'run'\">"
REST = '</td></table>&amp; "it\'s" {{ 7 * 7 }} {a|b} ${x} \\u003c'

REVENUE = Series("Net Revenue", "#,0.00", "Gross plus returned revenue of the contracts.")
BEFORE = Series("Net Revenue LY", "#,0.00", "Net revenue of the same days one year before.")
CONTRACTS = Series("Contracts", "#,0", "Contracts that count: signed, paid or returned, and no test.")
RATE = Series("Return Rate", "0.0%", "Share of the gross revenue that was returned.")
PACE = Series("Open Pace", "0.0%", "Revenue to date as a share of the previous edition's at the same point.")

Rows = tuple[tuple[Value, ...], ...]


def card(title: str, *figures: tuple[Series, Value], width: int = 12) -> Visual:
    """Make a card of figures."""
    row = (None, *(value for _, value in figures))
    return Visual("card", title, f"{title}.", width, None, tuple(series for series, _ in figures), (row,))


def money(number: int) -> Decimal:
    """Give an amount that looks like one, the same each time."""
    return Decimal(number * 7_919_317 % 90_000_001 + 20_000_000) / 100


INCOME = Page(
    "Income",
    "What the open editions have sold, and how they do against the ones before at the same point",
    (
        card(
            "The open editions against the ones before",
            (REVENUE, Decimal("10234567890123456.785")),
            (CONTRACTS, 1_204_311),
            (PACE, Decimal("0.98765")),
            (RATE, None),
        ),
        Visual(
            "line",
            "Day by day until the close",
            "Two lines over the days before close: this edition's revenue, and the previous edition's.",
            6,
            "Days before close",
            (Series("Revenue to Date", "#,0.00", "Of the open edition."), BEFORE),
            tuple(
                (90 - day, sum((money(n) for n in range(day)), Decimal(0)) if day <= 60 else None, money(0) * day)
                for day in range(91)
            ),
        ),
        Visual(
            "table",
            "Each product's pace says whether its open edition is ahead",
            "A row per product: revenue, pace, whether it is open, and when it was opened.",
            6,
            "Product",
            (
                REVENUE,
                PACE,
                Series("Is Open", "General", "Whether it is open."),
                Series("Opened", "yyyy-mm-dd hh:mm", "When it was opened."),
            ),
            (
                ("Compute", Decimal("-1234.565"), Decimal("1.1"), True, dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)),
                ("Storage", Decimal("7123456.785"), None, False, None),
                ("NA", Decimal("0"), Decimal("0.0004"), None, dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)),
            ),
        ),
        Visual(
            "column",
            "Net revenue by month beside the same month one year before",
            "Two columns per month: net revenue, and that of one year before.",
            12,
            "Month",
            (REVENUE, BEFORE),
            tuple(
                (f"{2024 + n // 12}-{n % 12 + 1:02}", money(n), money(n + 77) if n > 11 else None) for n in range(27)
            ),
        ),
    ),
)

CLIENTS = Page(
    "Clients",
    "Who buys, and who comes back",
    (
        card("Clients", (Series("Active Clients", "#,0", "Clients with a contract."), 31_207), width=4),
        card("Retention", (Series("Retention", "0.00%", "Clients that came back."), Decimal("0.41235")), width=4),
        card("Change", (Series("Growth", "+#,0.00;-#,0.00", "Against last year."), Decimal("-1523.005")), width=4),
        Visual(
            "bar",
            "The largest clients",
            "A bar per client: net revenue, the greatest first.",
            6,
            "Client",
            (REVENUE,),
            tuple(
                (name, Decimal(amount))
                for name, amount in [
                    (SCRIPT, "912345.67"),
                    (IMAGE, "812345.5"),
                    (REST, "500000"),
                    ("María-José Ñandú 🦙 of the very long name that no axis has the room for", "400000.01"),
                    ("", "120000"),
                    ("Zero & Sons", "0"),
                    ("Returned Ltd", "-80000.5"),
                ]
            ),
        ),
        Visual(
            "column",
            "Contracts and returns by edition",
            "A column per edition for contracts, and one for the share returned.",
            6,
            "Edition",
            (CONTRACTS, RATE),
            tuple((2018 + n, 400 + n * 37, Decimal(n) / 100) for n in range(8)),
        ),
        Visual("bar", "Who left", "A bar per reason.", 12, "Reason", (CONTRACTS,), ()),
    ),
)

PICTURE = Picture(
    "Cloud Services", AS_OF, True, "From the sample's warehouse, made by the night of 2026-03-31.", (INCOME, CLIENTS)
)

ANCHORS = ("income", "clients")
"""The pages' names in links."""
