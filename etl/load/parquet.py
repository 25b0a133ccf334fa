"""From the star's CSV to Parquet: typed by the contract, checked against the manifest, one CSV in memory at a time."""

import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.contract import Contract
from etl.core import arrow_csv
from etl.core.errors import DataError, StorageError
from etl.core.folders import for_arrow
from etl.core.manifest import StarFile, TableReceipt
from etl.core.personal import without_values
from etl.core.receipt import add, receipt_of

CSV_BYTES_A_FILE = 128 * 1024 * 1024
"""How much CSV goes into one Parquet file: some 18 MB of upload, and few load jobs."""

_GROUP = 8 * 1024 * 1024
"""Bytes in memory of a row group of Parquet: some 50,000 rows of a fact."""
_SAMPLE = 10_000
"""Rows by which a column is judged to repeat itself."""

_LONGEST_HEADER = 1024 * 1024
_REBUILD = "Run TablesTransformMain.py again, then load that run."


@dataclass(frozen=True)
class Conversion:
    """CSV files of one table that become one Parquet file; small enough to be sent to a worker process."""

    table: str
    schema: pa.Schema
    folder: Path
    files: tuple[StarFile, ...]
    target: Path


def conversions(contract: Contract, files: Iterable[StarFile], folder: Path, target: Path) -> list[Conversion]:
    """Group a table's CSV files, which lie in `folder`, by the Parquet file of the folder `target` that takes them.

    There is always at least one: an empty table has an empty file.
    """
    groups: list[list[StarFile]] = [[]]
    for file in files:
        if groups[-1] and sum(f.bytes for f in groups[-1]) + file.bytes > CSV_BYTES_A_FILE:
            groups.append([])
        groups[-1].append(file)
    targets = (target / f"{contract.name}.{number:04}.parquet" for number in itertools.count())
    return [
        Conversion(contract.name, contract.schema, folder, tuple(group), path)
        for group, path in zip(groups, targets, strict=False)
    ]


def convert(conversion: Conversion) -> TableReceipt:
    """Write one Parquet file and give the receipt of its rows. Raises DataError where a CSV is not as handed over."""
    receipts = [receipt_of(conversion.schema.empty_table())]
    try:
        conversion.target.parent.mkdir(parents=True, exist_ok=True)
        with for_arrow(conversion.target, "wb") as target:
            _write(target, conversion.schema, _read(conversion, receipts))
    except StorageError:
        raise
    except OSError as error:
        raise _unwritable(conversion, error) from None
    return add(receipts, conversion.schema)


def _write(target: Path | IO[bytes], schema: pa.Schema, parts: Iterator[pa.Table]) -> None:
    """Write a Parquet file in groups of many rows: the larger they are, the better they compress."""
    parts = _gathered(parts, schema)
    first = next(parts)
    repeating = [name for name in schema.names if _repeats(first.column(name))]
    with pq.ParquetWriter(
        target, schema, compression="zstd", use_dictionary=repeating, store_decimal_as_integer=True
    ) as writer:
        for group in itertools.chain([first], parts):
            writer.write_table(group, row_group_size=len(group) or 1)


def _gathered(parts: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Put tables together until they are large; there is always one table."""
    gathered: list[pa.Table] = [schema.empty_table()]
    for part in parts:
        gathered.append(part)
        if sum(each.nbytes for each in gathered) >= _GROUP:
            yield pa.concat_tables(gathered)
            gathered.clear()
    if gathered:
        yield pa.concat_tables(gathered)


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether a dictionary of the values would save room, by the first rows."""
    sample = column.slice(0, _SAMPLE)
    return int(pc.count_distinct(sample).as_py()) <= len(sample) // 2


def _read(conversion: Conversion, receipts: list[TableReceipt]) -> Iterator[pa.Table]:
    """Read the CSVs, some megabytes at a time; adds the receipts of what was read."""
    schema = conversion.schema
    for file in conversion.files:
        path = conversion.folder / file.name
        header = check_file(path, file)
        if header != ",".join(schema.names):
            raise _unlike_contract(path, f"its columns are {header}, in the contract {','.join(schema.names)}")
        rows = 0
        try:
            for part in arrow_csv.batches(path, schema):
                receipts.append(receipt_of(part, schema))
                rows += len(part)
                yield part
        except ValueError as error:  # pyarrow's ArrowInvalid is one, too
            raise _unlike_contract(path, without_values(_first_line(error))) from None
        if rows != file.rows:
            raise _altered(path, f"it has {rows:,} rows instead of {file.rows:,}")


def check_file(path: Path, file: StarFile) -> str:
    """Check a star file's length and hash; gives its header. Raises DataError."""
    try:
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
            length = opened.tell()
            opened.seek(0)
            header = opened.read(_LONGEST_HEADER).partition(b"\n")[0]
    except FileNotFoundError:
        raise _altered(path, "it is missing") from None
    if length != file.bytes:
        raise _altered(path, f"it has {length:,} bytes instead of {file.bytes:,}")
    if found != file.sha256:
        raise _altered(path, "its SHA-256 is another")
    return header.decode(errors="replace")


def _unlike_contract(path: Path, how: str) -> DataError:
    return DataError(f"{path} does not fulfil its table's contract: {how}.", _REBUILD)


def _altered(path: Path, how: str) -> DataError:
    return DataError(f"{path} is not the file that its manifest describes: {how}.", _REBUILD)


def _unwritable(conversion: Conversion, error: OSError) -> DataError:
    reason = os.strerror(error.errno) if error.errno else _first_line(error)
    return DataError(
        f"The Parquet file {conversion.target} of {conversion.table} cannot be written: {reason}.",
        "Make room on that disk, or let this user write there.",
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
