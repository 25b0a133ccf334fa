"""Rows whose key occurs twice: the survivor stays, or it is an error with examples."""

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.core.errors import ContractError
from etl.transform import keys, streams, work
from etl.transform.keys import losers
from tests.transform.house import DIM_SHOP, SALES, SHOPS, House, Raw, sales, shops

COLUMNS = "sale_id int64, shop_id int64, price decimal128(12, 2), touched int64"


def touched(*rows: str, survivor: tuple[str, ...] = ("-touched", "price")) -> Raw:
    """Make sales that were touched several times: number, shop, price, when."""
    return Raw(COLUMNS, [[None if p == "∅" else p for p in row.split()] for row in rows], ("sale_id",), survivor)


def prices(house: House) -> list[tuple[int, Decimal]]:
    """Give the sales of the newest star."""
    return [(row["sale_id"], row["price"]) for row in house.rows("fact_sale")]


@pytest.mark.parametrize("rows_a_block", [1, 2, 3, 100])
def test_of_a_streamed_query_the_survivor_stays_wherever_the_others_lie(house: House, rows_a_block: int) -> None:
    """In the same block or in another one; "-" is descending, NULL comes last."""
    house.raw(
        rows_a_block,
        shops=shops(1),
        sales=touched(
            "1 1 1.00 5",
            "2 1 2.00 5",
            "1 1 3.00 7",
            "3 1 4.00 ∅",
            "1 1 5.00 7",
            "3 1 6.00 1",
            "0 1 7.00 1",
            "0 1 8.00 1",
        ),
    )
    star = house.build()
    assert prices(house) == [(2, Decimal(2)), (1, Decimal(3)), (3, Decimal(6)), (0, Decimal(7))]
    reason = "doubled key in sales, another row survives"
    assert star.tables["fact_sale"].rejected == {reason: 4}
    assert star.tables["fact_sale"].handed == 8
    assert {row["price"] for _, row in house.rejects("fact_sale")} == {"1.00", "4.00", "5.00", "8.00"}


@pytest.mark.parametrize("rows_a_block", [1, 100])
def test_without_a_survivor_a_doubled_key_is_an_error_with_examples(house: House, rows_a_block: int) -> None:
    """Also the key 0, whose hash is none like others; nothing is committed."""
    house.raw(rows_a_block, shops=shops(1), sales=sales("0 1 1.00", "2 1 2.00", "0 1 3.00"))
    with pytest.raises(ContractError, match=r"sales.csv: 1 rows repeat the key of another row, for example sale_id 0"):
        house.build()
    assert house.store.star.committed() == []


def test_keys_with_a_null_are_not_compared(house: House) -> None:
    """They identify nothing, and are rejected for that."""
    house.raw(1, shops=shops(1), sales=sales("∅ 1 1.00", "∅ 1 1.00"))
    house.build()
    assert [reason for reason, _ in house.rejects("fact_sale")] == ["sale_id is NULL"] * 2


def test_a_query_that_is_read_whole_has_survivors_too(house: House) -> None:
    """And without one a doubled key is an error."""
    rows = [("1", "b"), ("2", "x"), ("1", "a")]
    house.raw(1, shops=Raw(SHOPS, rows, ("shop_id",), ("name",)), sales=sales())
    house.build()
    assert {row["shop_id"]: row["name"] for row in house.rows("dim_shop") if row["shop_key"]} == {1: "a", 2: "x"}
    house.raw(1, shops=Raw(SHOPS, rows, ("shop_id",)), sales=sales())
    with pytest.raises(ContractError, match=r"shops.csv: 1 rows repeat"):
        house.build()


def test_of_what_build_returns_the_contract_names_the_survivor(house: House) -> None:
    """Rows that build sets aside do not take part."""
    both = "return pd.concat([shops.assign(rank=1), shops.assign(rank=2, name='second')])"
    house.write(dim_shop=DIM_SHOP.replace("return shops", both))
    house.raw(shops=shops(1), sales=sales())
    with pytest.raises(ContractError, match="rank, unknown"):
        house.build()
    house.write(
        dim_shop=DIM_SHOP.replace("return shops", both).replace("(Dimension)", "(Dimension, survivor=('-rank',))")
    )
    house.build()
    assert [row["name"] for row in house.rows("dim_shop")] == ["Unknown", "second"]
    assert house.star.tables["dim_shop"].rejected == {"doubled key in dim_shop, another row survives": 1}


