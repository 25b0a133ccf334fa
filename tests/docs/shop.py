"""A shop so small that its dictionary can be drawn by hand: two queries, four tables, a report of one page."""

import subprocess
from pathlib import Path

import config
from etl.docs.company import Company, read_company
from tests.called import etl

_HEAD = """
import pandas as pd
from etl.contract import Date, Dimension, Fact, Integer, Key, Money, Text, attribute, measure, natural_key, reference
from etl.contract import surrogate_key

"""

FILES = {
    "queries/shops.sql": """-- Shops of {text}.
-- grain: one row per shop
-- source: till
-- key: shop_id
SELECT shop_id, name FROM shops
""",
    "queries/sales.sql": """-- What was sold.
-- grain: one row per sale
-- source: till
-- key: sale_id
SELECT sale_id, shop_id, sold_on, paid_on, price FROM sales
""",
    "tables/dim_day.py": _HEAD
    + '''
class DimDay(Dimension):
    """One row per day."""

    day_key: Key = surrogate_key()
    day: Date = natural_key("The day.")


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
''',
    "tables/dim_shop.py": _HEAD
    + '''
class DimShop(Dimension):
    """One row per shop of {text}."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    name: Text = attribute("Its name, {text}.", unknown="{text}", pii=True, isin=["{text}", "B"], sort_by="shop_id")


def build(shops: pd.DataFrame) -> pd.DataFrame:
    return shops
''',
    "tables/fact_sale.py": _HEAD
    + '''
class FactSale(Fact, stream="sales"):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    sold_key: Key = reference("dim_day", "When it was sold.", on="sold_on")
    paid_key: Key = reference("dim_day", "When it was paid.", on="paid_on")
    shop_key: Key = reference("dim_shop", "The shop.")
    price: Money = measure("What it cost.", ge=0, number_format="#,0.00")


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
''',
    "tables/fact_total.py": _HEAD
    + '''
class FactTotal(Fact):
    """One row per shop that has sold."""

    shop_key: Key = reference("dim_shop", "The shop.", grain=True)
    price: Money = measure("All prices.")


def partial(fact_sale: pd.DataFrame) -> pd.DataFrame:
    return fact_sale


def build(fact_sale: pd.DataFrame) -> pd.DataFrame:
    return fact_sale
''',
    "powerbi/report.toml": """title = '{text}'
target = [{ measure = "Average", at_least = 2 }]
""",
    "powerbi/measures/1.toml": """folder = 'Money {text}'

[[measure]]
name = "Price"
meaning = "What it cost, {text}."
format = "#,0.00"
dax = "SUM(Sale[Price])"
of = "fact_sale"
sql = "SUM(price)"

[[measure]]
name = "Sales"
meaning = "How many."
format = "#,0"
dax = "COUNTROWS(Sale)"
of = "fact_sale"
sql = "COUNT(*)"

[[measure]]
name = "Average"
meaning = "Of a sale."
format = "#,0"
dax = "DIVIDE([Price], [Sales]) -- not [Paid]"
sql = "[Price] / [Sales]"

[[measure]]
name = "Paid"
meaning = "By the day when it was paid."
format = "#,0"
dax = "CALCULATE([Price], USERELATIONSHIP(Sale[Paid Key], Day[Day Key]))"
of = "paid"
sql = "SUM(price)"

[[measure]]
name = "Shops"
meaning = "All shops, {text}."
format = "#,0"
dax = '''COUNTROWS(Shop) + 0 * LEN("{text}")'''
of = "dim_shop"
sql = "COUNT(*)"
""",
    "powerbi/views/paid.sql": """-- Sales by the day when they were paid, {text}.
-- like: fact_sale
SELECT paid_key AS sold_key, shop_key, price FROM fact_sale WHERE 'fact_total' <> ''
""",
    "powerbi/pages/1.toml": """name = "Overview"
title = 'Everything of {text}'
slicers = ["dim_shop.name"]

[[visual]]
kind = "card"
title = 'What we sell, {text}'
alt = "A number."
measures = ["Average"]
spark = "dim_shop.name"
said = [{ when = "[Average] >= 2", text = "Dear shops: {Average}" }, { text = "Cheap shops" }]
""",
}
QUIET = "the town"


def write(folder: Path, text: str = QUIET) -> Path:
    """Write the shop's files, with a text where people describe things; gives the settings file."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("{text}", text), encoding="utf-8")
    settings = folder / "shop.env"
    settings.write_text(
        f"WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=UTC\nDATA_DIR={folder}/data\n"
        f"QUERIES_DIR={folder}/queries\nTABLES_DIR={folder}/tables\n"
    )
    return settings


def read(settings: Path) -> Company:
    """Read a company."""
    return read_company(config.load(settings))


def docs(settings: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command that writes the dictionary."""
    return etl("docs", settings, *options)
