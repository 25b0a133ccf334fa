"""TPC-H's rows, of any scale factor, in a database; and the answers that the published star has to give as well."""

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import duckdb
import psycopg2

from config.paths import ROOT

HERE = ROOT / "benchmarks" / "tpch"
GENERATOR = Path(sys.executable).parent / "tpchgen-cli"
LINES = 6_000_000
"""Lines of orders at scale factor 1, nearly."""

_TABLES = ("region", "nation", "part", "supplier", "customer", "orders", "lineitem")
_ASKED = (  # what is asked, of the source, of the star
    (
        "lines, revenue, charge",
        "SELECT count(*), sum(l_extendedprice * (1 - l_discount)),"
        " sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) FROM lineitem",
        "SELECT count(*), sum(revenue), sum(charge) FROM fact_line",
    ),
    (
        "query 1 of TPC-H: the lines by return flag and status",
        "SELECT l_returnflag, l_linestatus, count(*), sum(l_quantity), sum(l_extendedprice),"
        " sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax))"
        " FROM lineitem WHERE l_shipdate <= DATE '1998-09-02' GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT return_flag, line_status, count(*), sum(quantity), sum(price), sum(revenue), sum(charge)"
        " FROM fact_line WHERE shipped_on <= DATE '1998-09-02' GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    (
        "the revenue by the customer's region and the supplier's",
        "SELECT of_customer.r_name, of_supplier.r_name, sum(l_extendedprice * (1 - l_discount)) FROM lineitem"
        " JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey"
        " JOIN nation AS n ON n.n_nationkey = c_nationkey JOIN region AS of_customer ON r_regionkey = n.n_regionkey"
        " JOIN supplier ON s_suppkey = l_suppkey JOIN nation AS m ON m.n_nationkey = s_nationkey"
        " JOIN region AS of_supplier ON of_supplier.r_regionkey = m.n_regionkey GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT c.region, s.region, sum(revenue) FROM fact_line JOIN dim_customer AS c USING (customer_key)"
        " JOIN dim_supplier AS s USING (supplier_key) GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    (
        "orders and their price by status",
        "SELECT o_orderstatus, count(*), sum(o_totalprice) FROM orders GROUP BY 1 ORDER BY 1",
        "SELECT status, count(*), sum(total_price) FROM fact_order GROUP BY 1 ORDER BY 1",
    ),
    (
        "customers, suppliers, parts",
        "SELECT (SELECT count(*) FROM customer), (SELECT count(*) FROM supplier), (SELECT count(*) FROM part)",
        "SELECT (SELECT count(*) FROM dim_customer WHERE customer_key <> 0),"
        " (SELECT count(*) FROM dim_supplier WHERE supplier_key <> 0),"
        " (SELECT count(*) FROM dim_part WHERE part_key <> 0)",
    ),
)


def fill(server: str, scale: float, folder: Path) -> str:
    """Fill a database with TPC-H of a scale factor, on the server that the URL leads to; return the database's URL.

    One that is there is taken as it is: it gets its name when it is whole. folder: where CSVs may lie meanwhile.
    """
    database = f"tpch_{scale:g}".replace(".", "_")
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if not cursor.fetchone():
            cursor.execute("DROP DATABASE IF EXISTS tpch_building")
            cursor.execute("CREATE DATABASE tpch_building")
            _load(_at(server, "tpch_building"), scale, folder)
            cursor.execute(f'ALTER DATABASE tpch_building RENAME TO "{database}"')
    return _at(server, database)


def differing_answers(source: str, warehouse: Path) -> list[str]:
    """Ask the source and the published star the same; return a sentence for each answer that differs."""
    with closing(psycopg2.connect(source)) as ours, duckdb.connect(str(warehouse), read_only=True) as published:
        cursor = ours.cursor()
        differing = []
        for asked, of_source, of_star in _ASKED:
            cursor.execute(of_source)
            expected: list[Any] = cursor.fetchall()
            found = published.execute(of_star).fetchall()
            if not expected or found != expected:
                differing.append(f"{asked}: the source says {expected}, the star {found}")
    return differing


def _load(url: str, scale: float, folder: Path) -> None:
    csv = folder / "tpch_csv"
    shutil.rmtree(csv, ignore_errors=True)
    csv.mkdir(parents=True)
    tables = ",".join(_TABLES)
    subprocess.run([GENERATOR, "csv", "-s", f"{scale:g}", "-T", tables, "-o", csv], check=True, capture_output=True)
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
        for table in _TABLES:
            with (csv / f"{table}.csv").open("rb") as rows:
                cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv, HEADER)", rows)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute("VACUUM ANALYZE")
    shutil.rmtree(csv)


def _at(server: str, database: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))
