"""Every row ends somewhere: published, rejected with its reason, or set aside."""

import re
from decimal import Decimal

import pytest

from etl.core.counts import Unknown
from etl.core.errors import ContractError
from etl.core.manifest import StarTable
from tests.transform.house import DIM_SHOP, FACT_SALE, SHOPS, House, Raw, sales, shops


def assert_accounted(table: StarTable, unknown_member: int = 0) -> None:
    """Handed = published + rejected + set aside."""
    told = table.all_rejected + table.all_set_aside
    assert table.handed == table.rows - unknown_member + told


def test_a_reference_that_is_null_or_matches_nothing_becomes_0_and_is_counted(house: House) -> None:
    """Both are counted apart; the sale itself is published."""
    house.raw(shops=shops(1), sales=sales("1 1 9.99", "2 ∅ 9.99", "3 7 9.99", "4 8 9.99"))
    star = house.build()
    assert [row["shop_key"] for row in house.rows("fact_sale")] == [1, 0, 0, 0]
    assert star.tables["fact_sale"].unknown == {"shop_key": Unknown(null=1, unmatched=2)}


def test_every_dimension_begins_with_its_unknown_member(house: House) -> None:
    """Key 0, with the `unknown` values of the contract, NULL where there is none; also when nobody else is there."""
    house.raw(shops=shops(), sales=sales())
    house.build()
    assert house.rows("dim_shop") == [{"shop_key": 0, "shop_id": None, "name": "Unknown"}]
    assert house.rows("fact_sale") == []


def test_a_row_that_breaks_a_rule_is_rejected_with_its_reason_and_its_values(house: House) -> None:
    """A NULL key, a number out of its range; the others are published, and all are accounted for."""
    house.raw(2, shops=shops(1), sales=sales("1 1 9.99", "∅ 1 9.99", "3 1 -1.00", "∅ 1 ∅", "5 1 0.00"))
    star = house.build()
    assert [row["sale_id"] for row in house.rows("fact_sale")] == [1, 5]
    reasons = [reason for reason, _ in house.rejects("fact_sale")]
    assert reasons[0] == "sale_id is NULL"
    assert "price is less than 0" in reasons[1]
    assert reasons[2] == "sale_id is NULL; price is NULL"
    assert house.rejects("fact_sale")[1][1] == {"sale_id": 3, "shop_id": 1, "price": "-1.00"}
    assert star.tables["fact_sale"].handed == 5
    assert_accounted(star.tables["fact_sale"])
    assert_accounted(star.tables["dim_shop"], unknown_member=1)


def test_a_value_outside_of_isin_is_rejected(house: House) -> None:
    """Of a table that is built at once, too."""
    house.write(
        dim_shop="""
class DimShop(Dimension):
    \"\"\"One row per shop.\"\"\"

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name.", isin=["Shop 1"], unknown="Unknown")


def build(shops: pd.DataFrame) -> pd.DataFrame:
    return shops
"""
    )
    house.raw(shops=shops(1, 2), sales=sales())
    star = house.build()
    assert [row["name"] for row in house.rows("dim_shop")] == ["Unknown", "Shop 1"]
    assert_accounted(star.tables["dim_shop"], unknown_member=1)


def test_what_build_sets_aside_or_rejects_is_counted_by_reason(house: House) -> None:
    """`_set_aside` is no fault, `_reject` is one."""
    house.write(
        fact_sale=FACT_SALE.replace(
            'return sales[["sale_id", "shop_id", "price"]]',
            """rows = sales.copy()
    none = pd.Series(pd.NA, index=rows.index, dtype="string[pyarrow]")
    rows["_set_aside"] = none.mask(rows["sale_id"] == 1, "a test")
    rows["_reject"] = none.mask(rows["sale_id"] == 2, "too odd")
    return rows""",
        )
    )
    house.raw(1, shops=shops(1), sales=sales("1 1 9.99", "2 1 9.99", "3 1 9.99"))
    star = house.build()
    assert star.tables["fact_sale"].set_aside == {"a test": 1}
    assert house.rejects("fact_sale") == [("too odd", {"sale_id": 2, "shop_id": 1, "price": "9.99"})]
    assert_accounted(star.tables["fact_sale"])


BY_SHOP = '''
class FactShop(Fact):
    """One row per shop."""

    shop_key: Key = reference("dim_shop", "The shop.", grain=True)
    price: Money = measure("What all cost.")


def partial(fact_sale: pd.DataFrame) -> pd.DataFrame:
    return totals(fact_sale, ["shop_id"], price="price")


def build(fact_sale: pd.DataFrame) -> pd.DataFrame:
    return totals(fact_sale, ["shop_id"], price="price")
'''


