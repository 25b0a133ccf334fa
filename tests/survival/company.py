"""Companies whose night is to be survived: two dimensions and a streamed fact, and every row carries its night."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg2

from config.paths import ROOT
from etl.core.runs import Store
from tests.night.company import DIM_THING, Company

DIM_BUYER = DIM_THING.replace("Things", "Buyers").replace("DimThing", "DimBuyer").replace("thing_key", "buyer_key")

FACT_SALE = '''"""Sales."""

import pandas as pd

from etl.contract import Fact, Integer, Key, measure, natural_key, reference


class FactSale(Fact, stream="sales"):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    thing_key: Key = reference("dim_thing", "What was sold.")
    night: Integer = measure("The night whose value it is.")


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
'''

SALES = "-- Sales.\n-- grain: one row per sale\n-- source: shop\n-- key: sale_id\n-- types: night bigint\n"

_THINGS, _SALES = 50, 2000

LOOK = """
SELECT 'dim_buyer' AS name, MIN(night) AS least, MAX(night) AS greatest, COUNT(*) AS n
FROM dim_buyer WHERE buyer_key > 0
UNION ALL SELECT 'dim_thing', MIN(night), MAX(night), COUNT(*) FROM dim_thing WHERE thing_key > 0
UNION ALL
SELECT 'etl_runs', MIN(row_count), MAX(row_count), COUNT(*)
FROM etl_runs WHERE run_id = (SELECT MAX(run_id) FROM etl_runs) AND table_name = 'fact_sale'
UNION ALL SELECT 'fact_sale', MIN(night), MAX(night), COUNT(*) FROM fact_sale
ORDER BY 1
"""
"""What a reader asks, in every warehouse's SQL; `night_of` judges the answer."""

Seen = Sequence[Sequence[object]]


def look_of(night: int) -> list[list[object]]:
    """Give what a reader is to see when this night, and nothing else, is published."""
    return [
        ["dim_buyer", night, night, _THINGS + night],
        ["dim_thing", night, night, _THINGS + night],
        ["etl_runs", _SALES + night, _SALES + night, 1],
        ["fact_sale", night, night, _SALES + night],
    ]


def night_of(seen: Seen) -> int:
    """Tell which night it is that a reader saw; a mix of nights is none."""
    night = int(str(seen[0][1]))
    assert [list(row) for row in seen] == look_of(night), f"a reader saw a mix of nights: {seen}"
    return night


class Shop(Company):
    """Its night takes a few seconds, with two workers. night: the number that its source's rows carry."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings |= {"WORKERS": "2", "KEEP_RUNS": "3"}
        (folder / "tables/dim_buyer.py").write_text(DIM_BUYER)
        (folder / "tables/fact_sale.py").write_text(FACT_SALE)
        (folder / "queries/sales.sql").write_text(f"{SALES}SELECT sale_id, thing_id, night FROM sales\n")
        self.night_number = 0
        self.next_night()

    def next_night(self) -> int:
        """Let the source's rows be another night's; gives its number."""
        self.night_number += 1
        night = self.night_number
        self.rows(_THINGS + night, night)
        with closing(sqlite3.connect(self.folder / "shop.db")) as shop, shop:
            shop.execute("DROP TABLE IF EXISTS sales")
            shop.execute("CREATE TABLE sales (sale_id INTEGER, thing_id INTEGER, night INTEGER)")
            rows = [(n, n % _THINGS, night) for n in range(_SALES + night)]
            shop.executemany("INSERT INTO sales VALUES (?, ?, ?)", rows)
        return night

    def see(self) -> None:
        """See that its nights were of the kind that is meant: after some of them."""

    def script(self, name: str, *options: str) -> list[str]:
        """Give the command line of a stage's script; of the whole night where the name is "night"."""
        if name == "night":
            return self.command(*options)
        return [sys.executable, str(ROOT / name), "--env", str(self.env), *options]

    def run(self, name: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a stage, or the night, undisturbed."""
        return self.ended(self.script(name, *options), **environment)


class ChangingShop(Shop):
    """Its source is PostgreSQL, of which a night reads and publishes what changed: all rows, each with the night."""

    def __init__(self, folder: Path, url: str) -> None:
        self._url = url
        self._sql(
            "CREATE TABLE things (thing_id int PRIMARY KEY, night int, name text, changed_at timestamptz)",
            "CREATE TABLE sales (sale_id int PRIMARY KEY, thing_id int, night int, changed_at timestamptz)",
        )
        super().__init__(folder)
        self.settings["SOURCE_SHOP_URL"] = url
        for query in (folder / "queries").glob("*.sql"):
            header, select, body = query.read_text().partition("SELECT ")
            query.write_text(f"{header}-- watermark: changed_at\n{select}changed_at, {body}")
        for table in (folder / "tables").glob("*.py"):
            table.write_text(
                re.sub(r"return (things|sales)\n", r'return \1.drop(columns="changed_at")\n', table.read_text())
            )

    def next_night(self) -> int:
        """Let the source's rows be changed by another night, which has some more; gives its number."""
        self.night_number += 1
        night = self.night_number
        for table, values, rows in (("things", "n", _THINGS), ("sales", f"n, n % {_THINGS}", _SALES)):
            columns = "thing_id" if table == "things" else "sale_id, thing_id"
            more = f"generate_series((SELECT count(*) FROM {table}), {rows + night - 1}) AS n"
            self._sql(
                f"UPDATE {table} SET night = {night}, changed_at = now()",
                f"INSERT INTO {table} ({columns}, night, changed_at) SELECT {values}, {night}, now() FROM {more}",
            )
        return night

    def see(self) -> None:
        """See that what was published last was extracted and built of what had changed, and most else, too."""
        store = Store(self.data)
        for runs in (store.raw, store.star):
            of_changes = [runs.read(run).is_of_changes for run in runs.committed()]
            assert of_changes[-1], of_changes

    def _sql(self, *statements: str) -> None:
        with closing(psycopg2.connect(self._url)) as connection, connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
