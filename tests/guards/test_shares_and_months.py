"""The rules of the guards over a star, on figures alone: floors and shares, what creeps, what leaves the window."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.contract import (
    Date,
    Dimension,
    Fact,
    Integer,
    Key,
    Money,
    attribute,
    measure,
    natural_key,
    reference,
    surrogate_key,
)
from etl.contract.table import Contract
from etl.core.counts import Unknown
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.core.receipt import TableReceipt
from etl.guards.calendar import Calendar
from etl.guards.every import STAR
from etl.guards.months import months
from etl.guards.star import StarSeen


class FactSale(Fact, closed_months="day", tolerance=0.05, rejects=0.01, unknown=0.01):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")
    day: Date = attribute("When.")
    price: Money = measure("What it cost.")


class DimShop(Dimension):
    """One row per shop."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")


FACT, DIMENSION = Contract.of("fact_sale", FactSale), Contract.of("dim_shop", DimShop)
TODAY = datetime(2031, 5, 18, 2, 30, tzinfo=UTC)
CALENDAR = Calendar("Europe/Madrid", window_years=3)


def built(rows: int, **told: Any) -> StarTable:
    """Make tonight's entry of a table."""
    return StarTable(
        **{"run": "", "raw_run": "", "files": (), "seconds": 0, "as_of": TODAY, "handed": rows} | told,
        receipt=TableReceipt(rows=rows, columns={}),
    )


def published(rows: int, days: int = 1, contract: Contract = FACT, **told: Any) -> LoadedManifest:
    """Make the manifest of an earlier night that published one table."""
    accepted, columns = told.pop("accepted", {}), told.pop("columns", ("shop_key",))
    table = LoadedTable(star=built(rows, as_of=TODAY - timedelta(days=days), **told), bytes=0, columns=columns)
    return LoadedManifest.model_construct(tables={contract.name: table}, accepted=accepted)


def refused(table: StarTable, *kept: LoadedManifest, contract: Contract = FACT) -> set[str]:
    """Name the guards that refuse tonight's table."""
    seen = StarSeen(contract, table, kept, CALENDAR, lambda *_: None)
    return {refusal.guard for guard in STAR for refusal in guard.refusals(seen)}


