"""In what a table that was built anew differs from the published one: what is to be published of it."""

from pathlib import Path

import pyarrow as pa

from etl.contract.table import Contract
from etl.core import parquet_file
from etl.core.duckdb_session import session
from etl.core.errors import DataError
from etl.core.folders import for_arrow, is_remote
from etl.core.manifest import ParquetFile, StarChange, StarTable
from etl.receipts.duckdb import DUCKDB
from etl.transform.months import partitions_of

_MOST = 0.3
"""The share of the rows from which on a table is published as a whole."""
_MOST_ROWS = 20_000_000
"""Beyond, it would take more than it saves to compare them."""


def change_of(contract: Contract, before: StarTable, old: Path, table: StarTable, new: Path) -> StarChange | None:
    """Write the rows by which a table differs from an earlier one; None where that is of no use.

    before, table: their entries; old, new: the folders of their stars.
    """
    then, now = ([file.parquet for file in each.files if file.parquet] for each in (before, table))
    if [file.sha256 for file in then] == [file.sha256 for file in now]:
        return StarChange(on=before.run) if not before.superseded else None
    if before.superseded or table.superseded or is_remote(new) or max(before.rows, table.rows) > _MOST_ROWS:
        return None
    if before.receipt.columns.keys() != table.receipt.columns.keys():
        return None
    removed, added = _differences(contract, [old / file.name for file in then], [new / file.name for file in now])
    if len(removed) + len(added) > _MOST * max(table.rows, 1):
        return None
    return StarChange(
        on=before.run,
        removed=_written(new / f"{contract.name}.removed.parquet", contract, removed),
        removed_rows=len(removed),
        added=_written(new / f"{contract.name}.added.parquet", contract, added),
        added_rows=len(added),
        partitions=tuple(sorted(partitions_of(removed, contract) | partitions_of(added, contract))),
    )


def _differences(contract: Contract, old: list[Path], new: list[Path]) -> tuple[pa.Table, pa.Table]:
    """Return the rows that are in the old files alone, and those that are in the new ones alone.

    They are found by the hashes of all rows, for which there is room; what is published is proven by other ones. Raises
    DataError where a file is damaged.
    """
    import duckdb

    key, every = (", ".join(map(DUCKDB.quoted, names)) for names in (contract.primary_key, contract.schema.names))
    hashed = f"SELECT {key}, hash({every}) AS row FROM"
    try:
        with session(threads=2) as connection:
            connection.read_parquet([str(path) for path in old]).create_view("before")
            connection.read_parquet([str(path) for path in new]).create_view("after")
            sides = (("before", "after"), ("after", "before"))
            others = " UNION ALL ".join(f"({hashed} {one} EXCEPT ALL {hashed} {other})" for one, other in sides)
            connection.execute(f"CREATE TABLE others AS SELECT DISTINCT {key} FROM ({others})")
            rows = f"SELECT {every} FROM {{}} SEMI JOIN others USING ({key})"
            removed, added = (
                connection.sql(f"{rows.format(one)} EXCEPT ALL {rows.format(other)}").to_arrow_table()
                for one, other in sides
            )
    except duckdb.IOException as fault:
        raise DataError(f"Files of {contract.name} are damaged: {fault}", "All rows are built instead.") from None
    return removed.cast(contract.schema), added.cast(contract.schema)


def _written(path: Path, contract: Contract, rows: pa.Table) -> tuple[ParquetFile, ...]:
    if not len(rows):
        return ()
    with for_arrow(path, "wb") as target:
        parquet_file.write(target, contract.schema, [rows])
    return (ParquetFile.of(path),)
