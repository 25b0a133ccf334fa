"""Surrogate keys: small integers that stay the same from night to night."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.core.errors import DataError, GuardError
from etl.transform.keys import give_surrogate_keys
from tests.transform.house import DIM_SHOP, SHOPS, House, Raw, sales, shops

MEMBERS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), unique=True)


@given(st.lists(MEMBERS, max_size=6))
@settings(max_examples=60)
def test_a_member_keeps_its_number_for_ever_and_no_number_is_used_again(nights: list[list[tuple[int, str]]]) -> None:
    """Members come, go and come back; the numbers start at 1 and leave none out."""
    known: pa.Table | None = None
    numbers: dict[tuple[int, str], int] = {}
    for members in nights:
        natural = pa.table({"id": pa.array([n for n, _ in members], pa.int64()), "x": [x for _, x in members] or pa.array([], pa.string())})  # fmt: skip  # noqa: E501
        keys, known = give_surrogate_keys(natural, known, "key")
        for member, key in zip(members, keys.to_pylist(), strict=True):
            assert numbers.setdefault(member, key) == key
        assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
        assert known.num_rows == len(numbers)


def keys(house: House) -> dict[int, int]:
    """Give the newest star's keys by natural key."""
    return {row["shop_id"]: row["shop_key"] for row in house.rows("dim_shop") if row["shop_key"]}


def test_new_members_get_the_next_numbers_in_the_order_of_their_natural_key(house: House) -> None:
    """Whatever the order in which the source delivers them."""
    house.raw(shops=shops(30, 10, 20), sales=sales())
    house.build()
    assert keys(house) == {10: 1, 20: 2, 30: 3}
    house.raw(shops=shops(5, 30, 40), sales=sales())
    house.build()
    assert keys(house) == {30: 3, 5: 4, 40: 5}
    house.raw(shops=shops(20, 50), sales=sales())
    house.build()
    assert keys(house) == {20: 2, 50: 6}


def test_an_older_raw_run_is_rebuilt_with_the_keys_of_the_newest_star(house: House) -> None:
    """Numbers that were given since are not given again."""
    first = house.raw(shops=shops(1, 3), sales=sales("1 3 9.99"))
    house.build()
    house.raw(shops=shops(1, 2), sales=sales())
    house.build()
    star = house.build(from_run=first)
    assert star.made_from == first
    assert keys(house) == {1: 1, 3: 2}
    assert house.rows("fact_sale")[0]["shop_key"] == 2
    house.raw(shops=shops(1, 2, 3, 4), sales=sales())
    house.build()
    assert keys(house) == {1: 1, 2: 3, 3: 2, 4: 4}


NAMED = DIM_SHOP.replace("shop_id: Integer", "shop_no: Integer").replace(
    "return shops", 'return shops.rename(columns={"shop_id": "shop_no"})'
)
TWO = DIM_SHOP.replace("name: Text = attribute", "name: Text = natural_key").replace(
    '"Its name.", nullable=True, unknown="Unknown"', '"Its name."'
)


@pytest.mark.parametrize(
    ("changed", "kind", "was"),
    [
        pytest.param(NAMED, "int64", [7, 8], id="renamed"),
        pytest.param(TWO, "int64", [7, 8], id="a column more"),
        pytest.param(
            DIM_SHOP.replace("shop_id: Integer", "shop_id: Timestamp"), "timestamp[us, tz=UTC]", [7], id="type"
        ),
    ],
)
def test_a_natural_key_by_which_nobody_is_recognized_is_refused_and_then_starts_after_the_old_numbers(
    house: House, changed: str, kind: str, was: list[int]
) -> None:
    """All members would get other keys: a person is asked, and even then no number ever means two members."""
    house.raw(shops=shops(*was), sales=sales())
    house.build()
    (house.tables_dir / "fact_sale.py").unlink()
    house.write(dim_shop=changed)
    value = "9" if kind == "int64" else "2030-01-01 00:00:00+00"
    house.raw(shops=Raw(f"shop_id {kind}, name string", [(value, "Shop 9")], ("shop_id",)), sales=sales())
    with pytest.raises(GuardError, match=rf"dim_shop:keys: .* its {len(was)} members cannot be recognized") as told:
        house.build()
    (accept,) = re.findall(r"--accept (\S+)", told.value.hint)
    with pytest.raises(GuardError):
        house.build(accept=("dim_shop:keys=other",))
    assert house.build(accept=(accept,)).accepted.keys() == {"dim_shop:keys"}
    assert [row["shop_key"] for row in house.rows("dim_shop")] == [0, len(was) + 1]


