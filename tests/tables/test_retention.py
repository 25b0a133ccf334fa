"""Retention: drawn case by case, and the same as the slow and obvious definition."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tables._retention import retention
from tests.tables.drawing import drawn, rows

WITHIN = 3


def classes_of(table: str) -> list[str]:
    """Class a drawn table of clients and editions."""
    frame = drawn(table)
    classes = retention(frame, ["client_id", "product_id"], "edition", active=frame["is_active"], within=WITHIN)
    return classes.to_list()


def test_the_last_active_period_of_the_same_decides() -> None:
    """The one before: Retained; up to `within` ago: Reactivated; longer ago or never: New; not active: None."""
    told = """
        | client_id | product_id | edition | is_active | class       |
        | --------- | ---------- | ------- | --------- | ----------- |
        | 1         | 1          | 9       | yes       | New         |
        | 1         | 1          | 5       | yes       | Reactivated |
        | 1         | 1          | 2       | yes       | Retained    |
        | 1         | 1          | 3       | no        | None        |
        | 1         | 1          | 1       | yes       | New         |
        | 1         | 2          | 3       | yes       | New         |
        | 12        | 1          | 2       | yes       | New         |
        | 12        | 1          | 1       | ∅         | None        |
        | ∅         | 1          | 1       | yes       | New         |
        | ∅         | 1          | 2       | yes       | New         |
        | 2         | 1          | ∅       | yes       | New         |
        | 2         | 1          | 1       | yes       | New         |
        """
    assert classes_of(told) == [str(row["class"]) for row in rows(drawn(told))]


KEYS = st.lists(st.tuples(*[st.one_of(st.none(), st.integers(1, n)) for n in (3, 2, 9)]), unique=True, max_size=30)


@settings(max_examples=100, deadline=None)
@given(keys=KEYS, data=st.data())
def test_the_classes_are_those_of_the_slow_definition(keys: list[tuple[int | None, ...]], data: st.DataObject) -> None:
    """Whatever the order of the rows: look through all earlier editions of the same client and product."""
    active = {key: data.draw(st.booleans()) for key in keys}

    def slowly(client: int | None, product: int | None, edition: int | None) -> str:
        if not active[client, product, edition]:
            return "None"
        if client is None or product is None or edition is None:
            return "New"
        ago = [n for n in range(1, 10) if active.get((client, product, edition - n))]
        if not ago or ago[0] > WITHIN:
            return "New"
        return "Retained" if ago[0] == 1 else "Reactivated"

    cells = [[*("∅" if part is None else part for part in key), "yes" if active[key] else "no"] for key in keys]
    lines = "".join(f"| {' | '.join(map(str, row))} |\n" for row in cells)
    table = f"| client_id | product_id | edition | is_active |\n|-|-|-|-|\n{lines}"
    assert classes_of(table) == [slowly(*key) for key in keys]


@pytest.mark.parametrize("kind", ["int8", "int16", "int64", "uint8"])
def test_the_gap_between_periods_is_wider_than_their_type(kind: str) -> None:
    """Of small integers, too, the difference does not wrap around."""
    first = 0 if kind == "uint8" else -100
    frame = pd.DataFrame({"a": [1, 1, 2], "n": [first, first + 200, 0]}).astype({"n": f"{kind}[pyarrow]"})
    found = retention(frame, ["a"], "n", active=pd.Series([True] * 3), within=250)
    assert found.tolist() == ["New", "Reactivated", "New"]
