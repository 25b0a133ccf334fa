"""Stars whose fact tells by what it differs from the last one.

They are built for real; then the fact's files are written as nights of changes would leave them: a file of what came
each night, and the numbers of the rows that are superseded.

| night | sales |
|---|---|
| 1 | 1 to 20, a day each from 20 January 2030 on |
| 2 | 1 has another price, 2 is gone, 3 is a month later, 21 is new and has no day |
| 3 | 1 has its price again, 4 has no day, 21 is gone |
"""

import json
from pathlib import Path
from typing import Any

from config import Settings
from etl.company.tables import contracts
from etl.contract.table import Contract
from etl.core.manifest import StarTable
from etl.core.runs import MANIFEST
from etl.load.open import open_warehouse
from tests.load.changes import layered
from tests.load.contracts import Rows
from tests.load.scripts import load
from tests.transform.house import DIM_SHOP, House, Raw, shops

FACT_SALE = '''
class FactSale(Fact, stream="sales", partition_by="day"):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")
    day: Date = attribute("When.", nullable=True)
    price: Money = measure("What it cost.", ge=0)


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales[["sale_id", "shop_id", "day", "price"]]
'''

Sales = dict[int, tuple[str | None, str]]
"""By number, the day and the price."""

FIRST: Sales = {n: (f"2030-{1 + (n > 12):02}-{(19 + n) if n <= 12 else n - 12:02}", f"{n}.50") for n in range(1, 21)}
SECOND: Sales = {n: sale for n, sale in FIRST.items() if n != 2} | {
    1: (FIRST[1][0], "100.00"),
    3: ("2030-02-22", "3.50"),
    21: (None, "21.00"),
}
THIRD: Sales = {n: sale for n, sale in SECOND.items() if n != 21} | {1: (FIRST[1][0], "1.50"), 4: (None, "4.00")}


class Nights:
    """A house whose stars tell of changes. where: the settings of another warehouse than a file."""

    def __init__(self, folder: Path, where: Settings | None = None) -> None:
        self.house = House(folder, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
        fields = ("warehouse", "bigquery_project", "bigquery_dataset", "bigquery_credentials", "bigquery_endpoint")
        given = {name: getattr(where, name) for name in fields} if where else {}
        self.house.settings = self.house.settings.model_copy(update=given)
        self._environment = {name.upper(): str(value) for name, value in given.items()}
        self._rows: list[Rows] = []
        self._on = ""

    def build(self, sales: Sales, *, changes: bool = True, shop: int = 1) -> StarTable:
        """Build a star; returns its fact, which tells of the changes since the last one."""
        rows = [(str(n), str(shop), day, price) for n, (day, price) in sales.items()]
        self.house.raw(
            shops=shops(1, 2),
            sales=Raw("sale_id int64, shop_id int64, day date32[day], price decimal128(12, 2)", rows, ("sale_id",)),
        )
        star = self.house.build()
        self._rows.append(self.house.rows("fact_sale"))
        built = star.tables["fact_sale"]
        if changes and self._on:
            folder = self.house.store.star.path(star.run)
            told_of = layered(self.contract, self._rows, folder, run=built.run, on=self._on)
            names = ("files", "change", "superseded", "gone", "by_partition")
            built = built.model_copy(update={name: getattr(told_of, name) for name in names})
            self.write(built)
        self._on = built.run
        return built

    def write(self, fact: StarTable) -> None:
        """Let the newest star say something else of its fact."""
        star = self.house.star
        path = self.house.store.star.path(star.run) / MANIFEST
        manifest = json.loads(path.read_text())
        manifest["tables"]["fact_sale"] = json.loads(fact.model_dump_json())
        path.write_text(json.dumps(manifest))

    @property
    def contract(self) -> Contract:
        """The fact's."""
        return contracts(self.house.tables_dir)["fact_sale"]

    def load(self, *options: str, **settings: str) -> str:
        """Publish; returns what was said."""
        done = load(self.house, *options, **self._environment, **settings)
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout

    def published(self) -> Sales:
        """Read the published sales."""
        found = self.ask("SELECT sale_id, day, price FROM fact_sale ORDER BY 1")
        return {number: (day and day.isoformat(), f"{price:.2f}") for number, day, price in found}

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with open_warehouse(self.house.settings) as warehouse:
            return [tuple(row.values()) for row in warehouse.read(query).to_pylist()]


def mistaken(fact: StarTable) -> StarTable:
    """Exchange what is told of two months, of which the third night changes one."""
    one, other = (fact.by_partition[month].hash_sum for month in ("2030-01", "2030-02"))
    hashes = {"2030-01": other, "2030-02": one}
    parts = {
        month: receipt.model_copy(update={"hash_sum": hashes.get(month, receipt.hash_sum)})
        for month, receipt in fact.by_partition.items()
    }
    return fact.model_copy(update={"by_partition": parts})