@pytest.mark.parametrize(
    ("by", "returned", "told"),
    [
        (
            '"shop"',
            '["shop_id"]',
            "fact_shop.py: summed_by names shop, no column of fact_sale. .*Did you mean shop_id?",
        ),
        ('("shop_id", BLOCK)', '["shop_id"]', "partial returned no column _block, which the contract sums up by"),
    ],
)
def test_a_summary_goes_by_columns_that_there_are(house: House, by: str, returned: str, told: str) -> None:
    """Of the rows, and of what partials return: otherwise no night could tell what is to be summed up again."""
    text = BY_SHOP.replace("(Fact)", f"(Fact, summed_by={by})").replace('["shop_id"]', returned, 1)
    house.write(fact_shop=text)
    house.raw(2, shops=shops(1), sales=sales("1 1 1.00"))
    with pytest.raises(ContractError) as fault:
        house.build()
    assert re.search(told, f"{fault.value.message} {fault.value.hint}")


def test_partials_get_the_parts_of_rows_by_which_they_go(house: House) -> None:
    """The number of the block, and of one of 32 buckets, in which a row is on each machine, each night."""
    text = BY_SHOP.replace("(Fact)", '(Fact, summed_by=("shop_id", BLOCK, BUCKET), lost=1)').replace(
        'return totals(fact_sale, ["shop_id"], price="price")',
        'with Path(__file__).with_name("seen").open("a") as seen:\n'
        '        seen.write(fact_sale[["sale_id", BLOCK, BUCKET]].to_csv(header=False))\n'
        '    return totals(fact_sale, ["shop_id", BLOCK, BUCKET], price="price")',
        1,
    )
    house.write(fact_shop=f"from pathlib import Path\n{text}")
    house.raw(1, shops=shops(1), sales=sales("1 1 1.00", "2 1 2.00", "3 1 4.00"))
    house.build()
    seen = sorted(line.split(",")[1:] for line in (house.tables_dir / "seen").read_text().split())
    assert seen == [["1", "0", "22"], ["2", "1", "24"], ["3", "2", "30"]]
    assert house.rows("fact_shop")[-1]["price"] == Decimal("7.00")


def test_what_is_not_published_still_reaches_the_partials(house: House) -> None:
    """`_unpublished` rows are computed with; rejected ones and those set aside are not."""
    text = FACT_SALE.replace(
        'sales[["sale_id", "shop_id", "price"]]', 'sales.assign(_unpublished=sales["sale_id"] < 3)'
    )
    house.write(fact_sale=text, fact_shop=BY_SHOP)
    house.raw(2, shops=shops(1), sales=sales("1 1 1.00", "2 1 2.00", "3 1 4.00", "4 1 -8.00"))
    star = house.build()
    assert [row["sale_id"] for row in house.rows("fact_sale")] == [3]
    assert [row["price"] for row in house.rows("fact_shop")] == [Decimal("7.00")]
    assert star.tables["fact_sale"].before_window == 2
    assert_accounted(star.tables["fact_sale"])


def test_a_row_that_is_identified_by_an_unknown_member_is_rejected(house: House) -> None:
    """Two of them would have the same primary key."""
    house.write(fact_shop=BY_SHOP)
    house.raw(shops=shops(1), sales=sales("1 1 1.00", "2 7 2.00", "3 8 4.00", "4 ∅ 8.00"))
    star = house.build()
    assert [row["shop_key"] for row in house.rows("fact_shop")] == [1]
    assert {reason for reason, _ in house.rejects("fact_shop")} == {"shop_key is unknown, and identifies the row"}
    assert_accounted(star.tables["fact_shop"])


def test_an_empty_stream_and_an_empty_query_build_empty_tables(house: House) -> None:
    """Summaries of nothing, too."""
    house.write(fact_shop=BY_SHOP)
    house.raw(shops=shops(), sales=sales())
    star = house.build()
    assert {name: table.rows for name, table in star.tables.items()} == {"dim_shop": 1, "fact_sale": 0, "fact_shop": 0}


