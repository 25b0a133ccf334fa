"""Receipts: what a table holds, the same whoever computes it and in however many parts."""

import datetime as dt
import time
from decimal import Context, Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.core.receipt import ColumnReceipt, TableReceipt
from etl.receipts.arrow import add, canonical, has_range, has_sum, less, receipt_of, without_limits
from etl.receipts.level import Level
from tests.core.any_tables import tables

WIDE = Context(prec=200)


@given(table=tables(), cuts=st.lists(st.integers(0, 12), max_size=3))
def test_the_receipts_of_the_parts_add_up_to_that_of_the_whole(table: pa.Table, cuts: list[int]) -> None:
    """Wherever the table is split, also into parts without a row."""
    places = [0, *sorted(min(cut, table.num_rows) for cut in cuts), table.num_rows]
    parts = [table.slice(a, b - a) for a, b in pairwise(places)]
    assert add([receipt_of(part) for part in parts], table.schema) == receipt_of(table)


@given(table=tables(), cut=st.integers(0, 12))
def test_the_receipt_of_the_whole_less_that_of_a_part_is_that_of_the_rest(table: pa.Table, cut: int) -> None:
    """But for least and greatest values, which may have gone with the part; also where nothing but NULL is left."""
    part, rest = table.slice(0, cut), table.slice(cut)
    left = less(receipt_of(table), receipt_of(part))
    assert without_limits(left) == without_limits(receipt_of(rest))


@given(table=tables(), cuts=st.sets(st.integers(0, 12), max_size=4))
def test_the_receipts_of_runs_are_those_of_each_run(table: pa.Table, cuts: set[int]) -> None:
    """But for least and greatest values; all runs at once, as the months of a table are reckoned."""
    begins = sorted({0, *(cut for cut in cuts if cut < len(table))})
    runs = [table.slice(a, b - a) for a, b in pairwise([*begins, len(table)])] if len(table) else []
    found = Level.FULL.receipts_of_runs(table, table.schema, np.array(begins)) if len(table) else []
    assert found == [without_limits(Level.FULL.receipt(run, table.schema)) for run in runs]


@given(table=tables())
def test_a_receipt_is_what_python_counts(table: pa.Table) -> None:
    """Exactly: no sum wraps around, no decimal is rounded, no NULL counts as a value."""
    for field, column in zip(table.schema, table.columns, strict=True):
        found = receipt_of(table).columns[field.name]
        values = [value for value in column.to_pylist() if value is not None]
        assert found.nulls == table.num_rows - len(values)
        if has_sum(field.type):
            assert found.sum == (canonical(exact_sum(values)) if values else None)
        if has_range(field):
            assert found.min == (canonical(min(values)) if values else None)
            assert found.max == (canonical(max(values)) if values else None)


def exact_sum(values: list[Any]) -> Decimal:
    scale = max((-int(v.as_tuple().exponent) for v in values if isinstance(v, Decimal)), default=0)
    total = sum(int(v * 10**scale) if isinstance(v, int) else int(str(v.scaleb(scale, WIDE))) for v in values)
    return Decimal(total).scaleb(-scale, WIDE)


def test_a_sum_beyond_64_bits_is_exact() -> None:
    """Ids of 18 digits add up to more than that in a few rows."""
    receipt = receipt_of(pa.table({"id": [2**62] * 4}))
    assert receipt.columns["id"].sum == str(2**64)


def test_a_sum_of_more_than_28_digits_is_exact() -> None:
    """Python's decimals round to 28 digits unless told otherwise."""
    parts = [TableReceipt(rows=1, columns={"x": ColumnReceipt(nulls=0, sum=text)}) for text in ("1" * 38, "0.5")]
    total = add(parts, pa.schema([("x", pa.decimal128(38, 1))]))
    assert total.columns["x"].sum == "1" * 38 + ".5"


def test_nothing_adds_up_to_nothing() -> None:
    """A table without a part has no row, no sum, no least value."""
    total = add([], pa.schema([("x", pa.int64())]))
    assert total == TableReceipt(rows=0, columns={"x": ColumnReceipt(nulls=0)})


CANONICAL: list[tuple[Any, str | None]] = [
    (None, None),
    (0, "0"),
    (-7, "-7"),
    (Decimal("12.50"), "12.5"),
    (Decimal("12.00"), "12"),
    (Decimal("100"), "100"),
    (Decimal("1E+3"), "1000"),
    (Decimal("0E-9"), "0"),
    (Decimal("-0.00"), "0"),
    (Decimal("0.000000001"), "0.000000001"),
    (dt.date(2031, 5, 18), "2031-05-18"),
    (dt.datetime(2031, 5, 18, 2, 30), "2031-05-18T02:30:00+00:00"),
    (dt.datetime(2031, 5, 18, 2, 30, tzinfo=dt.UTC), "2031-05-18T02:30:00+00:00"),
    (dt.datetime(2031, 5, 18, 4, 30, tzinfo=ZoneInfo("Europe/Madrid")), "2031-05-18T02:30:00+00:00"),
    (dt.datetime(2031, 5, 18, 2, 30, 0, 5, tzinfo=dt.UTC), "2031-05-18T02:30:00.000005+00:00"),
]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
@pytest.mark.parametrize(("value", "text"), CANONICAL)
def test_a_value_is_written_the_same_way_whatever_computed_it(
    value: object, text: str | None, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its scale or zone, and whatever zone the machine is in."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        written = canonical(value)
    time.tzset()
    assert written == text


def test_differences_are_clauses_that_name_the_column() -> None:
    """Rows, what differs in a column, and a column that is not there."""
    mine = TableReceipt(rows=1000, columns={"a": ColumnReceipt(nulls=0, sum="5"), "b": ColumnReceipt(nulls=0)})
    theirs = TableReceipt(rows=999, columns={"a": ColumnReceipt(nulls=1, sum="4")})
    said = mine.differences(theirs)
    assert said[0] == "1,000 rows are 999"
    assert any("a" in clause and "5" in clause and "4" in clause for clause in said)
    assert said[-1] == "b is missing"
    assert mine.differences(mine) == []
