"""What SCALE.md says of BigQuery's bill."""

from pathlib import Path

from benchmarks.billing import SCANS, Billing
from etl.company.tables import contracts
from tests.transform.house import DIM_SHOP, FACT_SALE, House, in_this_process, sales, shops

LEAST = 10 * 2**20


def test_each_table_of_a_query_is_billed_by_its_types_and_at_least_ten_megabytes(tmp_path: Path) -> None:
    """A decimal counts 16 bytes, a number 8, a text 2 and its letters; few rows are billed as if they were many."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(1), sales=sales("7 1 9.99", "8 1 1.00"))
    with in_this_process():
        star = house.build()
    asked = [
        "SELECT SUM(price) FROM fact_sale AS s JOIN dim_shop USING (shop_key)",
        "SELECT 1 FROM fact_sale, fact_sale t",
    ]
    every = contracts(house.settings.tables_dir)
    billing = Billing(star, house.store.star.path(star.run), 2, every, asked)
    sale = sum(16 if str(field.type).startswith("decimal") else 8 for field in every["fact_sale"].schema)
    names = [row["name"] for row in house.rows("dim_shop")]
    shop = 16 + sum(2 + len(name) for name in names) / len(names)
    assert billing.stored(2) == 2 * sale + len(names) * shop
    assert billing.load(2) == (2 * SCANS + 4) * LEAST
    assert billing.dashboard(2) == 3 * LEAST
    many = 2 * LEAST
    assert billing.dashboard(many) == 2 * many * sale + many / 2 * len(names) * shop
