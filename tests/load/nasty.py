"""A second company: names, texts and numbers that try every literal of a statement, and a report with a view."""

from dataclasses import replace
from decimal import Decimal as Exact
from pathlib import Path

import pyarrow as pa

from etl.company.report import Report, read_report
from etl.contract import (
    Decimal,
    Dimension,
    Fact,
    Flag,
    Integer,
    Key,
    Text,
    attribute,
    measure,
    natural_key,
    reference,
    surrogate_key,
)
from etl.contract.table import Contract
from etl.load.warehouse import Handover
from etl.receipts.memory import row_hash
from tests.load.contracts import Rows
from tests.load.nights import hand_over

TEXTS = [
    "",
    "NA",
    'it\'s "quoted" `so`',
    "back\\slash \\n \\x41",
    "two\r\nlines\t",
    "\x07\x1f\x7f",
    "ñ 日本 🚀 \u2028",
    "z" * 70,
    "';--",
]


class DimSelect(Dimension):
    r"""One row per `select`; "quoted", and a \\ in it.

    It's its second line.
    """

    select_key: Key = surrogate_key()
    order: Text = natural_key("Its `order`, \\ or 'not'.")
    hash: Text = attribute('What is "hashed".', nullable=True, pii=True)


class FactGroup(Fact, cluster_by=("group",)):
    """One row per group."""

    group: Integer = natural_key("Its number.")
    select_key: Key = reference("dim_select", "Of which select.", on="order")
    where: Flag = attribute("Whether.", nullable=True)
    rows: Integer = measure("How many.", nullable=True)
    total: Decimal(20, 2) = measure("How much.", nullable=True)
    größe_日本: Integer = measure("How large.", nullable=True)


NASTY = [Contract.of("dim_select", DimSelect), Contract.of("fact_group", FactGroup)]
LARGE = Exact("999999999999999999.99")


def nasty_night(folder: Path, count: int) -> list[Handover]:
    """Make rows whose texts and numbers try every literal."""
    selects: Rows = [{"select_key": n, "order": text, "hash": text or None} for n, text in enumerate(TEXTS)]
    groups: Rows = [
        {
            "group": (-1) ** n * (2**63 - n - 1),
            "select_key": n,
            "where": None,
            "rows": n,
            "total": LARGE * (-1) ** n,
            "größe_日本": n,
        }
        for n in range(count)
    ]
    handed = [hand_over(contract, rows, folder) for contract, rows in zip(NASTY, (selects, groups), strict=True)]
    tables = (pa.Table.from_pylist(rows, c.schema) for c, rows in zip(NASTY, (selects, groups), strict=True))
    hashes = [str(row_hash(table, contract.schema)) for table, contract in zip(tables, NASTY, strict=True)]
    return [
        replace(handover, receipt=handover.receipt.model_copy(update={"hash_sum": hashed}))
        for handover, hashed in zip(handed, hashes, strict=True)
    ]


def second_report(folder: Path) -> Report:
    """Write a report over the tiny star, with every kind of measure and a view."""
    return _written(
        folder,
        {
            "report.toml": "title = 'Space'",
            "measures/1.toml": """folder = "Flights"
[[measure]]
name = "Price"
meaning = "All prices."
format = "#,0"
dax = "SUM(1)"
of = "fact_flight"
sql = "SUM(price)"
[[measure]]
name = "Last"
meaning = "The last."
format = "#,0"
dax = "1"
of = "fact_flight"
latest = ["ship_key", "day"]
sql = "COUNT(CASE WHEN NOT late AND {dim_planet.name} <> 'x' THEN 1 END)"
[[measure]]
name = "Landed"
meaning = "In the view."
format = "#,0"
dax = "1"
of = "landed"
ignores = ["dim_ship"]
sql = "MAX(landed_at)"
[[measure]]
name = "Ratio"
meaning = "A ratio."
format = "0.0%"
dax = "1"
sql = "[Price] / NULLIF([Last], 0)"
""",
            "views/landed.sql": "-- like: fact_flight\nSELECT * FROM fact_flight WHERE landed_at IS NOT NULL;",
            "pages/1.toml": """name = "One"
title = "All."
[[visual]]
kind = "table"
title = "By planet"
alt = "A table."
measures = ["Price", "Ratio", "Landed"]
by = "dim_planet.planet_id"
names = "dim_planet.name"
top = 3
[[visual]]
kind = "line"
title = "By day"
alt = "A line."
measures = ["Price", "Last"]
by = "fact_flight.day"
[[visual]]
kind = "card"
title = "All"
alt = "A card."
measures = ["Price", "Last", "Landed"]
""",
        },
    )


def nasty_report(folder: Path) -> Report:
    """Write a report of one balance over the tables whose columns are called like words of SQL."""
    return _written(
        folder,
        {
            "report.toml": "title = 'Words'",
            "measures/1.toml": """folder = "Words"
[[measure]]
name = "Groups"
meaning = "The last group's rows."
format = "#,0"
dax = "1"
of = "fact_group"
latest = ["where", "group"]
sql = "SUM(total)"
""",
            "pages/1.toml": """name = "One"
title = "All."
[[visual]]
kind = "card"
title = "Groups"
alt = "A card."
measures = ["Groups"]
""",
        },
    )


def _written(folder: Path, files: dict[str, str]) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_report(folder)
