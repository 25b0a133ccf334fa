"""Rows balance: what the source gave is published, rejected, set aside or merged, and nothing else happens to it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.core.errors import ContractError
from tests.transform.house import FACT_SALE, House, sales, shops

DIM = '''
class DimShop(Dimension, rows_of=("shops",)):
    """One row per shop."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", nullable=True, unknown="Unknown")


def build(shops: pd.DataFrame) -> pd.DataFrame:
    return {}
'''


def house(folder: Path, build: str) -> House:
    """Give a house of three shops whose dimension is built so."""
    made = House(folder, dim_shop=DIM.format(build), fact_sale=FACT_SALE)
    made.raw(shops=shops(1, 2, 3), sales=sales("7 1 9.99"))
    return made


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ("shops.iloc[:2]", "dim_shop: shops have 3 rows, of which build lost 1."),
        ("pd.concat([shops, shops.assign(shop_id=shops.shop_id + 10)])", "of which build made 3 more"),
        ("shops.iloc[:1].assign(_merged=1)", "build lost 1"),
    ],
)
def test_a_build_that_loses_or_makes_rows_is_refused(tmp_path: Path, build: str, said: str) -> None:
    """With the figures, and what to do; nothing is committed."""
    made = house(tmp_path, build)
    with pytest.raises(ContractError) as fault:
        made.build()
    assert said in fault.value.message
    assert "_set_aside" in fault.value.hint
    assert made.store.star.committed() == []


@pytest.mark.parametrize(
    ("build", "set_aside"),
    [
        ("shops", {}),
        ("shops.assign(_set_aside=[None, None, 'closed'])", {"closed": 1}),
        ("shops.iloc[:1].assign(_merged=2)", {"merged into another row": 2}),
    ],
)
def test_what_build_tells_of_balances(tmp_path: Path, build: str, set_aside: dict[str, int]) -> None:
    """Set aside with a reason, or merged into another row."""
    table = house(tmp_path, build).build().tables["dim_shop"]
    assert table.why_set_aside == set_aside
    assert table.handed == 3 == table.rows - 1 + table.all_set_aside


ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["1", "77", "∅"]), st.sampled_from(["1.00", "-1.00", "x"]))
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, rows_a_block=st.integers(1, 4))
def test_a_stream_balances_whatever_its_rows_are(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]], rows_a_block: int
) -> None:
    """Unreadable, against a rule, doubled, without a member: each row is somewhere, once."""
    made = House(tmp_path_factory.mktemp("house"), dim_shop=DIM.format("shops"), fact_sale=FACT_SALE)
    given_rows = sales(*(f"{number} {shop} {price}" for number, shop, price in rows))
    raw = type(given_rows)(given_rows.columns, given_rows.rows, ("sale_id",), ("-price",))
    made.raw(rows_a_block, shops=shops(1), sales=raw)
    table = made.build().tables["fact_sale"]
    assert table.handed == len(rows)
    assert table.rows + table.all_rejected + table.all_set_aside == len(rows)
    assert len(made.rejects("fact_sale")) == table.all_rejected
