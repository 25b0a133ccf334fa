"""What fits a column's type, and the one sentence about what does not: what came, what is wanted, what to write."""

import datetime as dt
from decimal import Decimal, localcontext

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.core.errors import ContractError
from etl.transform.fitting import cast, check_kind, misfits
from tests.transform.house import House, Raw, sales, shops

MONEY = pa.decimal128(12, 2)
FACT_SALE = '''
class FactSale(Fact, stream="sales"):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    price: {kind} = attribute("Its price.", nullable=True)


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales[["sale_id"]].assign(price={value})
'''


LARGE = st.integers(-(10**38) + 1, 10**38 - 1)


@given(LARGE, st.integers(0, 38), st.integers(0, 38))
@example(35, 0, 37)
def test_a_decimal_never_becomes_another_number(digits: int, had: int, scale: int) -> None:
    """Digits that its column has no room for are found, however many bits they would take."""
    with localcontext(prec=100):
        value = Decimal(digits).scaleb(-had)
        room = abs(value) < Decimal(10) ** (38 - scale)
        kind, values = pa.decimal128(38, scale), pa.array([value], pa.decimal128(38, had))
        assert (not misfits("x", values, kind)) == (room and value == value.quantize(Decimal(1).scaleb(-scale)))
        if not misfits("x", values, kind):
            assert cast(values, kind)[0].as_py() == value


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 38), st.data())
def test_an_integer_fits_a_decimal_by_its_digits(value: int, precision: int, data: st.DataObject) -> None:
    """And not by its type: 10 is a decimal(4, 2), 1000 is none."""
    scale = data.draw(st.integers(0, precision))
    kind = pa.decimal128(precision, scale)
    fits = abs(value) < 10 ** (precision - scale)
    assert (not misfits("x", pa.array([value]), kind)) == fits
    if fits:
        assert cast(pa.array([value]), kind)[0].as_py() == value


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (Decimal("1.234"), MONEY, "x has more than 2 decimals: round it in build, or declare the column"
                                  " Decimal(16, 4)"),
        (Decimal("1e11"), MONEY, "x has more than 10 digits before the point: round it in build, or declare the column"
                                 " Decimal(16, 2)"),
        ("1.2345678901", pa.decimal128(38, 9), "x has more than 9 decimals: round it in the query, e.g. CAST(x AS"
                                               " DECIMAL(20, 6)); in SQLite ROUND(x, 6) with `-- types: x"
                                               " numeric(20,6)` in its header"),
        ("NaN", MONEY, "x is not a number"),
        ("-Infinity", MONEY, "x is not a number"),
        ("many", pa.int64(), "x is not a number"),
        ("1.5", pa.int64(), "x is not a whole number"),
        ("9223372036854775808", pa.int64(), "x is beyond 64 bits"),
        (Decimal(2**63), pa.int64(), "x is beyond 64 bits"),
        (1.5, pa.int64(), "x is not a whole number"),
        (float("inf"), pa.int64(), "x is not a number"),
        (2**53 + 1, pa.float64(), "x cannot be held as a floating point number"),
        ("infinity", pa.date32(), "x is not a date of the years 1 to 9999"),
        ("15000-01-01", pa.timestamp("us", "UTC"), "x is not a time of the years 1 to 9999 in whole microseconds"),
        ("maybe", pa.bool_(), "x is neither true nor false"),
    ],
)  # fmt: skip
def test_the_reason_tells_the_cure_and_no_value(value: object, kind: pa.DataType, told: str) -> None:
    """Rejects are counted by their reason; a value in it would make one for each row, and may be personal."""
    assert misfits("x", pa.array([None, value]), kind) == {1: told}


@pytest.mark.parametrize(
    ("found", "wanted", "told", "hint"),
    [
        (
            pa.float64(),
            MONEY,
            "floating point numbers for x, a column of decimal(12, 2)",
            "CAST(x AS DECIMAL(12, 2)); in SQLite ROUND(x, 2) with `-- types: x numeric(12,2)`",
        ),
        (pa.timestamp("us"), pa.timestamp("us", "UTC"), "times without a zone for x", "AT TIME ZONE"),
        (pa.timestamp("us", "UTC"), pa.date32(), "times with a zone for x, a column of dates", "business_date("),
        (pa.int64(), pa.string(), "whole numbers for x, a column of texts", '.map(str, na_action="ignore")'),
        (pa.string(), pa.int64(), "texts for x, a column of whole numbers", "`-- types: x bigint`"),
        (pa.time64("us"), pa.string(), "times of day for x", '.map(str, na_action="ignore")'),
        (pa.list_(pa.int64()), pa.int64(), "lists or records for x", "`-- types:`"),
    ],
)
def test_a_column_of_another_type_is_told_once(found: pa.DataType, wanted: pa.DataType, told: str, hint: str) -> None:
    """The types decide, whatever the values are; no row is rejected for it."""
    with pytest.raises(ContractError) as fault:
        check_kind("dim_x", "x", found, wanted)
    assert told in fault.value.message
    assert hint in str(fault.value.hint)


