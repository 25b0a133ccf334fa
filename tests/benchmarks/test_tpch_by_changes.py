"""TPC-H by its changes: a company that nothing was built for, whose source has no column that says when a row changed.

In a copy of it, each table gets one. The refresh functions of TPC-H insert orders with their lines (RF1), and delete
others (RF2); customers, parts, prices, days and whose order it is change, too. A night that reads and builds what
changed gives the star of all rows, and publishes that by its changes.
"""

import re
import shutil
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import duckdb
import psycopg2
import pytest

from benchmarks.company import TPCH
from benchmarks.tpch.data import GENERATOR, fill
from etl.company.tables import contracts
from etl.core.manifest import StarManifest
from etl.load.duckdb.publish import receipt
from etl.transform.stage import transform
from tests.bug_reports.company import TRANSFORM, Stranger
from tests.transform.house import in_this_process
from tests.transform.test_star_of_changes import told

WATCHED = ("part", "supplier", "customer", "orders", "lineitem")
ALTERED = "".join(
    f"ALTER TABLE {table} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now() - (1 + random()) * interval '1 day';"
    f"ALTER TABLE {table} ALTER COLUMN updated_at SET DEFAULT now();"
    f"CREATE INDEX {table}_by_change ON {table} (updated_at);"
    for table in WATCHED
)

SINCE = {
    "customers": ("c_acctbal", "updated_at", "WHERE updated_at >= :since"),
    "orders": ("o_totalprice", "updated_at", ""),
    "parts": ("p_retailprice", "updated_at", ""),
    "suppliers": ("s_acctbal", "updated_at", "WHERE updated_at >= :since"),
    "lines": (
        "l_comment", "greatest(lineitem.updated_at, orders.updated_at) AS updated_at",
        "WHERE l_orderkey IN (SELECT l_orderkey FROM lineitem WHERE updated_at >= :since"
        " UNION SELECT o_orderkey FROM orders WHERE updated_at >= :since)",
    ),
}  # fmt: skip
"""By query: the last column, the watermark behind it, and where it asks for what changed."""

FACT_CUSTOMER_MONTH = '''"""What customers bought."""

import pandas as pd

from etl.contract import *

ROW = ["customer_id", "month"]


class FactCustomerMonth(
    Fact, group_by="customer_id", summed_by="customer_id", recompute_by="customer_id", partition_by="month"
):
    """One row per customer and month of shipping."""

    customer_key: Key = reference("dim_customer", "The customer.", grain=True)
    month: Date = natural_key("The month, by its first day.")
    lines: Integer = measure("How many lines.")
    charge: Decimal(35, 6) = measure("What was charged.")
    charge_until: Decimal(35, 6) = measure("… until the end of the month.")


def partial(fact_line: pd.DataFrame) -> pd.DataFrame:
    """Sum up each customer's lines by month."""
    day = fact_line["shipped_on"]
    first = pd.to_datetime(pd.DataFrame({"year": day.dt.year, "month": day.dt.month, "day": 1}).astype("int64"))
    return totals(fact_line.assign(lines=1, month=first.dt.date.astype(day.dtype)), ROW, lines="lines", charge="charge")


def build(fact_line: pd.DataFrame) -> pd.DataFrame:
    """Add the blocks' sums up, and run through each customer's months."""
    rows = totals(fact_line, ROW, lines="lines", charge="charge").sort_values(ROW)
    return rows.assign(charge_until=running_total(rows, ["customer_id"], "charge"))
'''

FACT_RETURN = '''"""What came back."""

import pandas as pd

from etl.contract import *


class FactReturn(
    Fact, stream="returns", partition_by="received_on", reads={"dim_part": ("part_id", "retail_price")}
):
    """One row per line that was returned."""

    order_id: Integer = natural_key("The order's number.")
    line_number: Integer = natural_key("The line's number in its order.")
    part_key: Key = reference("dim_part", "The part.")
    received_on: Date = attribute("Day of arrival.")
    list_price: Money = measure("What the part costs today.", nullable=True)
    quantity_until: Money = measure("What was ordered with this line and those before it, returned or not.")


def build(returns: pd.DataFrame, dim_part: pd.DataFrame) -> pd.DataFrame:
    """Set aside what stayed with the customer."""
    none = pd.Series(pd.NA, index=returns.index, dtype="string[pyarrow]")
    return pd.DataFrame(
        {
            "order_id": returns["l_orderkey"],
            "line_number": returns["l_linenumber"],
            "part_id": returns["l_partkey"],
            "received_on": returns["l_receiptdate"],
            "list_price": lookup(returns[["l_partkey"]].set_axis(["part_id"], axis=1), dim_part, "retail_price"),
            "quantity_until": running_total(returns, ["l_orderkey"], "l_quantity"),
            SET_ASIDE: none.mask(returns["l_returnflag"] != "R", "stayed"),
        }
    )
'''

