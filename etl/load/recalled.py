"""What a load would have kept of the newest publish, as far as the warehouse tells: for a data folder that was lost.

`etl_runs` has rows, rejected rows and receipts. What the guards compare besides is counted in the published tables:
references to the unknown member, and the sums of closed months.
"""

from collections.abc import Iterable, Mapping
from importlib import import_module

from config import Settings
from etl.contract.column import Role
from etl.contract.table import Contract
from etl.core.counts import Unknown
from etl.core.head import Head
from etl.core.job import Job, peak_memory_mb
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.core.origin import origin_of
from etl.core.receipt import TableReceipt
from etl.load.etl_runs import ETL_RUNS
from etl.load.present import receipt_of
from etl.load.warehouse import Published, Warehouse
from etl.receipts.arrow import canonical, has_sum
from etl.receipts.sql import Dialect

FOR_NO_REASON = "the reason is not known any more"
"""What stands for the rules that rejected rows: `etl_runs` has their number alone."""

Months = dict[str, dict[str, str]]


def recalled(
    job: Job, warehouse: Warehouse, head: Head, rows: Iterable[Published], known: Mapping[str, Contract]
) -> LoadedManifest:
    """Return the manifest of the newest publish. rows: what is published and there; known: contracts, by table."""
    rejected = _rejected(warehouse)
    tables = {
        row.table: _table(
            job.settings, warehouse, row, known[row.table], rejected.get((row.run, row.table), 0), head.standing.raw
        )
        for row in rows
    }
    return LoadedManifest(
        run=head.run,
        stage="loaded",
        made_from=max(table.star.run for table in tables.values()),
        origin=origin_of(job.settings),
        as_of=min(table.as_of for table in tables.values()),
        tables=tables,
        seconds=job.seconds,
        peak_memory_mb=peak_memory_mb(),
        restored=True,
        standing=head.standing,
    )


def _rejected(warehouse: Warehouse) -> dict[tuple[str, str], int]:
    """Read how many rows each publish of a table left out."""
    found = warehouse.read(f"SELECT run_id, table_name, rejected FROM {ETL_RUNS.name}").to_pylist()
    return {(row["run_id"], row["table_name"]): row["rejected"] for row in found}


def _table(
    settings: Settings, warehouse: Warehouse, row: Published, contract: Contract, rejected: int, raw: str
) -> LoadedTable:
    """Return a table's entry. It names no columns: to the guards it is one of which nobody counted what had left."""
    receipt = receipt_of(row) or TableReceipt(rows=row.rows, columns={})
    there = set(receipt.columns or contract.schema.names)
    dialect = dialect_of(settings)
    star = StarTable(
        run=row.star_run,
        raw_run=raw,
        as_of=row.as_of,
        files=(),
        receipt=receipt,
        seconds=0,
        handed=row.rows - contract.is_dimension + rejected,
        rejected={FOR_NO_REASON: rejected} if rejected else {},
        unknown=_unknown(warehouse, contract, there, dialect),
        months=_months(warehouse, contract, there, dialect),
    )
    return LoadedTable(star=star, bytes=0)


def dialect_of(settings: Settings) -> Dialect:
    """Return the SQL of the warehouse."""
    found: Dialect = getattr(import_module(f"etl.receipts.{settings.warehouse}"), settings.warehouse.upper())
    return found


def _unknown(warehouse: Warehouse, contract: Contract, there: set[str], dialect: Dialect) -> dict[str, Unknown]:
    """Count the references to the unknown member: as NULL, for nobody knows any more which ones matched nothing."""
    names = [reference.name for reference in contract.references if reference.name in there]
    if not names:
        return {}
    counts = ", ".join(f"COUNT(*) - COUNT(NULLIF({dialect.quoted(name)}, 0))" for name in names)
    [found] = _rows(warehouse, f"SELECT {counts} FROM {dialect.quoted(contract.name)}")
    return {name: Unknown(null=int(str(count))) for name, count in zip(names, found, strict=True) if count}


def _months(warehouse: Warehouse, contract: Contract, there: set[str], dialect: Dialect) -> Months:
    """Sum the measures up by the month of the contract's `closed_months`, as stage 2 does."""
    day = contract.closed_months
    if day is None or day not in there:
        return {}
    measures = [c.name for c in contract.columns if c.role is Role.MEASURE and has_sum(c.type) and c.name in there]
    parts = [f"EXTRACT({part} FROM {dialect.quoted(day)})" for part in ("YEAR", "MONTH")]
    sums = [dialect.exact_sum(contract.schema.field(name), dialect.quoted(name)) for name in measures]
    query = (
        f"SELECT {', '.join([*parts, *sums])} FROM {dialect.quoted(contract.name)}"
        f" WHERE {dialect.quoted(day)} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )
    found: Months = {}
    for year, month, *values in _rows(warehouse, query):
        told = {name: canonical(value) for name, value in zip(measures, values, strict=True)}
        found[f"{year:04}-{month:02}"] = {name: text for name, text in sorted(told.items()) if text is not None}
    return found


def _rows(warehouse: Warehouse, query: str) -> list[list[object]]:
    """Run a query; return its rows."""
    columns = warehouse.read(query).columns
    return [list(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]
