"""The Parquet that a warehouse gets: stage 2's, checked against the manifest, or made of the CSV of an older star."""

import hashlib
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.contract.table import Contract
from etl.core import arrow_csv, parquet_file
from etl.core.errors import DataError, StorageError
from etl.core.folders import for_arrow, is_remote
from etl.core.manifest import ParquetFile, StarFile
from etl.core.personal import without_values
from etl.core.receipt import TableReceipt
from etl.receipts.arrow import add, receipt_of

CSV_BYTES_A_FILE = 128 * 1024 * 1024
"""How much CSV goes into one Parquet file where few are wanted: some 18 MB of upload, and few load jobs."""

_LONGEST_HEADER = 1024 * 1024
_REBUILD = "Run TablesTransformMain.py again, then load that run."


@dataclass(frozen=True)
class Conversion:
    """Files of one table that become one Parquet file; small enough to be sent to a worker process."""

    table: str
    schema: pa.Schema
    folder: Path
    files: tuple[StarFile, ...]
    target: Path

    @property
    def parquet(self) -> list[ParquetFile]:
        """The Parquet that stage 2 wrote; none unless it is all there."""
        found = [file.parquet for file in self.files if file.parquet]
        return found if len(found) == len(self.files) else []


def conversions(
    contract: Contract, files: Iterable[StarFile], folder: Path, target: Path, *, few: bool = False
) -> list[Conversion]:
    """Group a table's files, which lie in `folder`, by the Parquet file of the folder `target` that takes them.

    What is Parquet already stays as it is, unless `few` files are wanted. There is always at least one group: an empty
    table has an empty file.
    """
    groups: list[list[StarFile]] = [[]]
    for file in files:
        is_full = sum(f.bytes for f in groups[-1]) + file.bytes > CSV_BYTES_A_FILE
        if groups[-1] and (is_full or (file.parquet and not few)):
            groups.append([])
        groups[-1].append(file)
    targets = (target / f"{contract.name}.{number:04}.parquet" for number in itertools.count())
    return [
        Conversion(contract.name, contract.schema, folder, tuple(group), path)
        for group, path in zip(groups, targets, strict=False)
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
    rows = TableReceipt(rows=sum(file.rows for file in conversion.files), columns={})
    if len(sources) == 1 and is_remote(sources[0]) <= is_remote(conversion.target):
        return sources[0], rows
    with _writing(conversion):
        if len(sources) == 1:  # from a bucket, for a warehouse that reads this machine's disk
            with sources[0].open("rb") as source, conversion.target.open("wb") as target:
                shutil.copyfileobj(source, target)
        else:
            with for_arrow(conversion.target, "wb") as target:
                parquet_file.write(target, conversion.schema, _row_groups(sources))
    return conversion.target, rows


def _checked(conversion: Conversion, file: StarFile, parquet: ParquetFile) -> Path:
    """Check both files of a part by length and hash, and the Parquet's rows and columns by what itself says."""
    check_file(conversion.folder / file.name, file)
    path = conversion.folder / parquet.name
    check_file(path, parquet)
    with for_arrow(path, "rb") as source, pq.ParquetFile(source) as opened:
        rows, schema = opened.metadata.num_rows, opened.schema_arrow
    if rows != file.rows:
        raise _altered(path, f"it has {rows:,} rows instead of {file.rows:,}")
    if not schema.equals(conversion.schema):
        found, wanted = (
            ", ".join(str(each).replace("pyarrow.Field", "").strip("<>") for each in one)
            for one in (schema, conversion.schema)
        )
        raise _unlike_contract(path, f"its columns are {found}, in the contract {wanted}")
    return path


def _row_groups(paths: list[Path]) -> Iterator[pa.Table]:
    for path in paths:
        with for_arrow(path, "rb") as source, pq.ParquetFile(source) as opened:
            for number in range(opened.num_row_groups):
                yield opened.read_row_group(number)


def convert(conversion: Conversion) -> TableReceipt:
    """Write one Parquet file of the CSVs and give the receipt of its rows. Raises DataError where one is not as told.

    One of them is in memory at a time.
    """
    receipts = [receipt_of(conversion.schema.empty_table())]
    with _writing(conversion), for_arrow(conversion.target, "wb") as target:
        parquet_file.write(target, conversion.schema, _read(conversion, receipts))
    return add(receipts, conversion.schema)


@contextmanager
def _writing(conversion: Conversion) -> Iterator[None]:
    """Say where a Parquet file cannot be written."""
    try:
        conversion.target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except StorageError:
        raise
    except OSError as error:
        raise _unwritable(conversion, error) from None


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


def check_file(path: Path, file: StarFile | ParquetFile) -> str:
    """Check a star file's length and hash; returns its first line. Raises DataError."""
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
    return DataError(f"{path} does not match its table's contract: {how}.", _REBUILD)


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
