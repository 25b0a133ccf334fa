"""What is built in which order: from the names of parameters and references alone."""

import pytest

from etl.company.plan import make_plan
from etl.company.tables import read_tables
from etl.core.errors import ContractError, UsageError
from tests.transform.house import DIM_SHOP, FACT_SALE, House
from tests.transform.test_rows_of_the_star import BY_SHOP

QUERIES = ["shops", "sales"]


def test_what_is_read_or_referred_to_comes_first(house: House) -> None:
    """Dimensions before the facts that refer to them, streams before what summarizes them."""
    house.write(fact_shop=BY_SHOP, dim_before=DIM_SHOP.replace("DimShop", "DimB").replace("shops", "dim_shop"))
    plan = make_plan(read_tables(house.tables_dir), QUERIES)
    assert plan.tables.index("dim_shop") < plan.tables.index("dim_before")
    assert plan.tables.index("dim_shop") < plan.tables.index("fact_sale") < plan.tables.index("fact_shop")
    assert set(plan.tables) == {"dim_shop", "dim_before", "fact_sale", "fact_shop"}


@pytest.mark.parametrize(
    ("table", "change", "told", "hint"),
    [
        ("dim_shop", ("shops: pd", "shop: pd"), "build asks for shop, which is neither a query nor a table", "shops?"),
        ("dim_shop", ("shops: pd", "zzz: pd"), "build asks for zzz", "Add zzz.sql"),
        ("fact_sale", ('stream="sales"', 'stream="shops"'), "streams shops, which is not a query that its build", ""),
        ("fact_shop", ("def partial(", "def summary("), "asks for fact_sale, which is streamed and never", "partial"),
        ("fact_shop", ("partial(fact_sale: pd.DataFrame)", "partial()"), "must each ask for nothing once", ""),
        ("fact_shop", ("def partial(fact_sale", "def partial(dim_shop"), "must each ask for dim_shop once", ""),
        ("dim_shop", ("(shops: pd", "(dim_shop: pd"), "asks for itself", ""),
        ("fact_sale", ("def build", "def partial(sales: object) -> object:\n    return sales\n\n\ndef build"),
         "a streamed table has no partial", ""),
        ("fact_shop", ("def build", "def partial_2(fact_sale: object) -> object:\n    return 1\n\n\ndef build"),
         "build and exactly one partial must each ask for fact_sale once", ""),
    ],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_told_with_a_guess(
    house: House, table: str, change: tuple[str, str], told: str, hint: str
) -> None:
    """Before anything runs, naming the file."""
    texts = {"dim_shop": DIM_SHOP, "fact_sale": FACT_SALE, "fact_shop": BY_SHOP}
    house.write(**(texts | {table: texts[table].replace(*change)}))
    with pytest.raises(ContractError, match=told) as fault:
        make_plan(read_tables(house.tables_dir), QUERIES)
    assert f"{table}.py" in fault.value.message
    assert hint in fault.value.hint


def test_tables_that_wait_for_each_other_are_named(house: House) -> None:
    """In their circle."""
    house.write(
        dim_shop=DIM_SHOP.replace("(shops: pd", "(shops: pd.DataFrame, dim_other: pd"),
        dim_other=DIM_SHOP.replace("DimShop", "DimOther").replace("(shops: pd", "(dim_shop: pd"),
    )
    with pytest.raises(ContractError, match=r"wait for each other: dim_.* → dim_.* → dim_"):
        make_plan(read_tables(house.tables_dir), QUERIES)


def test_a_table_named_like_a_query_is_refused(house: House) -> None:
    """A parameter of that name would mean either."""
    with pytest.raises(ContractError, match="named like a query"):
        make_plan(read_tables(house.tables_dir), [*QUERIES, "dim_shop"])


def test_only_names_tables_and_takes_the_streams_that_they_summarize_along(house: House) -> None:
    """A summary cannot be built without its stream; a wrong name is guessed at, exit code 2."""
    house.write(fact_shop=BY_SHOP)
    tables = read_tables(house.tables_dir)
    assert set(make_plan(tables, QUERIES, ("fact_shop",)).tables) == {"fact_sale", "fact_shop"}
    assert make_plan(tables, QUERIES, ("dim_shop",)).tables == ["dim_shop"]
    with pytest.raises(UsageError, match="--only names fact_shp") as fault:
        make_plan(tables, QUERIES, ("fact_shp",))
    assert fault.value.hint == "Did you mean fact_shop?"
    assert fault.value.exit_code == 2
