"""Finding rows by the values that they have in some columns."""

from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transform import among
from etl.transform.among import Among

KINDS = {"a": pa.int64(), "b": pa.string(), "c": pa.int64()}
ROWS = st.lists(
    st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from(["", "x", "y"]), st.integers(-2, 9)),
    max_size=9,
)


@pytest.mark.parametrize(("most", "told"), [(2**62, 2**24), (2**62, 0), (3, 2**24), (3, 0)])
@given(some=ROWS, rows=ROWS)
def test_a_row_is_among_others_that_have_the_same_values(
    most: int, told: int, some: list[tuple[object, ...]], rows: list[tuple[object, ...]]
) -> None:
    """NULL equals NULL; whether their codes are few or many, and however many combinations there are."""
    with patch.multiple(among, _MOST=most, _MOST_TOLD=told):
        found = Among(table_of(some))
        assert bool(found) == bool(some)
        assert found.mask(table_of(rows)).tolist() == [row in some for row in rows]


def test_a_column_of_nothing_but_null_is_of_any_type() -> None:
    """A part of a table may have no value in a column that is one of texts elsewhere."""
    nothing = pa.table({"a": pa.nulls(2)})
    assert Among(nothing).mask(pa.table({"a": pa.array(["x", None])})).tolist() == [False, True]
    assert Among(pa.table({"a": pa.array(["x", None])})).mask(nothing).tolist() == [True, True]


def table_of(rows: list[tuple[object, ...]]) -> pa.Table:
    """Give rows as a table."""
    return pa.table({name: pa.array([row[n] for row in rows], kind) for n, (name, kind) in enumerate(KINDS.items())})
