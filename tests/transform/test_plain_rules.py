"""What Arrow judges by itself is judged as by pandera: the same rows, with the same reasons in the same order."""

import datetime as dt
from decimal import Decimal as Exact
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract import Date, Decimal, Fact, Integer, Number, Text, Timestamp, attribute, natural_key
from etl.contract.table import Contract
from etl.transform import plain_rules, rules

Wide = Decimal(35, 6)
NOON = dt.datetime(2030, 3, 1, 12, tzinfo=dt.UTC)


class FactAll(Fact):
    """One row per thing."""

    whole: Integer = natural_key("Its number.")
    some: Integer = attribute("At least 0, and few.", nullable=True, ge=0, isin=[0, 1, 2, -5])
    exact: Decimal(12, 2) = attribute(
        "Within a range.", in_range={"min_value": 0, "max_value": 9, "include_min": False}
    )  # type: ignore[valid-type]
    half: Decimal(12, 2) = attribute("Compared with a fraction.", nullable=True, lt=0.5)  # type: ignore[valid-type]
    wide: Wide = attribute("Of many digits.", nullable=True, ge=0, ne=7)  # type: ignore[valid-type]
    word: Text = attribute("One of some, and not too late.", nullable=True, notin=["b"], le="x")
    day: Date = attribute("After a day.", nullable=True, gt=dt.date(2030, 3, 1))
    moment: Timestamp = attribute("Not after a moment.", nullable=True, le=NOON)


class FactMore(FactAll):
    """One row per thing, with rules that pandera judges."""

    pattern: Text = attribute("Of capitals.", nullable=True, str_matches="[A-Z]+")
    number: Number = attribute("At most 1.", nullable=True, le=1)


DAYS = st.dates(dt.date(2030, 2, 27), dt.date(2030, 3, 3))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-2, 2),
    "some": st.integers(-6, 3),
    "exact": st.decimals(-1, 10, places=2),
    "half": st.sampled_from([Exact("0.49"), Exact("0.50"), Exact("0.51"), Exact(-1)]),
    "wide": st.sampled_from([Exact(7), Exact("7.000001"), Exact(0), Exact("-0.000001"), Exact(10) ** 28]),
    "word": st.sampled_from(["", "a", "b", "x", "xa", "é"]),
    "day": DAYS,
    "moment": st.sampled_from([NOON, NOON + dt.timedelta(microseconds=1), NOON - dt.timedelta(days=1)]),
    "pattern": st.sampled_from(["A", "a", "", "AB1"]),
    "number": st.sampled_from([0.0, 1.0, 1.1, float("inf")]),
}


def table_of(model: type[Fact], rows: list[dict[str, Any]]) -> tuple[pa.Table, Contract]:
    """Put rows into a table of a contract's types."""
    contract = Contract.of("fact_all", model)
    return pa.Table.from_pylist(rows, contract.schema), contract


ROW = st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()})


@pytest.mark.parametrize("model", [FactAll, FactMore])
@given(rows=st.lists(ROW, max_size=8))
@settings(max_examples=30, deadline=None)
def test_the_same_rows_are_rejected_for_the_same_reasons(model: type[Fact], rows: list[dict[str, Any]]) -> None:
    """Of whatever values, NULL among them; also where only some rules are Arrow's to judge."""
    table, contract = table_of(model, rows)
    assert rules.broken_rules(table, contract) == rules._by_pandera(table, contract, tuple(table.column_names))


def test_arrow_judges_plain_columns_and_leaves_the_others() -> None:
    """So that the test above compares what it says it does."""
    table, contract = table_of(FactMore, [dict.fromkeys(VALUES)])
    columns = contract.model.to_schema().columns
    left = {name for name in columns if plain_rules.broken(table.column(name), columns[name]) is None}
    assert left == {"pattern", "number"}
