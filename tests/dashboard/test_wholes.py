"""Numbers as the page takes them are those that the formats write: rounded by their digits, and never by their bits."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.core.errors import ContractError
from etl.dashboard.formats import rounded
from etl.dashboard.wholes import wholes

PLACES = st.integers(0, 6)
HALVES = st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 6)).map(lambda of: (of[0] + 0.5) / 10 ** of[1])


def column(values: list[Any], kind: pa.DataType) -> pa.ChunkedArray:
    """Give values in two chunks."""
    return pa.chunked_array([values[:1], values[1:]], kind)


def expected(value: Decimal | float | int | None, places: int) -> int | str | None:
    """Round a value's digits; JavaScript's whole numbers end at 2⁵³."""
    if value is None:
        return None
    number = int(rounded(Decimal(str(value)), places) * 10**places)
    return number if abs(number) < 2**53 else str(number)


@given(st.lists(st.none() | st.floats(-1e15, 1e15) | HALVES), PLACES)
@example([1.005, -1.005, 2.675, 0.5, -0.5, -0.0, None, 1e15], 2)
def test_floats_are_rounded_by_their_digits(values: list[float | None], places: int) -> None:
    """1.005 is 1.01, although its bits are less; and a half is rounded away from 0."""
    assert wholes(column(values, pa.float64()), places) == [expected(value, places) for value in values]


@given(st.lists(st.none() | st.decimals(-(10**15), 10**15, places=4)), PLACES)
@example([Decimal("1.0050"), Decimal("-1.0050"), None], 2)
@example([Decimal(10**15)], 6)
def test_decimals_and_whole_numbers_are_exact(values: list[Decimal | None], places: int) -> None:
    """Whatever their scale is, and however many digits they have."""
    for scale in (4, 20):
        kind = pa.decimal128(38, scale)
        assert wholes(column(values, kind), places) == [expected(value, places) for value in values]
    integers = [value if value is None else int(value) for value in values]
    assert wholes(column(integers, pa.int64()), places) == [expected(value, places) for value in integers]


def test_what_nobody_knows_is_nothing() -> None:
    """A measure that has no value anywhere has no type either."""
    assert wholes(column([None, None], pa.null()), 2) == [None, None]
    assert wholes(column([], pa.float64()), 2) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ContractError, match=r"A measure is (nan|inf)"):
        wholes(column([1.0, value], pa.float64()), 2)
