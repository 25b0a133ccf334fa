"""Known faults of the source are data: a correction mends the row that it names, and fails when it is idle."""

from pathlib import Path

import pytest

from etl.core.errors import ContractError
from tests.transform.house import DIM_SHOP, FACT_SALE, House, Raw, sales, shops

MENDED = """
[[correction]]
query = "sales"
where = { sale_id = 8 }
set = { price = "3.50" }
reason = "typed with a letter"
until = 2031-01-01
"""

FACT_SHOP = '''
class FactShop(Fact):
    """One row per shop that sold."""

    shop_key: Key = reference("dim_shop", "The shop.", grain=True)
    sales: Integer = measure("Sales.")


def partial(sales: pd.DataFrame) -> pd.DataFrame:
    return totals(sales, ["shop_id"], sales=None)


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return totals(sales, ["shop_id"], sales="sales")
'''


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house of whose three sales one cannot be read and one breaks a rule."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99", "8 1 3.5O", "9 2 -1.00"))
    return house


def correct(house: House, text: str, table: str = "fact_sale") -> None:
    """Write a table's corrections."""
    (house.tables_dir / f"{table}.corrections.toml").write_text(text, encoding="utf-8")


def test_a_rerun_takes_the_corrected_row_in(house: House) -> None:
    """What could not be read is corrected before it is read; the manifest counts the rows."""
    house.build()
    assert house.rejects("fact_sale")[0][0].startswith("price is not a number")
    assert [row["sale_id"] for row in house.rows("fact_sale")] == [7]
    correct(house, MENDED)
    star = house.build()
    assert {row["sale_id"]: str(row["price"]) for row in house.rows("fact_sale")} == {7: "9.99", 8: "3.50"}
    assert len(house.rejects("fact_sale")) == 1
    assert list(star.corrected.values()) == [1]


def test_a_row_that_breaks_a_rule_is_corrected_too(house: House) -> None:
    """It is the source's row that is wrong, whoever notices."""
    correct(house, MENDED + MENDED.replace("= 8", "= 9").replace("3.50", "1.00"))
    house.build()
    assert house.rejects("fact_sale") == []
    assert str(sum(row["price"] for row in house.rows("fact_sale"))) == "14.49"


@pytest.mark.parametrize("rows_a_block", [1, 2, 1000])
def test_every_reader_sees_the_corrected_row_and_it_counts_once(tmp_path: Path, rows_a_block: int) -> None:
    """Whichever table's file says it, and in however many blocks and passes the query is read."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE.replace('"sales"', '"sales", survivor=()'))
    rows = Raw(
        sales().columns, [["7", "1", "9.99"], ["8", None, "1.00"], ["8", "2", "2.00"]], ("sale_id",), ("-price",)
    )
    house.raw(rows_a_block, shops=shops(1, 2), sales=rows)
    correct(house, MENDED.replace('price = "3.50"', "shop_id = 2").replace("sale_id = 8", "sale_id = 7"))
    star = house.build()
    assert list(star.corrected.values()) == [1]


def test_a_value_may_become_null(house: House) -> None:
    """`unset` names the columns."""
    correct(house, MENDED.replace('set = { price = "3.50" }', 'set = { price = "3.50" }\nunset = ["shop_id"]'))
    house.build()
    assert next(row for row in house.rows("fact_sale") if row["sale_id"] == 8)["shop_key"] == 0


FAULTS = [
    (MENDED.replace("= 8", "= 88"), "changes no row"),
    (MENDED.replace("2031-01-01", "2030-03-14"), "expired on 2030-03-14"),
    (MENDED.replace('"sales"', '"sale"'), "Did you mean sales?"),
    (MENDED.replace('"sales"', '"shops"'), "fact_sale does not read shops"),
    (MENDED.replace("sale_id", "sale"), "sales has no column sale"),
    (MENDED.replace("3.50", "three"), "price is decimal128(12, 2), and 'three' is not"),
    (MENDED.replace("= 8", "= 7").replace("3.50", "9.99"), "changes no row"),
    (MENDED.replace("sale_id = 8", "shop_id = 1"), "changes 2 rows, where 1 was meant"),
    (MENDED.replace("until", 'unset = ["price"]\nuntil'), "sets and unsets price"),
    (MENDED.replace("sale_id = 8", 'sale_id = "eight"'), "Write the value as the source does"),
    (MENDED.replace("sale_id", "sale_idd"), "Did you mean sale_id?"),
    (MENDED.replace("reason", "raeson"), "[1]: a correction has no line `raeson`."),
    (MENDED.replace("reason", "raeson"), "Did you mean reason?"),
    (MENDED.replace("reason", "raeson"), "[1] has no line `reason`."),
    (MENDED.replace("where", "were"), "Did you mean where?"),
    (MENDED + MENDED.replace("until", "untill"), "[2]: a correction has no line `untill`."),
    (MENDED.replace("[[correction]]", "[[corection]]"), "Begin each entry with [[correction]]."),
    (MENDED.replace("[[correction]]", "[[corection]]"), "[[corection]] is not known."),
    (MENDED.replace("= 8", "= 8.5"), "[1]: `where` of sale_id cannot be read."),
    (MENDED.replace('"3.50"', "[3]"), "[1]: `set` of price cannot be read."),
    (MENDED.replace("2031-01-01", '"2031-01-01"'), "Write a day, without quotes: until = 2027-01-31."),
    (MENDED.replace("until", "rows = 0\nuntil"), "[1]: `rows` cannot be read."),
    (MENDED.replace("until", 'unset = "price"\nuntil'), "[1]: `unset` cannot be read."),
    (MENDED.replace('set = { price = "3.50" }', ""), "corrects nothing"),
    (MENDED + "[[", "is not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), FAULTS)
def test_a_correction_at_fault_is_told_in_a_sentence(house: House, text: str, said: str) -> None:
    """Nothing is committed; the sentence names the file."""
    correct(house, text)
    with pytest.raises(ContractError) as fault:
        house.build()
    assert said in f"{fault.value.message} {fault.value.hint}"
    assert "fact_sale.corrections.toml" in fault.value.message
    assert house.store.star.committed() == []


@pytest.mark.parametrize("rows", ["2", '"any"'])
def test_several_rows_are_corrected_where_that_is_said(house: House, rows: str) -> None:
    """By their number, or as many as there are."""
    correct(house, MENDED.replace("sale_id = 8", "shop_id = 1").replace("until", f"rows = {rows}\nuntil"))
    assert list(house.build().corrected.values()) == [2]


def test_a_correction_of_what_is_not_read_is_not_judged(house: House) -> None:
    """--only reads some of the queries."""
    correct(house, MENDED)
    house.build()
    correct(house, MENDED.replace("= 8", "= 88"))
    house.build(only=("dim_shop",))


def test_a_correction_of_a_table_that_is_not_there_is_refused(house: House) -> None:
    """A file that nobody reads would look like a correction."""
    correct(house, MENDED, "fact_sail")
    with pytest.raises(ContractError, match=r"fact_sail.corrections.toml .*there is no such table"):
        house.build()