@pytest.mark.parametrize(
    ("kinds", "before", "after"),
    [
        pytest.param(("int64", "string"), ["2", "10"], ["10", "11", "2"], id="number, text"),
        pytest.param(("string", "int64"), ["2", "10"], ["2", "10", "11"], id="text, number"),
        pytest.param(("date32[day]", "string"), ["2030-01-01", "2029-01-01"], ["2029-01-01", "2030-01-01"], id="date"),
        pytest.param(("int64", "decimal128(18, 2)"), ["2", "10"], ["2.00", "10.00"], id="number, decimal"),
    ],
)
def test_members_keep_their_keys_when_the_natural_key_gets_another_type(
    house: House, kinds: tuple[str, str], before: list[str], after: list[str]
) -> None:
    """The text of the old key is the new key, and the reverse."""
    words = {"int64": "Integer", "string": "Text", "date32[day]": "Date", "decimal128(18, 2)": "Money"}
    (house.tables_dir / "fact_sale.py").unlink()
    given: list[dict[str, int]] = []
    for kind, values in zip(kinds, (before, after), strict=True):
        house.write(dim_shop=DIM_SHOP.replace("shop_id: Integer", f"shop_id: {words[kind]}"))
        house.raw(shops=Raw(f"shop_id {kind}, name string", [(v, "x") for v in values], ("shop_id",)), sales=sales())
        house.build()
        given.append({str(row["shop_id"]): row["shop_key"] for row in house.rows("dim_shop") if row["shop_key"]})
    kept = {name.removesuffix(".00"): key for name, key in given[1].items()}
    assert {name: kept[name] for name in given[0]} == given[0]
    assert sorted(kept.values()) == list(range(1, len(kept) + 1))


def test_a_text_that_is_not_the_only_one_of_its_number_is_no_number(house: House) -> None:
    """07 and 7 are two members: as numbers they would be one."""
    (house.tables_dir / "fact_sale.py").unlink()
    house.write(dim_shop=DIM_SHOP.replace("shop_id: Integer", "shop_id: Text"))
    house.raw(shops=Raw("shop_id string, name string", [("07", "a"), ("7", "b")], ("shop_id",)), sales=sales())
    house.build()
    house.write(dim_shop=DIM_SHOP)
    house.raw(shops=shops(7), sales=sales())
    with pytest.raises(GuardError, match="natural key was shop_id string and is shop_id int64 now"):
        house.build()


def test_a_key_map_that_is_gone_or_damaged_is_a_fault_and_not_a_new_start(house: House) -> None:
    """Other keys than last night would send every fact to other members."""
    house.raw(shops=shops(1), sales=sales())
    house.build()
    path = house.store.star.path(house.star.run) / "keys" / "dim_shop.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    with pytest.raises(DataError, match="was changed since"):
        house.build()
    path.write_bytes(whole)
    known = pq.read_table(path)
    pq.write_table(known.set_column(1, "shop_key", pc.add(known.column("shop_key"), 1)), path)
    with pytest.raises(DataError, match="was changed since"):
        house.build()
    path.unlink()
    with pytest.raises(DataError, match="is gone"):
        house.build()
    assert len(house.store.star.committed()) == 1


def test_keys_of_several_columns_are_never_glued(house: House) -> None:
    """(1, 23) and (12, 3) are two members."""
    text = DIM_SHOP.replace("    name:", '    part_id: Integer = natural_key("Its part.")\n    name:')
    house.write(dim_shop=text)
    (house.tables_dir / "fact_sale.py").unlink()
    columns = SHOPS.replace("shop_id int64", "shop_id int64, part_id int64")
    house.raw(shops=Raw(columns, [("1", "23", "a"), ("12", "3", "b")], ("shop_id", "part_id")), sales=sales())
    house.build()
    assert [row["shop_key"] for row in house.rows("dim_shop")] == [0, 1, 2]


def test_the_key_map_holds_who_is_not_there_any_more(house: House) -> None:
    """It only grows."""
    for numbers in ((1, 2), (3,)):
        house.raw(shops=shops(*numbers), sales=sales())
        house.build()
    path = house.store.star.path(house.star.run) / "keys" / "dim_shop.parquet"
    assert pd.read_parquet(path).to_dict("list") == {"shop_id": [1, 2, 3], "shop_key": [1, 2, 3]}


def test_a_dimension_whose_file_was_gone_for_a_while_comes_back_with_its_keys(house: House) -> None:
    """The key map outlives the table file, so that no key ever means two members."""
    dim_shop, fact_sale = (house.tables_dir / f"{name}.py" for name in ("dim_shop", "fact_sale"))
    house.raw(shops=shops(2, 3), sales=sales())
    house.build()
    kept = {file: file.read_text(encoding="utf-8") for file in (dim_shop, fact_sale)}
    for file in kept:
        file.unlink()
    house.write(dim_branch=DIM_SHOP.replace("shop_key", "branch_key").replace("DimShop", "DimBranch"))
    house.build()
    for file, text in kept.items():
        file.write_text(text, encoding="utf-8")
    house.write()
    house.raw(shops=shops(1, 2, 3), sales=sales())
    house.build()
    assert keys(house) == {2: 1, 3: 2, 1: 3}


def test_who_is_not_there_any_more_is_not_referred_to(house: House) -> None:
    """The key map knows the member, the dimension does not: the reference is to the unknown one."""
    house.raw(shops=shops(1, 2), sales=sales("1 1 1.00", "2 2 1.00"))
    house.build()
    assert [row["shop_key"] for row in house.rows("fact_sale")] == [1, 2]
    house.raw(shops=shops(2), sales=sales("1 1 1.00", "2 2 1.00"))
    house.build()
    assert [row["shop_key"] for row in house.rows("fact_sale")] == [0, 2]
