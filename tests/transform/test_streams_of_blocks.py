"""Streaming: groups are never split, and neither blocks nor workers show in the result."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.core.counts import Counts
from etl.core.errors import ContractError
from tests.transform.house import DIM_SHOP, FACT_SALE, House, Raw, sales, shops
from tests.transform.test_rows_of_the_star import BY_SHOP

FACT_STEP = '''
class FactStep(Fact, stream="steps"):
    """One row per step, with the number of steps of its group so far."""

    step_id: Integer = natural_key("Its number.")
    nth: Integer = measure("Which of its group.")


def build(steps: pd.DataFrame) -> pd.DataFrame:
    nth = steps.groupby(["a", "b"], dropna=False).cumcount() + 1
    return pd.DataFrame({"step_id": steps["step_id"], "nth": nth})
'''


def steps(*groups: tuple[str | None, str | None], kind: str = "int64") -> Raw:
    """Make one step for each (a, b), in this order."""
    rows = [(str(n), a, b) for n, (a, b) in enumerate(groups)]
    return Raw(f"step_id int64, a int64, b {kind}", rows, ("step_id",), group_by=("a", "b"))


@pytest.mark.parametrize("rows_a_block", [1, 2, 3, 5, 100])
def test_a_group_is_never_split(house: House, rows_a_block: int) -> None:
    """Each block begins with a group of its own; NULL is a group, too, and comes last."""
    house.write(fact_step=FACT_STEP)
    groups = [("1", "1")] * 3 + [("1", "2")] * 2 + [("1", None)] * 4 + [("2", "1")] + [(None, "1")] * 2
    house.raw(rows_a_block, shops=shops(), sales=sales(), steps=steps(*groups))
    house.build()
    assert [row["nth"] for row in house.rows("fact_step")] == [1, 2, 3, 1, 2, 1, 2, 3, 4, 1, 1, 2]


@pytest.mark.parametrize("rows_a_block", [1, 100])
@pytest.mark.parametrize(
    ("kind", "groups"),
    [
        ("int64", [("2", "1"), ("1", "1")]),
        ("int64", [("1", "2"), ("1", "1")]),
        ("int64", [("1", "1"), ("1", "2"), ("1", "1")]),
        ("int64", [(None, "1"), ("1", "1")]),
        ("string", [("1", "b"), ("1", "a")]),
        ("date32[day]", [("1", "2030-01-02"), ("1", "2030-01-01")]),
    ],
)
def test_rows_that_do_not_come_sorted_by_their_groups_are_refused(
    house: House, rows_a_block: int, kind: str, groups: list[tuple[str, str]]
) -> None:
    """Within a block and from one to the next; the hint says how the query is to end."""
    house.write(fact_step=FACT_STEP)
    house.raw(rows_a_block, shops=shops(), sales=sales(), steps=steps(*groups, kind=kind))
    with pytest.raises(ContractError, match=r"steps.csv: the rows are not sorted by a, b") as fault:
        house.build()
    assert "ORDER BY a, b" in fault.value.hint


@pytest.mark.parametrize("kind", ["string", "date32[day]"])
def test_groups_may_be_texts_and_dates(house: House, kind: str) -> None:
    """Text in the order of its bytes."""
    values = ["B", "a", "é"] if kind == "string" else ["2030-01-01", "2030-01-02", "2030-02-01"]
    house.write(fact_step=FACT_STEP)
    house.raw(1, shops=shops(), sales=sales(), steps=steps(*[("1", v) for v in values for _ in (1, 2)], kind=kind))
    house.build()
    assert [row["nth"] for row in house.rows("fact_step")] == [1, 2, 1, 2, 1, 2]


def rows_and_receipts(house: House) -> dict[str, object]:
    """Give what a star says, whatever its files."""
    star = house.star
    return {name: (house.rows(name), t.receipt, t + Counts()) for name, t in star.tables.items()}


SALE = st.tuples(
    st.integers(0, 6), st.none() | st.integers(1, 4), st.none() | st.sampled_from(["1.00", "2.50", "-3.00", "x"])
)


@given(rows=st.lists(SALE, max_size=9), rows_a_block=st.integers(1, 9))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_result_does_not_depend_on_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int | None, str | None]], rows_a_block: int
) -> None:
    """Doubled keys, rows that cannot be read, unknown members and summaries: the same rows and receipts."""
    found = []
    for size in (rows_a_block, 1000):
        house = House(tmp_path_factory.mktemp("house"), dim_shop=DIM_SHOP, fact_sale=FACT_SALE, fact_shop=BY_SHOP)
        texts = [(str(n), s and str(s), price) for n, s, price in rows]
        raw = Raw("sale_id int64, shop_id int64, price decimal128(12, 2)", texts, ("sale_id",), ("-price", "shop_id"))
        house.raw(size, shops=shops(1, 2, 3), sales=raw)
        house.build()
        found.append(rows_and_receipts(house))
    assert found[0] == found[1]


def test_neither_does_it_depend_on_the_number_of_workers(house: House) -> None:
    """Real worker processes and none build the same bytes."""
    house.write(fact_shop=BY_SHOP)
    house.raw(1, shops=shops(1, 2), sales=sales("1 1 1.00", "2 2 2.00", "3 9 3.00", "4 ∅ x", "5 1 -1.00"))
    house.build()
    here = contents(house)
    done = house.script()
    assert done.returncode == 0, done.stderr
    assert len(house.store.star.committed()) == 2
    assert contents(house) == here


def test_the_same_raw_run_builds_the_same_bytes_twice(house: House) -> None:
    """Tables, rejects and key maps."""
    house.write(fact_shop=BY_SHOP)
    house.raw(2, shops=shops(1, 2), sales=sales("1 1 1.00", "2 2 2.00", "3 9 3.00", "4 ∅ x"))
    house.build()
    first = contents(house)
    house.build()
    assert contents(house) == first


def contents(house: House) -> dict[str, bytes]:
    """Give every file of the newest star but its manifest."""
    folder: Path = house.store.star.path(house.star.run)
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