def test_a_streamed_table_whose_build_makes_keys_equal_is_an_error(house: House) -> None:
    """The keys of the query were unique, those of the table are not; over block borders too."""
    text = (house.tables_dir / "fact_sale.py").read_text().replace(
        'sales[["sale_id", "shop_id", "price"]]', 'sales.assign(sale_id=sales["sale_id"] // 2)'
    )  # fmt: skip
    (house.tables_dir / "fact_sale.py").write_text(text)
    house.raw(1, shops=shops(1), sales=sales("1 1 1.00", "2 1 2.00", "3 1 3.00"))
    with pytest.raises(ContractError, match="fact_sale: 1 rows repeat the key of another row, for example sale_id 1"):
        house.build()


def test_equal_hashes_of_unequal_keys_do_no_harm(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are suspects, and compared for what they are."""

    def all_equal(frame: pd.DataFrame, key: tuple[str, ...], _of: str) -> npt.NDArray[np.uint64]:
        return np.where(frame[list(key)].notna().all(axis=1), 7, 0).astype(np.uint64)

    for module in (keys, work, streams):
        monkeypatch.setattr(module, "hashes", all_equal)
    house.raw(1, shops=shops(1, 2, 3), sales=touched("1 1 1.00 1", "2 1 2.00 1", "1 1 3.00 2", "3 1 4.00 1"))
    house.build()
    assert prices(house) == [(2, Decimal(2)), (1, Decimal(3)), (3, Decimal(4))]
    assert len(house.rows("dim_shop")) == 4


ROWS = st.lists(
    st.tuples(st.none() | st.integers(-1, 2), st.none() | st.sampled_from("ab"), st.none() | st.integers(0, 2))
)


@given(ROWS)
@settings(max_examples=80)
def test_losers_are_all_but_the_first_in_the_survivors_order(rows: list[tuple[object, ...]]) -> None:
    """As a plain loop would find them."""
    kinds = {"a": pa.int64(), "b": pa.string(), "rank": pa.int64()}
    table = pa.table({name: pa.array([row[n] for row in rows], kind) for n, (name, kind) in enumerate(kinds.items())})
    groups: dict[tuple[object, object], list[int]] = {}
    for position, (a, b, _) in enumerate(rows):
        if a is not None and b is not None:
            groups.setdefault((a, b), []).append(position)
    wanted: set[int] = set()
    for positions in groups.values():
        ordered = sorted(positions, key=lambda p: (rows[p][2] is None, -(rows[p][2] or 0), p))  # type: ignore[operator]
        wanted |= set(ordered[1:])
    found = losers(table.to_pandas(types_mapper=pd.ArrowDtype), ("a", "b"), ("-rank",), "orders")
    assert found.tolist() == sorted(wanted)


def test_sales_of_one_number_and_two_origins_are_two(house: House) -> None:
    """All columns of a key count, texts among them."""
    columns = f"origin string, {SALES}"
    text = (house.tables_dir / "fact_sale.py").read_text()
    text = text.replace("    sale_id:", '    origin: Text = natural_key("Where from.")\n    sale_id:')
    (house.tables_dir / "fact_sale.py").write_text(text.replace('["sale_id"', '["origin", "sale_id"'))
    rows = [("old", "1", "1", "1.00"), ("new", "1", "1", "2.00"), (None, "1", "1", "3.00")]
    house.raw(1, shops=shops(1), sales=Raw(columns, rows, ("origin", "sale_id")))
    house.build()
    assert len(house.rows("fact_sale")) == 2


@pytest.mark.parametrize("rows_a_block", [1, 100])
@pytest.mark.parametrize("column", ["_name", "_block", "_position", "_set_aside"])
def test_columns_of_any_name_decide_what_the_survivor_leaves_open(house: House, column: str, rows_a_block: int) -> None:
    """Also those that begin with an underscore, and those that an engine might use itself."""
    kinds = f"sale_id int64, shop_id int64, price decimal128(12, 2), touched int64, {column} string"
    rows = [("1", "1", "1.00", "5", "b"), ("1", "1", "1.00", "5", "a"), ("1", "1", "1.00", "5", "c")]
    kept = []
    for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        raw = Raw(kinds, [rows[place] for place in order], ("sale_id",), ("-touched",))
        house.raw(rows_a_block, shops=shops(1), sales=raw)
        house.build()
        kept.append(sorted(str(row[column]) for _, row in house.rejects("fact_sale")))
    assert kept == [["b", "c"]] * 3
