"""Numbers are published with the digits that the source holds, whatever prints, divides or rounds them on the way."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.bug_reports.company import Stranger
from tests.download.test_mysql import DRIVERS
from tests.maria import Maria

DIM_ITEM = '''
class DimItem(Dimension):
    """One row per item."""

    item_key: Key = surrogate_key()
    id: Integer = natural_key("Its number.")
    x: {} = attribute("What it measures.", nullable=True)


def build(items: pd.DataFrame) -> pd.DataFrame:
    return items
'''
PUBLISHED = "SELECT x FROM dim_item WHERE item_key > 0 ORDER BY id"
SINGLES = [1234567.0, 16777216.0, 123456.79, 0.1, -1e20, 1e-5, 0.0, None]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_float_of_mysql_has_more_than_six_digits(tmp_path: Path, maria: Maria, driver: str) -> None:
    """What the server prints of a FLOAT has six, so that 1234567 would be 1234570; FLOAT(10,2) it prints in full."""
    rows = ", ".join(f"({number}, {'NULL' if x is None else x}, 12605.04)" for number, x in enumerate(SINGLES))
    maria.sql(
        'CREATE OR REPLACE TABLE singles (id INT, `a:b"%` FLOAT, fixed FLOAT(10,2))',
        f"INSERT INTO singles VALUES {rows}",
    )
    company = Stranger(tmp_path, maria.url(driver))
    more = "-- group by: id\n-- types: fixed numeric(12,2)\n"
    company.query("singles", 'SELECT id, `a:b"%`, fixed FROM singles ORDER BY id', more=more)
    exact = "-- types: x numeric(38,5)\n"
    company.query("items", 'SELECT id, `a:b"%` AS x FROM singles', more=exact)
    company.star_table("dim_item", DIM_ITEM.format("Decimal(34, 5)"))
    found = [x for (x,) in company.published(PUBLISHED)]
    assert found == [None if x is None else Decimal(str(x)) for x in SINGLES]
    assert [row['a:b"%'] for row in company.rows("singles")] == SINGLES
    assert {row["fixed"] for row in company.rows("singles")} == {Decimal("12605.04")}


def test_a_decimal_becomes_the_nearest_floating_point_number(stranger: Stranger) -> None:
    """A quotient of two rounded numbers is not: 0.6667 would be 0.6667000000000001."""
    texts = ["0.6667", "47.5", "0.1", "1234567890.123456789", "-7.63", "0.000000001"]
    stranger.fill(
        "CREATE TABLE items (id INTEGER, x TEXT)",
        *(f"INSERT INTO items VALUES ({number}, '{x}')" for number, x in enumerate(texts)),
    )
    stranger.query("items", "SELECT id, x FROM items", more="-- types: x numeric(38,9)\n")
    stranger.star_table("dim_item", DIM_ITEM.format("Number"))
    assert [x for (x,) in stranger.published(PUBLISHED)] == [float(x) for x in texts]


def test_the_cure_for_floating_point_in_a_decimal_column_works_in_sqlite(stranger: Stranger) -> None:
    """Its CAST AS DECIMAL rounds nothing."""
    stranger.fill(
        "CREATE TABLE items (id INTEGER, x REAL)",
        "INSERT INTO items VALUES (1, 0.1 + 0.2), (2, 1e-7), (3, 1e15), (4, NULL)",
    )
    stranger.star_table("dim_item", DIM_ITEM.format("Money"))
    stranger.query("items", "SELECT id, ROUND(x, 2) AS x FROM items", more="-- types: x numeric(18,2)\n")
    assert [x for (x,) in stranger.published(PUBLISHED)] == [Decimal("0.30"), Decimal(0), Decimal(10**15), None]