REFRESH = """
INSERT INTO orders
    SELECT o_orderkey + {n} * 1000000, CASE WHEN o_orderkey % 4 = 0 THEN 100000 + {n} ELSE o_custkey END, 'O',
        o_totalprice, o_orderdate + 30, o_orderpriority, o_clerk, o_shippriority, o_comment
    FROM orders WHERE o_orderkey < 1000000 AND o_orderkey % 331 = {n};
INSERT INTO lineitem
    SELECT l_orderkey + {n} * 1000000, l_partkey, l_suppkey, l_linenumber, l_quantity, l_extendedprice, l_discount,
        l_tax, 'N', 'O', l_shipdate + 30, l_commitdate + 30, l_receiptdate + 30, l_shipinstruct, l_shipmode, l_comment
    FROM lineitem WHERE l_orderkey < 1000000 AND l_orderkey % 331 = {n};
DELETE FROM lineitem WHERE l_orderkey % 337 = {n};
DELETE FROM orders WHERE o_orderkey % 337 = {n};
"""
"""The refresh functions: RF1 and RF2."""

CORRECTED = """
UPDATE customer SET c_acctbal = c_acctbal + 1, c_nationkey = (c_nationkey + 1) % 25, updated_at = now()
    WHERE c_custkey % 131 = {n};
INSERT INTO customer SELECT 100000 + {n} - 1, 'Late', 'x', 3, 'x', 0, 'BUILDING', '' WHERE {n} > 1;
DELETE FROM customer WHERE c_custkey = 10 + {n};
UPDATE part SET p_retailprice = p_retailprice + 1, updated_at = now() WHERE p_partkey % 101 = {n};
UPDATE supplier SET s_acctbal = s_acctbal - 1, updated_at = now() WHERE s_suppkey = {n};
UPDATE lineitem SET l_extendedprice = l_extendedprice + 0.01, l_discount = 0.07, updated_at = now()
    WHERE l_orderkey % 401 = {n};
UPDATE lineitem SET l_shipdate = l_shipdate + 40, l_suppkey = l_suppkey % 9 + 1, l_returnflag = 'R', updated_at = now()
    WHERE l_orderkey % 409 = {n};
UPDATE orders SET o_custkey = o_custkey % 140 + 1, o_orderdate = o_orderdate - 40, updated_at = now()
    WHERE o_orderkey % 419 = {n};
UPDATE lineitem SET l_quantity = 5, updated_at = now() WHERE l_quantity < 0;
UPDATE lineitem SET l_quantity = -5, updated_at = now() WHERE l_orderkey % 421 = {n};
DELETE FROM lineitem WHERE l_linenumber = 1 AND l_orderkey % 433 = {n};
DELETE FROM orders WHERE o_orderkey % 439 = {n};
UPDATE lineitem SET l_linenumber = l_linenumber + 10, updated_at = now() WHERE l_orderkey % 443 = {n};
UPDATE lineitem SET l_orderkey = (SELECT min(o_orderkey) FROM orders), l_linenumber = l_orderkey::int,
    updated_at = now() WHERE l_orderkey % 449 = {n} AND l_linenumber = 2;
"""
"""Members that change, come late and go; prices, days, whose order it is; lines that are rejected and healed, whose
order is gone, or that have another number, or another order."""


