"""A star's files checked: that they are what its manifest describes, and have the columns of the contract."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.core.errors import DataError
from etl.core.folders import for_arrow
from etl.core.manifest import ParquetFile, StarFile

_LONGEST_HEADER = 1024 * 1024
_REBUILD = "Run TablesTransformMain.py again, then load that run."


def rows_of(path: Path, parquet: ParquetFile, wanted: pa.Schema) -> int:
    """Check a Parquet file by its hash, and by what itself says of its columns; return how many rows that has."""
    check_file(path, parquet)
    with for_arrow(path, "rb") as source, pq.ParquetFile(source) as opened:
        rows, schema = int(opened.metadata.num_rows), opened.schema_arrow
    if not schema.equals(wanted):
        found, told = (
            ", ".join(str(each).replace("pyarrow.Field", "").strip("<>") for each in one) for one in (schema, wanted)
        )
        raise unlike_contract(path, f"its columns are {found}, in the contract {told}")
    return rows


def check_file(path: Path, file: StarFile | ParquetFile) -> str:
    """Check a star file's length and hash; returns its first line. Raises DataError."""
    try:
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
            length = opened.tell()
            opened.seek(0)
            header = opened.read(_LONGEST_HEADER).partition(b"\n")[0]
    except FileNotFoundError:
        raise altered(path, "it is missing") from None
    if length != file.bytes:
        raise altered(path, f"it has {length:,} bytes instead of {file.bytes:,}")
    if found != file.sha256:
        raise altered(path, "its SHA-256 is another")
    return header.decode(errors="replace")


def unlike_contract(path: Path, how: str) -> DataError:
    """Say that a file has not the columns or values of its contract."""
    return DataError(f"{path} does not match its table's contract: {how}.", _REBUILD)


def altered(path: Path, how: str) -> DataError:
    """Say that a file is not the one of its manifest."""
    return DataError(f"{path} is not the file that its manifest describes: {how}.", _REBUILD)


def first_line(error: Exception) -> str:
    """Return what an error says, without the details."""
    return str(error).partition("\n")[0].rstrip(".")
