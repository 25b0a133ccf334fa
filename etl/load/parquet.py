"""The Parquet that a warehouse gets: stage 2's, checked against the manifest, or made of the CSV of an older star."""

import itertools
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from etl.contract.table import Contract
from etl.core import arrow_csv, parquet_file
from etl.core.errors import DataError, StorageError
from etl.core.folders import for_arrow, is_remote
from etl.core.manifest import ParquetFile, StarFile
from etl.core.personal import without_values
from etl.core.receipt import TableReceipt
from etl.core.standing import Numbers, numbers_within, without
from etl.load.checked import altered, check_file, first_line, rows_of, unlike_contract
from etl.receipts.arrow import add, receipt_of

CSV_BYTES_A_FILE = 128 * 1024 * 1024
"""How much CSV goes into one Parquet file where few are wanted: some 18 MB of upload, and few load jobs."""


@dataclass(frozen=True)
class Conversion:
    """Files of one table that become one Parquet file; small enough to be sent to a worker process.

    superseded: the file of the numbers of the rows that are left out; first: the number of the files' first row.
    """

    table: str
    schema: pa.Schema
    folder: Path
    files: tuple[StarFile, ...]
    target: Path
    superseded: Path | None = None
    first: int = 0

    @property
    def parquet(self) -> list[ParquetFile]:
        """The Parquet that stage 2 wrote; none unless it is all there."""
        found = [file.parquet for file in self.files if file.parquet]
        return found if len(found) == len(self.files) else []

    def gone(self) -> list[Numbers]:
        """Read which rows of each file are left out, as positions in it."""
        ends = itertools.accumulate((file.rows for file in self.files), initial=self.first)
        return [numbers_within(self.superseded, first, f.rows) for first, f in zip(ends, self.files, strict=False)]


def conversions(
    contract: Contract,
    files: Iterable[StarFile],
    folder: Path,
    target: Path,
    *,
    few: bool = False,
    superseded: ParquetFile | None = None,
) -> list[Conversion]:
    """Group a table's files, which lie in `folder`, by the Parquet file of the folder `target` that takes them.

    What is Parquet already stays as it is, unless `few` files are wanted, or rows of it are superseded. There is always
    at least one group: an empty table has an empty file. Raises DataError where the file of `superseded` is not as
    handed over.
    """
    if superseded:
        check_file(folder / superseded.name, superseded)
    groups: list[list[StarFile]] = [[]]
    for file in files:
        is_full = sum(f.bytes for f in groups[-1]) + file.bytes > CSV_BYTES_A_FILE
        if groups[-1] and (is_full or (file.parquet and not few)):
            groups.append([])
        groups[-1].append(file)
    numbers = folder / superseded.name if superseded else None
    firsts = itertools.accumulate((sum(file.rows for file in group) for group in groups), initial=0)
    return [
        Conversion(
            contract.name,
            contract.schema,
            folder,
            tuple(group),
            target / f"{contract.name}.{number:04}.parquet",
            numbers,
            first,
        )
        for number, (group, first) in enumerate(zip(groups, firsts, strict=False))
    ]


def ready(conversion: Conversion) -> tuple[Path, TableReceipt]:
    """Return the Parquet of a conversion as the warehouse can take it, and the receipt of what was read for it.

    Of what stage 2 wrote no row is read: the hashes say that it is the same, and the receipt has the rows alone. Raises
    DataError where a file is not as handed over.
    """
    if not conversion.parquet:
        return conversion.target, convert(conversion)
    sources = [
        _checked(conversion, file, parquet) for file, parquet in zip(conversion.files, conversion.parquet, strict=True)
    ]
    gone = conversion.gone()
    left_out = sum(map(len, gone))
    rows = TableReceipt(rows=sum(file.rows for file in conversion.files) - left_out, columns={})
    is_whole = len(sources) == 1 and not left_out
    if is_whole and is_remote(sources[0]) <= is_remote(conversion.target):
        return sources[0], rows
    with _writing(conversion.target, conversion.table):
        if is_whole:  # from a bucket, for a warehouse that reads this machine's disk
            with sources[0].open("rb") as source, conversion.target.open("wb") as target:
                shutil.copyfileobj(source, target)
        else:
            with for_arrow(conversion.target, "wb") as target:
                parquet_file.write(target, conversion.schema, _row_groups(sources, gone))
    return conversion.target, rows


