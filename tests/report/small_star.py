"""A star of three tables with a few rows, NULLs and unknown members among them, and what SQL and DAX say of it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from etl.company.measure import Measure
from etl.company.references import resolved
from etl.company.report import Report
from etl.company.views import View
from etl.contract import (
    Date,
    Dimension,
    Fact,
    Flag,
    Integer,
    Key,
    Money,
    Text,
    attribute,
    measure,
    natural_key,
    reference,
    surrogate_key,
)
from etl.contract.table import Contract
from etl.load.duckdb.reading import Reader


class DimDay(Dimension, hierarchies={"Days": ("month", "day")}):
    """One row per day."""

    day_key: Key = surrogate_key()
    day: Date = natural_key("The day.")
    month: Integer = attribute("The month.")


class DimShop(Dimension, hierarchies={"Shops": ("region", "is_open", "shop_id")}):
    """One row per shop."""

    shop_key: Key = surrogate_key()
    shop_id: Integer = natural_key("Its number.")
    region: Text = attribute("Where it is.", nullable=True)
    floors: Integer = attribute("How high it is.", nullable=True)
    is_open: Flag = attribute("Whether it is open.", nullable=True)


class FactSale(Fact):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    day_key: Key = reference("dim_day", "When.")
    shop_key: Key = reference("dim_shop", "Where.")
    paid_day_key: Key = reference("dim_day", "When it was paid.", on="paid_day")
    given_at_key: Key = reference("dim_shop", "Where it was handed over.", on="given_at")
    day: Date = attribute("When.", nullable=True)
    paid_day: Date = attribute("When it was paid.", nullable=True)
    till: Integer = attribute("At which till.")
    amount: Money = measure("For how much.", nullable=True)
    pieces: Integer = measure("How many.", nullable=True)
    is_paid: Flag = attribute("Whether it is paid.", nullable=True)
    kind: Text = attribute("Of what kind.", nullable=True)


def _contracts() -> dict[str, Contract]:
    read = {n: Contract.of(n, m) for n, m in (("dim_day", DimDay), ("dim_shop", DimShop), ("fact_sale", FactSale))}
    return {name: resolved(contract, read) for name, contract in read.items()}


CONTRACTS = _contracts()
VIEW = View("open_shops", "fact_sale", "-- like: fact_sale", {"dim_shop.is_open": (True,), "kind": ("a", "b")})
Rows = list[dict[str, Any]]


def report_of(measures: list[Measure]) -> Report:
    """Return a report of measures, without a page."""
    return Report(Path(), "Small", {each.name: each for each in measures}, {VIEW.name: VIEW}, ())


@dataclass(frozen=True)
class Star:
    """Rows by table. read: asks them in SQL, and keeps what several questions are put to."""

    rows: Mapping[str, Rows]
    connection: duckdb.DuckDBPyConnection
    read: Reader


@contextmanager
def opened(rows: Mapping[str, Rows]) -> Iterator[Star]:
    """Give a star of these rows."""
    with duckdb.connect() as connection:
        for name, contract in CONTRACTS.items():
            nullable = pa.schema([field.with_nullable(True) for field in contract.schema])
            connection.register(name, pa.Table.from_pylist(rows[name], nullable))
        yield Star(rows, connection, Reader(connection))


DAYS: Rows = [{"day_key": 0, "day": None, "month": None}] + [
    {"day_key": n, "day": dt.date(2026, n, 1), "month": n} for n in (1, 2, 3)
]
SHOPS: Rows = [
    {"shop_key": 0, "shop_id": None, "region": None, "floors": None, "is_open": None},
    {"shop_key": 1, "shop_id": 1, "region": "North", "floors": 0, "is_open": True},
    {"shop_key": 2, "shop_id": 2, "region": "north", "floors": 2, "is_open": False},
    {"shop_key": 3, "shop_id": 3, "region": None, "floors": None, "is_open": True},
]
