"""What a report's questions are put to is made once: a table's rows are joined once, and grouped once a grain."""

from dataclasses import dataclass, field, replace

import pyarrow as pa

from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.dashboard.data import answers_of
from etl.load.duckdb.reading import Reader
from tests.report.small_star import CONTRACTS, Rows, opened, report_of

SAID = {"folder": "All", "meaning": "A figure.", "format": "#,0"}
MEASURES = [
    Measure(name="Amount", of="fact_sale", sum="amount", **SAID),
    Measure(name="Sales", of="fact_sale", count=True, **SAID),
    Measure(name="Average", formula="[Amount] / [Sales]", **SAID),
    Measure(name="Shops", of="fact_sale", distinct="shop_key", **SAID),
]
SALES: dict[str, Rows] = {
    "dim_day": [{"day_key": 0}],
    "dim_shop": [{"shop_key": 0}, {"shop_key": 1, "shop_id": 1, "region": "North"}],
    "fact_sale": [{"sale_id": n, "day_key": 0, "shop_key": 1, "till": 1, "pieces": 1} for n in range(3)],
}


@dataclass
class Listening:
    """Whoever reads, with a list of what was kept."""

    read: Reader
    kept: list[str] = field(default_factory=list)

    def __call__(self, sql: str) -> pa.Table:
        """Run a query."""
        return self.read(sql)

    def keep(self, sql: str) -> str:
        """Keep a query's rows."""
        self.kept.append(sql)
        return self.read.keep(sql)


def kept(*visuals: tuple[tuple[str, ...], str | None]) -> int:
    """Ask for visuals of these measures by these axes, and return how many relations were kept."""
    shown = [
        Visual(kind="table" if by else "card", title="T", alt="A", measures=measures, by=by) for measures, by in visuals
    ]
    page = Page(name="P", title="P", slicers=("dim_shop.shop_id", "dim_day.month"), visual=tuple(shown))
    with opened(SALES) as star:
        listening = Listening(star.read)
        answers_of(replace(report_of(MEASURES), views={}, pages=(page,)), CONTRACTS, listening)
    return len(listening.kept)


def test_measures_of_a_table_share_its_rows_and_their_groups() -> None:
    """The rows, and one grain of them, however many visuals and measures there are."""
    assert kept((("Amount",), None)) == 2
    assert kept((("Amount",), None), (("Sales",), None), (("Average", "Amount"), None)) == 2


def test_an_axis_that_is_a_slicer_makes_no_other_groups() -> None:
    """Any other axis does, and so does what is counted once."""
    assert kept((("Amount",), None), (("Amount",), "dim_shop.shop_id")) == 2
    assert kept((("Amount",), None), (("Amount",), "dim_day.day")) == 3
    assert kept((("Amount",), None), (("Shops",), "dim_shop.shop_id"), (("Shops",), None)) == 3
