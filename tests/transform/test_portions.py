"""Portions: a table that summarizes a stream is built some groups at a time, and that does not show in its rows."""

from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.company.plan import make_plan
from etl.company.tables import read_tables
from etl.core import arrow_csv
from etl.core.errors import ContractError
from etl.transform import context
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops
from tests.transform.test_rows_of_the_star import BY_SHOP

IN_PORTIONS = BY_SHOP.replace("FactShop(Fact)", 'FactShop(Fact, group_by="shop_id")')
SALES = [f"{n} {n % 5 + 1} {n}.00" for n in range(1, 21)]


@pytest.fixture(autouse=True)
def one_block_a_portion() -> object:
    """So that small tables are of several portions."""
    with mock.patch.object(context, "_BLOCKS_A_PORTION", 1):
        yield


def files(house: House) -> list[list[object]]:
    """Give the shops in each file of the table."""
    table = read_tables(house.tables_dir)["fact_shop"].contract
    folder: Path = house.store.star.path(house.star.run)
    paths = [folder / file.name for file in house.star.tables["fact_shop"].files]
    return [arrow_csv.read_file(path, table.schema).column("shop_key").to_pylist() for path in paths]


def by_shop(house: House) -> list[tuple[object, object]]:
    """Give the table's rows in the order of the shops."""
    return sorted((row["shop_key"], row["price"]) for row in house.rows("fact_shop"))


def test_the_rows_of_a_group_are_built_together(house: House) -> None:
    """From whatever blocks they come; a portion has some of the groups, and all together have each once."""
    house.write(fact_shop=IN_PORTIONS)
    house.raw(5, shops=shops(1, 2, 3, 4, 5), sales=sales(*SALES))
    house.build()
    assert len(files(house)) == 4
    assert max(map(len, files(house))) < 5
    assert [(key, int(price)) for key, price in by_shop(house)] == [(1, 50), (2, 34), (3, 38), (4, 42), (5, 46)]


SALE = st.tuples(st.none() | st.integers(1, 9), st.sampled_from(["1.00", "2.50", "-3.00", "x"]))


@given(rows=st.lists(SALE, max_size=9), rows_a_block=st.integers(1, 5))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rows_do_not_depend_on_the_portions(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int | None, str]], rows_a_block: int
) -> None:
    """Neither do the receipt nor the rejects, of groups that nobody knows among them."""
    found = []
    for text in (IN_PORTIONS, BY_SHOP):
        house = House(tmp_path_factory.mktemp("house"), dim_shop=DIM_SHOP, fact_sale=FACT_SALE, fact_shop=text)
        told = [f"{n} {shop or '∅'} {price}" for n, (shop, price) in enumerate(rows)]
        house.raw(rows_a_block, shops=shops(1, 2, 3, 4), sales=sales(*told))
        table = house.build().tables["fact_shop"]
        rejects = sorted((reason, str(row)) for reason, row in house.rejects("fact_shop"))
        found.append((by_shop(house), table.receipt, table.handed, table.rejected, rejects))
    assert found[0] == found[1]


def test_rejects_of_a_query_that_only_a_partial_reads_are_told_once(house: House) -> None:
    """With the first portion."""
    text = IN_PORTIONS.replace("fact_sale: pd", "sales: pd").replace("totals(fact_sale", "totals(sales")
    house.write(fact_shop=text)
    (house.tables_dir / "fact_sale.py").unlink()
    house.raw(1, shops=shops(1, 2), sales=sales("1 1 9.99", "2 1 x", "3 2 0.01"))
    star = house.build()
    assert star.tables["fact_shop"].rejected == {"price is not a number": 1}
    assert star.tables["fact_shop"].handed == 3


def test_a_build_that_makes_rows_of_other_groups_is_refused(house: House) -> None:
    """Each portion would have them."""
    text = IN_PORTIONS.rpartition("    return ")[0] + "    return fact_sale.head(1).assign(shop_id=1)\n"
    house.write(fact_shop=text)
    house.raw(5, shops=shops(1, 2, 3, 4, 5), sales=sales(*SALES))
    with pytest.raises(ContractError, match=r"build made a row of shop_id 1, which none of its partials has"):
        house.build()


def test_a_partial_that_does_not_tell_the_group_is_refused(house: House) -> None:
    """Its rows would belong to no portion."""
    text = IN_PORTIONS.replace('["shop_id"], price="price")', '["shop_id"], price="price")[["price"]]', 1)
    house.write(fact_shop=text)
    house.raw(shops=shops(1), sales=sales("1 1 1.00"))
    with pytest.raises(ContractError, match=r"fact_shop.py: partial returned no column shop_id"):
        house.build()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ('group_by="shop_id"', 'group_by="price"'),
            "group_by=price is not one of the columns that identify a row: shop_id",
        ),
        (("def partial(", "def summary("), "group_by is for a fact that summarizes"),
        (('group_by="shop_id"', 'group_by="shop_id", rows_of=("shops",)'), "group_by is for a fact that summarizes"),
        (
            ("def build(fact_sale: pd.DataFrame", "def build(fact_sale: pd.DataFrame, shops: pd.DataFrame"),
            "shops is read whole, so each portion",
        ),
    ],
)
def test_portions_that_would_not_divide_the_rows_are_refused(house: House, change: tuple[str, str], told: str) -> None:
    """Before anything runs, naming the file."""
    house.write(fact_shop=IN_PORTIONS.replace(*change))
    with pytest.raises(ContractError, match=told) as fault:
        make_plan(read_tables(house.tables_dir), ["shops", "sales"])
    assert "fact_shop.py" in fault.value.message