@pytest.mark.parametrize(
    ("kind", "value", "published"),
    [
        ("Money", "10", Decimal("10.00")),
        ("Money", "[10**20]", None),
        ("Integer", "[2**64]", None),
        ("Integer", "[2**62]", 2**62),
        ("Text", "pd.Categorical(['b'], categories=['a', 'b'])", "b"),
        ("Text", "pd.Series(['a'], dtype='string')", "a"),
        ("Text", "pd.array(['a'], dtype=pd.ArrowDtype(__import__('pyarrow').string_view()))", "a"),
        ("Time", "'10:30:00'", dt.time(10, 30)),
        ("Time", "[__import__('datetime').time(10, 30)]", dt.time(10, 30)),
        ("Time", "'25:00'", None),
        ("Integer", "pd.Categorical([7])", 7),
        ("Date", "[pd.Timestamp('2030-01-01').date()]", dt.date(2030, 1, 1)),
    ],
)
def test_what_pandas_makes_is_taken_exactly_or_rejected(house: House, kind: str, value: str, published: object) -> None:
    """Whole numbers as money, categories as what they stand for, Python's integers of any length."""
    house.write(fact_sale=FACT_SALE.format(kind=kind, value=value))
    house.raw(shops=shops(), sales=sales("1 1 9.99"))
    star = house.build()
    assert [row["price"] for row in house.rows("fact_sale")] == ([] if published is None else [published])
    assert star.tables["fact_sale"].all_rejected == (published is None)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("[__import__('uuid').uuid4()]", "values of the type arrow.uuid for price"),
        ("[1 + 2j]", "complex"),
        ("pd.period_range('2030', periods=1, freq='M')", "for price"),
        ("[{'a': 1}]", "lists or records for price"),
    ],
)
def test_what_no_column_holds_is_told_with_the_cure(house: House, value: str, told: str) -> None:
    """No traceback, no word of the libraries'."""
    house.write(fact_sale=FACT_SALE.format(kind="Text", value=value))
    house.raw(shops=shops(), sales=sales("1 1 9.99"))
    with pytest.raises(ContractError, match=told) as fault:
        house.build()
    assert ".map(" in str(fault.value.hint)


DIM_ODD = '''
class DimShop(Dimension, survivor=("-rank",)):
    """One row per shop."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    rank: Integer = attribute("Its rank.", nullable=True)
    name: Text = attribute("Its name.", nullable=True)


def build(shops: pd.DataFrame) -> pd.DataFrame:
    return shops.assign(rank=1, name=shops["name"].astype("category"))
'''


@given(st.times())
def test_a_time_of_day_is_the_text_that_a_source_delivers(value: dt.time) -> None:
    """With or without seconds and their parts; 24:00:00 and what is no such text are found."""
    kind = pa.time64("us")
    texts = [value.isoformat(), f"{value:%H:%M}", None]
    assert cast(pa.array(texts), kind).to_pylist() == [value, value.replace(second=0, microsecond=0), None]
    wrong = ["24:00:00", "7:05", "noon", "", "10:30:00+02", "10:30:00.1234567"]
    assert set(misfits("x", pa.array([*texts, *wrong]), kind)) == set(range(3, 9))


def test_categories_have_an_order_for_the_survivor(house: House) -> None:
    """That of their values, whatever order the rows came in."""
    house.write(dim_shop=DIM_ODD)
    for names in (("b", "a"), ("a", "b")):
        rows = [("1", name) for name in names]
        house.raw(shops=Raw("shop_id int64, name string", rows, (), ()), sales=sales())
        house.build()
        assert [row["name"] for row in house.rows("dim_shop")][1:] == ["a"]


def test_a_column_may_have_as_many_decimals_as_it_needs(house: House) -> None:
    """`Decimal(18, 4)` is as exact as Money; what no warehouse holds is refused when the table file is read."""
    house.write(fact_sale=FACT_SALE.format(kind="Decimal(18, 4)", value="sales['price'] / 1000"))
    house.raw(shops=shops(), sales=sales("1 1 10.00"))
    house.build()
    assert [row["price"] for row in house.rows("fact_sale")] == [Decimal("0.0100")]
    house.write(fact_sale=FACT_SALE.format(kind="Decimal(40, 2)", value="1"))
    with pytest.raises(ContractError, match=r"Decimal\(40, 2\) is not a type: a column has up to 29 digits"):
        house.build()


def test_a_time_of_day_is_judged_by_rules_of_its_own_type(house: House) -> None:
    """One that is too late is rejected, with the rule and without the value."""
    text = FACT_SALE.format(kind="Time", value="['09:00', '17:30:00', '17:30:01', None]")
    text = text.replace("nullable=True", "nullable=True, ge=dt.time(9), le=dt.time(17, 30)")
    house.write(fact_sale=f"import datetime as dt\n{text}")
    house.raw(shops=shops(), sales=sales("1 1 9.99", "2 1 9.99", "3 1 9.99", "4 1 9.99"))
    star = house.build()
    assert [row["price"] for row in house.rows("fact_sale")] == [dt.time(9), dt.time(17, 30), None]
    assert list(star.tables["fact_sale"].rejected) == ["price is more than 17:30:00"]


DIM_SHIFT = """
class DimShift(Dimension):
    \"\"\"One row per shift.\"\"\"

    shift_key: Key = surrogate_key()
    begins_at: Time = natural_key("When.")


def build(shops: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"begins_at": pd.array(TEXTS, dtype="string[pyarrow]")})
"""


@pytest.mark.parametrize("doubled", ["'08:00', '08:00:00'", "'08:00:00.5', '08:00:00.500'"])
def test_a_time_of_day_written_in_two_ways_is_one_key(house: House, doubled: str) -> None:
    """A key of two spellings would be two members, and the next night could not tell them apart."""
    house.write(dim_shift=DIM_SHIFT.replace("TEXTS", f"['16:00', {doubled}]"))
    house.raw(shops=shops(1, 2), sales=sales())
    with pytest.raises(ContractError, match="dim_shift: 1 rows repeat the key of another row"):
        house.build()
