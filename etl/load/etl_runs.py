"""The table `etl_runs`, which every warehouse holds beside the star: what was published when."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl.company.tables import contracts
from etl.contract import Integer, Text, Timestamp, attribute, measure, natural_key
from etl.contract.table import Contract, Table
from etl.load.warehouse import Handover, Published


class EtlRuns(Table):
    """One row per run and published table."""

    run_id: Text = natural_key("The run that published the table's rows.")
    table_name: Text = natural_key("The published table.")
    star_run: Text = attribute("The star run that the rows come from.")
    as_of: Timestamp = attribute("The instant of the source's snapshot (UTC).")
    published_at: Timestamp = attribute("When the rows were published (UTC).")
    row_count: Integer = measure("The rows published.")
    rejected: Integer = measure("The rows that broke a rule and were left out.")
    receipt: Text = attribute("Rows, NULLs, sums, least and greatest values of the table's columns, as JSON.")
    anew: Text = attribute(
        "Why the table was made anew, and where the old one is kept for a week; NULL on all other nights.",
        nullable=True,
    )


ETL_RUNS = Contract.of("etl_runs", EtlRuns)


def published_contracts(tables: Path) -> dict[str, Contract]:
    """Read the contracts of all that is published: the star of a folder of table files, and what was published when."""
    return contracts(tables) | {ETL_RUNS.name: ETL_RUNS}


NEWEST = """
SELECT run_id, table_name, star_run, as_of, published_at, row_count, receipt
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY table_name ORDER BY run_id DESC, published_at DESC) AS age
  FROM etl_runs
)
WHERE age = 1
ORDER BY table_name
"""
"""The newest row of each table, in every warehouse's SQL; `published_of` reads its answer. Names of runs never go
back, as the clock may."""


def run_rows(run: str, handovers: Sequence[Handover], published_at: datetime) -> list[dict[str, Any]]:
    """Write the rows of a run, a dict each."""
    return [
        {
            "run_id": run,
            "table_name": handover.contract.name,
            "star_run": handover.star_run,
            "as_of": handover.as_of,
            "published_at": published_at,
            "row_count": handover.receipt.rows,
            "rejected": handover.rejected,
            "receipt": handover.receipt.model_dump_json(),
            "anew": handover.anew,
        }
        for handover in handovers
    ]


def published_of(newest: pa.Table) -> list[Published]:
    """Read what `NEWEST` answered."""
    rows = [row.values() for row in newest.to_pylist()]
    return [Published(*row) for row in rows]
