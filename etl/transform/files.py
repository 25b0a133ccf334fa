"""What a transform writes into its working folder: tables or parts of them, and rejects."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from etl.core import arrow_csv
from etl.core.manifest import StarFile, TableReceipt
from etl.core.row_hash import receipt_at
from etl.transform.check import Checked
from etl.transform.context import Context
from etl.transform.months import Months, months_of
from etl.transform.raw import Reject

REJECTS = "rejects"

_ROWS_AT_ONCE = 1 << 16
"""Rows that are turned into text at a time: a whole table's text would take as much memory again as the table."""


@dataclass
class Built:
    """One table, or its part from one block: its file and its receipt. handed: the rows that went in.

    beside: rejects of queries that are read whole and whose rows are not rows of this table; corrected: rows of queries
    read whole, by correction; own_keys: whether some row's key is another than that of the row it was made of.
    """

    table: str
    file: StarFile
    receipt: TableReceipt
    handed: int
    rejected: Counter[str]
    set_aside: Counter[str]
    unknown: Counter[str]
    months: Months
    left: Months
    seconds: float
    beside: int = 0
    corrected: Counter[str] = field(default_factory=Counter)
    own_keys: bool = False


def write_part(
    context: Context, name: str, file: str, checked: Checked, table: pa.Table, handed: int, began: float
) -> Built:
    """Write table `name` or a part of it into `file`, and its rejects into one of that name; give the receipt.

    The receipt is of the rows in memory: whoever reads the file compares what it reads with it.
    """
    folder, schema = context.folder, context.tables[name].contract.schema
    receipt = receipt_at(context.receipts, table, schema)
    length, digest = 0, hashlib.sha256()
    with (folder / file).open("wb") as out:
        for piece in _pieces(table):
            out.write(piece)
            digest.update(piece)
            length += len(piece)
    _write_rejects(folder / REJECTS / file, checked.rejects)
    return Built(
        table=name,
        file=StarFile(name=file, bytes=length, rows=table.num_rows, sha256=digest.hexdigest()),
        receipt=receipt,
        handed=handed,
        rejected=Counter(reason for reason, _ in checked.rejects),
        set_aside=checked.set_aside,
        unknown=checked.unknown,
        months=months_of(table, context.tables[name].contract),
        left=months_of(checked.outside, context.tables[name].contract),
        seconds=time.monotonic() - began,
    )


def _pieces(table: pa.Table) -> Iterator[memoryview]:
    """Write a table as CSV, piece by piece, the header once."""
    for start in range(0, max(table.num_rows, 1), _ROWS_AT_ONCE):
        data = arrow_csv.write(table.slice(start, _ROWS_AT_ONCE))
        yield memoryview(data)[data.index(b"\n") + 1 if start else 0 :]


def _write_rejects(path: Path, rejects: list[Reject]) -> None:
    path.unlink(missing_ok=True)
    if rejects:
        reasons, rows = zip(*rejects, strict=True)
        path.write_bytes(arrow_csv.write(pa.table({"reason": reasons, "row": rows})))
