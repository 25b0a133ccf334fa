"""The rows of a visual that shows the first few of many members."""

from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from etl.dashboard.answers import candidates, rank_of

VALUE = st.none() | st.integers(-2, 3).map(Decimal)


@given(rows=st.lists(st.tuples(st.none() | st.sampled_from("abC"), VALUE, VALUE)), top=st.integers(1, 5))
def test_the_first_are_the_same_when_few_are_looked_at(
    rows: list[tuple[str | None, Decimal | None, Decimal | None]], top: int
) -> None:
    """Ties, members without a value, and fewer members than are shown: none of the first is lost."""
    schema = pa.schema([("label", pa.string()), ("shown", pa.decimal128(18, 2)), ("ranked", pa.decimal128(18, 2))])
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    found = [tuple(row.values()) for row in candidates(table, 1, 2, top).to_pylist()]
    assert _first(found, top) == _first(rows, top)
    assert len(found) <= sum(row[1] is not None for row in rows)


def _first(rows: list[tuple[object, ...]], top: int) -> list[tuple[object, ...]]:
    shown = sorted((row for row in rows if row[1] is not None), key=lambda row: str(row[0] or "").casefold())
    return sorted(shown, key=lambda row: rank_of(row[2]))[:top]