def test_rejects_of_a_query_that_only_a_partial_reads_are_told(house: House) -> None:
    """No row is lost, whoever reads it."""
    text = BY_SHOP.replace("fact_sale: pd", "sales: pd").replace("totals(fact_sale", "totals(sales")
    house.write(fact_shop=text)
    (house.tables_dir / "fact_sale.py").unlink()
    house.raw(1, shops=shops(1), sales=sales("1 1 9.99", "2 1 x", "3 1 0.01"))
    star = house.build()
    assert [row["price"] for row in house.rows("fact_shop")] == [Decimal("10.00")]
    assert star.tables["fact_shop"].rejected == {"price is not a number": 1}
    assert_accounted(star.tables["fact_shop"])


def test_rejects_of_a_query_that_a_stream_reads_whole_are_told_once(house: House) -> None:
    """Not once a block."""
    house.write(fact_sale=FACT_SALE.replace("build(sales: pd.DataFrame)", "build(sales: pd.DataFrame, rates: object)"))
    rates = Raw("day date32[day], rate double", [("2030-01-01", "1"), ("soon", "2")], ("day",))
    house.raw(1, shops=shops(1), sales=sales("1 1 9.99", "2 1 9.99"), rates=rates)
    star = house.build()
    assert star.tables["fact_sale"].rejected == {"day is not a date of the years 1 to 9999": 1}
    assert_accounted(star.tables["fact_sale"])


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ('sales[["sale_id", "shop_id"]]', "no column price"),
        ('sales.drop(columns="sale_id")', "no column sale_id"),
        ('sales.drop(columns="shop_id")', "no column shop_id"),
        ("sales.assign(extra=1)", "a column extra, unknown"),
        ("pd.concat([sales, sales[['price']]], axis=1)", "the column price twice"),
        ("sales.assign(price=sales['price'].astype('float64[pyarrow]'))", "floating point numbers for price"),
        ("sales.assign(price=[1.5, 2.5])", "floating point numbers for price"),
        ("sales.assign(sale_id=['1', '2'])", "texts for sale_id"),
        ("sales.assign(sale_id=['1', 2])", "values of several types for sale_id"),
        ("sales.iloc[:1]", "dropped or reordered rows"),
        ("sales.iloc[::-1]", "dropped or reordered rows"),
        ("None", "returned NoneType, not a frame"),
        ("sales['nothing']", r"fact_sale.py:\d+: build failed: KeyError"),
        ("[][0]", r"fact_sale.py:\d+: build failed: IndexError"),
        ("1 / 0", r"fact_sale.py:\d+: build failed: ZeroDivisionError"),
        ("nothing_such", r"fact_sale.py:\d+: build failed: NameError"),
    ],
)
def test_what_build_does_wrong_is_told_in_a_sentence(house: House, returned: str, told: str) -> None:
    """It names the table, and where the code is at fault its file and line; nothing is committed."""
    house.write(fact_sale=FACT_SALE.replace('sales[["sale_id", "shop_id", "price"]]', returned))
    house.raw(shops=shops(1), sales=sales("1 1 9.99", "2 1 9.99"))
    with pytest.raises(ContractError, match=told) as fault:
        house.build()
    assert fault.value.hint
    assert house.store.star.committed() == []


@pytest.mark.parametrize("rule", ["unique=True", "isin=['Shop 1']", "str_startswith='Shop', nullable=False"])
def test_whatever_rule_of_panderas_a_column_has_is_judged(house: House, rule: str) -> None:
    """Also one that is no check of values, and one that no row of this night broke in another column."""
    house.write(dim_shop=DIM_SHOP.replace("nullable=True, unknown", f"{rule}, unknown"))
    names = {"unique=True": "Shop 1", "isin=['Shop 1']": "Shop 2"}
    house.raw(shops=Raw(SHOPS, [("1", "Shop 1"), ("2", names.get(rule))], ("shop_id",)), sales=sales())
    house.build()
    assert {row["shop_id"] for _, row in house.rejects("dim_shop")} >= {2}


def test_rules_between_columns_are_judged(house: House) -> None:
    """A check of pandera over the whole frame sees all columns."""
    rule = """
    @pandera.dataframe_check
    def named(cls, frame):
        return frame["name"] == "Shop " + frame["shop_id"].astype("string[pyarrow]")

"""
    text = "import pandera.pandas as pandera\n" + DIM_SHOP.replace("\n\n\ndef build", f"\n{rule}\n\ndef build")
    house.write(dim_shop=text)
    house.raw(shops=Raw(SHOPS, [("1", "Shop 1"), ("2", "Shop 3")], ("shop_id",)), sales=sales())
    house.build()
    assert [row["shop_id"] for _, row in house.rejects("dim_shop")] == [2]