@given(handed=st.integers(1, 5000), share=st.floats(0, 1))
def test_ten_rejects_are_always_allowed_but_never_more_than_half(handed: int, share: float) -> None:
    """And never all: a table is not published empty."""
    count = round(share * handed)
    allowed = count <= max(min(10, handed // 2), 0.01 * handed) and count < handed
    assert (refused(built(handed - count, handed=handed, rejected={"why": count})) == set()) == (allowed or not count)
    nameless = {"shop_key": Unknown(unmatched=count)}
    assert (refused(built(handed, unknown=nameless)) == set()) == (count <= max(min(10, handed // 2), 0.01 * handed))


@pytest.mark.parametrize(
    ("contract", "now", "then", "lost"),
    [
        (FACT, 0, 1, True),
        (FACT, 1, 3, False),  # a few
        (FACT, 10, 20, False),
        (FACT, 9, 20, True),
        (FACT, 500, 1000, False),
        (FACT, 499, 1000, True),
        (FACT, 0, 0, False),
        (DIMENSION, 1, 6, True),  # the unknown member alone
        (DIMENSION, 2, 6, False),
        (DIMENSION, 1, 1, False),
    ],
)
@pytest.mark.parametrize("days", [1, 7])
def test_no_table_loses_all_its_rows_or_most(contract: Contract, now: int, then: int, lost: bool, days: int) -> None:
    """Compared with last night and with a week before."""
    nights = [published(then, 7, contract), published(then if days == 1 else now + (then - now) // 2, 1, contract)]
    assert refused(built(now), *nights[-1:] if days == 1 else nights, contract=contract) == (
        {"lost"} if lost else set()
    )


def test_a_contract_may_let_a_table_be_emptied() -> None:
    """One of open orders, say; all of its rows being rejected is another matter."""
    emptied = replace(FACT, lost=1.0)
    assert refused(built(0), published(1000), contract=emptied) == set()
    assert refused(built(0, handed=3, rejected={"why": 3}), published(1000), contract=emptied) == {"rejects"}
    assert refused(built(200), published(1000), contract=replace(FACT, lost=0.8)) == set()
    assert refused(built(199), published(1000), contract=replace(FACT, lost=0.8)) == {"lost"}


def test_references_that_go_missing_a_few_each_night_are_seen_in_a_week() -> None:
    """What a person let pass is the new measure; a reference that was not there has no measure."""
    creep = [published(10_000, 8 - day, unknown={"shop_key": Unknown(null=50 * day)}) for day in range(1, 8)]
    tonight = built(10_000, unknown={"shop_key": Unknown(null=400)})
    assert refused(tonight, creep[-1]) == set()
    assert refused(tonight, *creep) == {"unknown"}
    looked = [
        *creep[:-1],
        published(10_000, 1, unknown={"shop_key": Unknown(null=350)}, accepted={"fact_sale.shop_key:unknown": ""}),
    ]
    assert refused(tonight, *looked) == set()
    assert refused(tonight, published(10_000, 1)) == {"unknown"}
    assert refused(tonight, published(10_000, 1, columns=("day", "price"))) == set()


def judge(
    now: dict[str, Any],
    *kept: LoadedManifest,
    rows: int | None = 101,
    calendar: Calendar = CALENDAR,
    **told: Any,
) -> bool:
    """Whether the guard refuses tonight's sums."""
    table = built(1, months=sums(now), **told)
    return bool(months.refusals(StarSeen(FACT, table, kept, calendar, lambda *_: rows)))


def sums(prices: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Write sums as manifests do."""
    return {month: {"price": str(price)} for month, price in prices.items()}


def night(prices: dict[str, Any], days: int = 1, **told: Any) -> LoadedManifest:
    """Make the manifest of an earlier night with these sums."""
    return published(1, days, months=sums(prices), **told)


@pytest.mark.parametrize(
    ("then", "now", "is_refused"),
    [
        ({"1995-01": 100}, {"1995-01": 216}, True),
        ({"1995-01": 100}, {"1995-01": 40}, True),
        ({"1995-01": 100}, {"1995-01": 105}, False),
        ({"1995-01": 100}, {"1995-01": "105.01"}, True),
        ({"1995-01": -100}, {"1995-01": "-105.01"}, True),
        ({"1995-01": 10**30}, {"1995-01": 2 * 10**30}, True),
        ({"1995-01": 1, "2031-04": 100}, {"1995-01": 1, "2031-04": 1}, True),
        ({"1995-01": 1, "2031-05": 100}, {"1995-01": 1, "2031-05": 1}, False),  # it is not over
        ({"2028-05": 100, "2029-01": 7}, {"2028-05": 40, "2029-01": 7}, False),  # nothing older was published
        ({"2028-05": 100, "2029-01": 7}, {"2028-05": 140, "2029-01": 7}, True),  # but it does not grow
        ({"2028-06": 100}, {"2028-06": 40}, True),
    ],
)
def test_every_closed_month_is_judged_unless_it_leaves_the_window(
    then: dict[str, Any], now: dict[str, Any], is_refused: bool
) -> None:
    """The window begins in May 2028; a few rows may always change, and many that cannot be counted are many."""
    assert judge(now, night(then)) == is_refused
    assert judge(now, night(then), rows=None) == is_refused
    assert not judge(now, night(then), rows=100)


def test_rows_that_left_the_window_are_known_or_may_be_gone() -> None:
    """Where a query cuts at the window they are gone without a trace; older manifests did not count them."""
    then, now = {"1995-01": 100, "2029-01": 7}, {"1995-01": 40, "2029-01": 7}
    assert judge(now, night(then))
    assert not judge(now, night(then), left=sums({"1995-01": 60}))
    assert not judge(now, night(then), calendar=Calendar("UTC", 3, cut=True))
    assert judge({"1995-01": 140}, night(then), calendar=Calendar("UTC", 3, cut=True))
    assert not judge(now, night(then, columns=()))


def test_months_that_creep_are_seen_in_a_week() -> None:
    """Four percent a night are within the tolerance; the sums of a week before are not."""
    creep = [night({"1995-01": Decimal(100) * Decimal("1.04") ** day}, 8 - day) for day in range(1, 8)]
    tonight = {"1995-01": Decimal(100) * Decimal("1.04") ** 8}
    assert not judge(tonight, creep[-1])
    assert judge(tonight, *creep)
    looked = night({"1995-01": Decimal(100) * Decimal("1.04") ** 7}, 1, accepted={"fact_sale:months": "looked at"})
    assert not judge(tonight, *creep[:-1], looked)