@pytest.fixture
def company(postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    """Give TPC-H with a watermark, many small blocks, and two tables more: a summary, and one of orders as groups."""
    if not GENERATOR.exists():
        pytest.skip("tpchgen-cli, which makes TPC-H's rows, is not installed")
    monkeypatch.setattr("etl.download.writer.BLOCK_BYTES", 60_000)
    company = Stranger(tmp_path)
    company.settings |= {"SOURCE_TPCH_URL": copy_of(fill(postgres_server, 0.001, tmp_path)), "KEEP_RUNS": "30"}
    for name, (last, watermark, where) in SINCE.items():
        text = (TPCH.queries / f"{name}.sql").read_text(encoding="utf-8")
        header, _, sql = text.partition("\n\n")
        header += "\n-- watermark: updated_at\n-- sweep: nightly\n-- may shrink: 5 %"
        sql = sql.replace(last, f"{last}, {watermark}", 1) + where
        company.file(name, f"{header}\n\n{sql}\n")
        if name == "lines":
            grouped = f"{header}\n-- group by: l_orderkey\n\n{sql}\nORDER BY l_orderkey, l_linenumber\n"
            company.file("returns", grouped)
    shutil.copytree(TPCH.tables, tmp_path / "tables")
    for path in (tmp_path / "tables").glob("*.py"):
        text = path.read_text(encoding="utf-8").replace(".rename(", '.drop(columns="updated_at").rename(')
        # a guard would ask a person about what changes in months of long ago
        path.write_text(re.sub(r', closed_months="\w+"', "", text), encoding="utf-8")
    company.star_table("fact_customer_month", FACT_CUSTOMER_MONTH, head="")
    company.star_table("fact_return", FACT_RETURN, head="")
    return company


def copy_of(source: str) -> str:
    """Make a copy of a database, whose tables say when a row was written."""
    parts = urlsplit(source)
    name = parts.path.removeprefix("/")
    with closing(psycopg2.connect(urlunsplit(parts._replace(path="/postgres")))) as server:
        server.autocommit = True
        server.cursor().execute(f"DROP DATABASE IF EXISTS {name}_changing")
        server.cursor().execute(f"CREATE DATABASE {name}_changing TEMPLATE {name}")
    copy = urlunsplit(parts._replace(path=f"/{name}_changing"))
    change(copy, ALTERED)
    return copy


def change(source: str, statements: str) -> None:
    """Run statements in one transaction."""
    with closing(psycopg2.connect(source)) as connection, connection:
        connection.cursor().execute(statements)


def star_of_tonight(company: Stranger, *, by_changes: bool = True) -> StarManifest:
    """Build the star of the newest raw run, of what changed since the published one or of all rows."""
    loaded = company.data / "3_loaded"
    if by_changes:
        ended = company.transform()
    else:  # nobody tells what is published
        hidden = loaded.rename(company.data / "3_hidden")
        with in_this_process():
            ended = company.call(TRANSFORM, partial(transform, ask=None))
        shutil.rmtree(loaded, ignore_errors=True)
        hidden.rename(loaded)
    assert ended.code == 0, ended.err
    return company.store.star.newest("")


def test_tpch_is_built_and_published_by_its_changes(company: Stranger) -> None:
    """Each table is, and is the one of all rows: every row and key, count, receipt and reject, to the last digit."""
    company.settings["LOG_LEVEL"] = "INFO"
    source = company.settings["SOURCE_TPCH_URL"]
    first = company.night()
    assert first.code == 0, first.err
    for n in (1, 2):
        change(source, (REFRESH + CORRECTED).format(n=n))
        extracted = company.download()
        assert extracted.code == 0, extracted.err
        assert "all rows are read" not in extracted.err
        star = star_of_tonight(company)
        in_full = star_of_tonight(company, by_changes=False)
        for name, table in in_full.tables.items():
            assert star.tables[name].change, name
            assert not table.superseded, name
            mine, theirs = told(company, star, name), told(company, in_full, name)
            for what in theirs:
                assert mine[what] == theirs[what], (n, name, what)
        published = company.load("--from", star.run)
        assert published.code == 0, published.err
        assert re.search(r"load fact_line: [\d,]+ rows out, [\d,]+ in", published.err)
        with duckdb.connect(str(company.data / "warehouse.duckdb"), read_only=True) as warehouse:
            for name, contract in contracts(company.folder / "tables").items():
                assert receipt(warehouse, contract, in_full.tables[name].receipt, name) == in_full.tables[name].receipt
