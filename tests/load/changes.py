"""Changes of a table from one night to the next, derived from the rows of both, as stage 2 tells them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from etl.contract.table import Contract
from etl.core.manifest import ParquetFile, StarChange, StarTable
from etl.core.parquet_file import write
from etl.core.receipt import TableReceipt
from etl.load.by_changes import proof
from etl.load.warehouse import Delta, Handover
from etl.receipts.level import Level
from tests.load.contracts import Rows
from tests.load.nights import AS_OF, csv_file


def told(contract: Contract, before: Rows, after: Rows, folder: Path, on: str = "before") -> StarChange:
    """Write the files of what differs, and say what is in them."""
    folder.mkdir(parents=True, exist_ok=True)
    removed = [row for row in before if row not in after]
    added = [row for row in after if row not in before]
    months = {month(row[contract.partition_by]) for row in [*removed, *added]} if contract.partition_by else set()
    return StarChange(
        on=on,
        removed=_files(contract, removed, folder, f"{contract.name}.removed"),
        removed_rows=len(removed),
        added=_files(contract, added, folder, f"{contract.name}.added"),
        added_rows=len(added),
        partitions=tuple(sorted(months)),
    )


def month(value: Any) -> str:
    """Name the partition of a day or an instant."""
    return "" if value is None else f"{value.year:04}-{value.month:02}"


def described(contract: Contract, rows: Rows, run: str = "after", **more: Any) -> StarTable:
    """Describe a star's table of these rows, without files."""
    table = pa.Table.from_pylist(rows, contract.schema)
    by = contract.partition_by
    months = {month(row[by]) for row in rows} if by else set()
    parts = {name: [row for row in rows if month(row[by]) == name] for name in sorted(months)}
    return StarTable(
        run=run,
        raw_run="raw",
        as_of=AS_OF,
        files=more.pop("files", ()),
        receipt=Level.FULL.receipt(table, contract.schema),
        seconds=0,
        by_partition={name: without_limits(contract, part) for name, part in parts.items()},
        **more,
    )


def without_limits(contract: Contract, rows: Rows) -> TableReceipt:
    """Compute the receipt of rows, without least and greatest values."""
    receipt = Level.FULL.receipt(pa.Table.from_pylist(rows, contract.schema), contract.schema)
    columns = {name: c.model_copy(update={"min": None, "max": None}) for name, c in receipt.columns.items()}
    return receipt.model_copy(update={"columns": columns})


def whole(contract: Contract, rows: Rows, folder: Path) -> Handover:
    """Hand a table over whole."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{contract.name}.0000.parquet"
    write(file, contract.schema, [pa.Table.from_pylist(rows, contract.schema)])
    return Handover(contract, (file,), described(contract, rows).receipt, "before", AS_OF, 0)


def by_changes(contract: Contract, before: Rows, after: Rows, folder: Path) -> Handover:
    """Hand a table over by its changes."""
    change, table = told(contract, before, after, folder), described(contract, after)
    delta = Delta(
        proof(contract, table, change, Level.FULL),
        tuple(folder / file.name for file in change.removed),
        change.removed_rows,
        tuple(folder / file.name for file in change.added),
        change.added_rows,
        change.partitions,
    )
    return Handover(contract, (), table.receipt, "after", AS_OF, 0, delta=delta)


def with_proof(handover: Handover, **figures: Any) -> Handover:
    """Hand the same changes over with another receipt of what stands then."""
    assert handover.delta
    return replace(handover, delta=replace(handover.delta, proof=handover.delta.proof.model_copy(update=figures)))


def layered(
    contract: Contract, nights: Sequence[Rows], folder: Path, *, run: str = "after", on: str = "before"
) -> StarTable:
    """Write a table as nights of changes leave it: the first one whole, a file of what came for each that followed.

    The change that it tells of is that of the last night.
    """
    folder.mkdir(parents=True, exist_ok=True)
    every: Rows = []
    gone: set[int] = set()
    files = []
    for number, (before, after) in enumerate(zip([[], *nights], nights, strict=False)):
        gone |= {place for place, row in enumerate(every) if place not in gone and row not in after}
        came = [row for row in after if row not in before]
        every += came
        table = pa.Table.from_pylist(came, contract.schema)
        file = csv_file(table, folder, f"{contract.name}.{number:04}.csv")
        write(folder / f"{file.name[:-4]}.parquet", contract.schema, [table])
        files.append(file.model_copy(update={"parquet": ParquetFile.of(folder / f"{file.name[:-4]}.parquet")}))
    superseded = None
    if gone:
        path = folder / f"{contract.name}.superseded.parquet"
        pq.write_table(pa.table({"row": np.array(sorted(gone), np.int64)}), path)
        superseded = ParquetFile.of(path)
    change = told(contract, nights[-2], nights[-1], folder, on) if len(nights) > 1 else None
    more = {"files": tuple(files), "superseded": superseded, "gone": len(gone), "change": change}
    return described(contract, nights[-1], run, **more)


def _files(contract: Contract, rows: Rows, folder: Path, name: str) -> tuple[ParquetFile, ...]:
    """Write rows into two files, or one, or none."""
    halves = [half for half in (rows[::2], rows[1::2]) if half]
    paths = [folder / f"{name}.{number}.parquet" for number in range(len(halves))]
    for path, half in zip(paths, halves, strict=True):
        write(path, contract.schema, [pa.Table.from_pylist(half, contract.schema)])
    return tuple(map(ParquetFile.of, paths))
