"""What a transform writes into its working folder: tables or parts of them, and rejects."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pyarrow as pa

from etl.core import arrow_csv, parquet_file
from etl.core.counts import Counts
from etl.core.manifest import ParquetFile, StarFile
from etl.core.receipt import TableReceipt
from etl.transform.check import Checked
from etl.transform.context import Context
from etl.transform.months import Months, by_partition, months_of
from etl.transform.raw import Reject

REJECTS = "rejects"

_ROWS_AT_ONCE = 1 << 16
"""Rows that are written at a time: a whole table's text would take as much memory again as the table."""


@dataclass
class Built:
    """One table, or its part from one block: its file, its receipt, and what became of its rows.

    beside: rejects of queries that are read whole and whose rows are not rows of this table; corrected: rows of queries
    read whole, by correction; own_keys: whether some row's key is another than that of the row it was made of. asked:
    what the table's functions asked of the night; kept: what is kept of its rows; by_partition: as in `StarTable`.
    """

    table: str
    file: StarFile
    receipt: TableReceipt
    counts: Counts
    months: Months
    left: Months
    seconds: float
    beside: int = 0
    corrected: Counter[str] = field(default_factory=Counter)
    own_keys: bool = False
    asked: frozenset[str] = frozenset()
    kept: ParquetFile | None = None
    by_partition: Mapping[str, TableReceipt] = field(default_factory=dict)


def write_part(
    context: Context, name: str, file: str, checked: Checked, table: pa.Table, handed: int, began: float
) -> Built:
    """Write table `name` or a part of it into `file`, and its rejects into one of that name; give the receipt."""
    left = months_of(checked.outside, context.tables[name].contract)
    built = write_rows(context, name, file, table, counts_of(checked, handed), left, began)
    write_rejects(context, file, checked.rejects)
    return built


def counts_of(checked: Checked, handed: int) -> Counts:
    """Return what became of the rows that were handed in."""
    return checked.counts + Counts(handed=handed, rejected=Counter(reason for reason, _ in checked.rejects))


def write_rows(
    context: Context, name: str, file: str, table: pa.Table, counts: Counts, left: Months, began: float
) -> Built:
    """Write the rows of a table or of a part of it into `file`; give the receipt.

    Beside the CSV, which a person opens, goes the Parquet file that is uploaded. The receipt is of the rows in memory:
    whoever reads one of the files compares what it reads with it.
    """
    contract = context.tables[name].contract
    return Built(
        table=name,
        receipt=context.level.receipt(table, contract.schema),
        file=write_files(context.folder, file, table, contract.schema),
        counts=counts,
        months=months_of(table, contract),
        left=left,
        seconds=time.monotonic() - began,
        by_partition=by_partition(table, contract, context.level) if context.keeps else {},
    )


def write_files(folder: Path, name: str, table: pa.Table, schema: pa.Schema) -> StarFile:
    """Write the same rows as the CSV `name` and as a Parquet file beside it; returns the manifest's entry of both."""
    with (folder / name).open("wb") as out:
        csv = _Hashed(out)
        for number, rows in enumerate(_slices(table)):
            data = arrow_csv.write(rows)
            csv.write(memoryview(data)[data.index(b"\n") + 1 if number else 0 :])
    path = folder / f"{name.removesuffix('.csv')}.parquet"
    with path.open("wb") as out:
        parquet = _Hashed(out)
        parquet_file.write(parquet, schema, (rows.cast(schema) for rows in _slices(table)))
    return StarFile(
        name=name,
        bytes=csv.bytes,
        rows=table.num_rows,
        sha256=csv.sha256,
        parquet=ParquetFile(name=path.name, bytes=parquet.bytes, sha256=parquet.sha256),
    )


class _Hashed:
    """An opened file that counts and hashes what is written into it. Whoever opened it closes it."""

    closed = False

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._digest, self.bytes = out, hashlib.sha256(), 0

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it."""
        self._out.write(data)
        self._digest.update(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        """Leave it to the closing."""

    def close(self) -> None:
        """Leave it to whoever opened the file."""

    @property
    def sha256(self) -> str:
        """The hash of what was written so far."""
        return self._digest.hexdigest()


def _slices(table: pa.Table) -> Iterator[pa.Table]:
    """Part a table into some rows at a time; an empty one is one part."""
    for start in range(0, max(table.num_rows, 1), _ROWS_AT_ONCE):
        yield table.slice(start, _ROWS_AT_ONCE)


def write_rejects(context: Context, file: str, rejects: list[Reject]) -> None:
    """Write the rejects of a table or of its part."""
    path = context.folder / REJECTS / file
    path.unlink(missing_ok=True)
    if rejects:
        reasons, rows = zip(*rejects, strict=True)
        path.write_bytes(arrow_csv.write(pa.table({"reason": reasons, "row": rows})))