def _checked(conversion: Conversion, file: StarFile, parquet: ParquetFile) -> Path:
    """Check both files of a part by length and hash, and the Parquet's rows and columns by what itself says."""
    check_file(conversion.folder / file.name, file)
    path = conversion.folder / parquet.name
    rows = rows_of(path, parquet, conversion.schema)
    if rows != file.rows:
        raise altered(path, f"it has {rows:,} rows instead of {file.rows:,}")
    return path


def gathered(
    contract: Contract, files: Sequence[ParquetFile], rows: int, folder: Path, target: Path, *, few: bool = False
) -> tuple[Path, ...]:
    """Return Parquet files of stage 2 that hold `rows` rows of a contract as the warehouse can take them.

    They stay where they are, unless there are several where `few` are wanted, or they are in a bucket that the
    warehouse does not read: then they become the file `target`. Raises DataError where one is not as handed over.
    """
    paths = [folder / file.name for file in files]
    found = sum(rows_of(path, file, contract.schema) for path, file in zip(paths, files, strict=True))
    if found != rows:
        raise altered(paths[0] if paths else folder, f"with those beside it, it has {found:,} rows instead of {rows:,}")
    if all(is_remote(path) <= is_remote(target) for path in paths) and not (few and len(paths) > 1):
        return tuple(paths)
    with _writing(target, contract.name), for_arrow(target, "wb") as out:
        nothing = [np.empty(0, np.int64)] * len(paths)
        parquet_file.write(out, contract.schema, _row_groups(paths, nothing))
    return (target,)


def _row_groups(paths: list[Path], gone: list[Numbers]) -> Iterator[pa.Table]:
    for path, numbers in zip(paths, gone, strict=True):
        with for_arrow(path, "rb") as source, pq.ParquetFile(source) as opened:
            yield from without(map(opened.read_row_group, range(opened.num_row_groups)), numbers)


def convert(conversion: Conversion) -> TableReceipt:
    """Write one Parquet file of the CSVs and give the receipt of its rows. Raises DataError where one is not as told.

    One of them is in memory at a time.
    """
    receipts = [receipt_of(conversion.schema.empty_table())]
    with _writing(conversion.target, conversion.table), for_arrow(conversion.target, "wb") as target:
        parquet_file.write(target, conversion.schema, _read(conversion, receipts))
    return add(receipts, conversion.schema)


@contextmanager
def _writing(target: Path, table: str) -> Iterator[None]:
    """Say where a Parquet file cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except StorageError:
        raise
    except OSError as error:
        raise _unwritable(target, table, error) from None


def _read(conversion: Conversion, receipts: list[TableReceipt]) -> Iterator[pa.Table]:
    """Read the CSVs, some megabytes at a time; adds the receipts of what was read."""
    schema = conversion.schema
    for file, gone in zip(conversion.files, conversion.gone(), strict=True):
        path = conversion.folder / file.name
        header = check_file(path, file)
        if header != ",".join(schema.names):
            raise unlike_contract(path, f"its columns are {header}, in the contract {','.join(schema.names)}")
        rows = 0
        try:
            for part in without(arrow_csv.batches(path, schema), gone):
                receipts.append(receipt_of(part, schema))
                rows += len(part)
                yield part
        except ValueError as error:  # pyarrow's ArrowInvalid is one, too
            raise unlike_contract(path, without_values(first_line(error))) from None
        rows += len(gone)
        if rows != file.rows:
            raise altered(path, f"it has {rows:,} rows instead of {file.rows:,}")


def _unwritable(target: Path, table: str, error: OSError) -> DataError:
    reason = os.strerror(error.errno) if error.errno else first_line(error)
    return DataError(
        f"The Parquet file {target} of {table} cannot be written: {reason}.",
        "Make room on that disk, or let this user write there.",
    )
