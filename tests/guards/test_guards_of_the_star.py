"""What stage 3 refuses to publish until a person has looked."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import duckdb
import pytest

from etl.core.runs import MANIFEST
from tests.transform.house import DIM_SHOP, House, shops

FACT = '''
class FactSale(
    Fact, stream="sales", closed_months="day", tolerance=0.05, rejects=0.1, unknown=0.1
):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")
    day: Date = attribute("When.")
    price: Money = measure("What it cost.", ge=0)


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
'''
COLUMNS = "sale_id int64, shop_id int64, day date32[day], price decimal128(12, 2)"
CLOSED, OPEN = "2029-11-05", "2030-03-10"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house that published 200 sales of a closed month at 10.00, and one of the month under way."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT)
    night(house, [sale(n) for n in range(200)] + [sale(200, day=OPEN)])
    assert load(house).returncode == 0
    return house


def sale(number: int, shop: str | None = "1", day: str = CLOSED, price: str = "10.00") -> list[str | None]:
    """Make a row as COPY writes it."""
    return [str(number), shop, day, price]


def night(house: House, rows: list[list[str | None]]) -> None:
    """Build the star of these sales."""
    house.raw(shops=shops(1, 2), sales=raw(rows))
    house.build()


def raw(rows: list[list[str | None]]):  # type: ignore[no-untyped-def]
    """Say what the query delivered."""
    from tests.transform.house import Raw

    return Raw(COLUMNS, rows, ("sale_id",))


def load(house: House, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    command = [part.replace("TablesTransformMain.py", "LoadFilesBQ.py") for part in house.command(*options)]
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=90)


def published(house: House) -> str:
    """Sum the published sales up."""
    with duckdb.connect(str(house.settings.duckdb_path), read_only=True) as connection:
        return str(connection.sql("SELECT sum(price) FROM fact_sale").fetchall()[0][0])


SALES = [sale(n) for n in range(200)]
REFUSED = {
    "rejects": ([*SALES[:179], *(sale(n, price="-1.00") for n in range(179, 200))], "21 of 200 rows are rejected"),
    "unknown": (
        [*SALES[:179], *(sale(n, shop="77") for n in range(179, 200))],
        "21 of 200 rows have a shop_key that matches no member (last time 0",
    ),
    "months": ([*SALES[:199], sale(199, price="111.00")], "2029-11: price 2,000 is 2,101 (+5.05%)"),
}


@pytest.mark.parametrize("guard", REFUSED)
def test_nothing_is_published_until_a_person_accepts(house: House, guard: str) -> None:
    """Exit 3, last night stays; the load alone, run again with --accept, publishes, and its manifest says why."""
    rows, said = REFUSED[guard]
    night(house, rows)
    refused = load(house)
    assert refused.returncode == 3
    table = "fact_sale.shop_key" if guard == "unknown" else "fact_sale"
    assert f"{table}:{guard}: {said}" in refused.stderr
    if guard == "rejects":
        assert f"-m etl rejects --env {house.command()[-1]} fact_sale shows them" in refused.stderr
    assert published(house) == "2010.00"
    accepted = load(house, "--accept", *shlex.split(refused.stderr.partition(" --accept ")[2]))
    assert accepted.returncode == 0, accepted.stderr
    assert published(house) != "2010.00"
    manifest = house.store.loaded.newest("")
    assert said in manifest.accepted[f"{table}:{guard}"]


def test_more_nulls_than_last_night_are_refused(house: House) -> None:
    """A join column that went missing makes every reference NULL, which no other rule forbids."""
    night(house, [sale(n, shop=None if n < 30 else "1") for n in range(200)])
    refused = load(house)
    assert refused.returncode == 3
    assert "30 of 200 rows have no shop_key, last time 0 of 201" in refused.stderr


def test_smaller_changes_of_closed_months_are_listed(house: House) -> None:
    """A return that comes late is no fault, but nobody is to be surprised."""
    night(house, [*SALES[:199], sale(199, price="20.00"), sale(200, day=OPEN)])
    done = load(house)
    assert done.returncode == 0
    told = "fact_sale: closed months changed within the tolerance: 2029-11: price 2,000 is 2,010 (+0.50%)"
    assert told in done.stderr


def test_the_month_under_way_may_change_as_it_likes(house: House) -> None:
    """It is what a night is for."""
    night(house, [*SALES, *(sale(n, day=OPEN, price="500.00") for n in range(200, 300))])
    assert load(house).returncode == 0


def test_months_that_leave_with_the_window_are_not_compared(house: House) -> None:
    """Whatever lies before the published window is left out rightly."""
    path = house.store.loaded.path(house.store.loaded.committed()[-1]) / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["tables"]["fact_sale"]["months"]["2026-12"] = {"price": "1000000"}
    path.write_text(json.dumps(manifest))
    night(house, [*SALES, sale(200, day=OPEN)])
    assert load(house).returncode == 0


def test_a_clock_that_was_ahead_closed_no_month(house: House) -> None:
    """Last night may have been told that it was next year, and the clock been set right since."""
    path = house.store.loaded.path(house.store.loaded.committed()[-1]) / MANIFEST
    manifest = json.loads(path.read_text())
    for table in manifest["tables"].values():
        table["as_of"] = str(int(table["as_of"][:4]) + 1) + table["as_of"][4:]
    path.write_text(json.dumps(manifest))
    night(house, [*SALES, sale(200, day=OPEN, price="99.00")])
    done = load(house)
    assert done.returncode == 0, done.stderr
