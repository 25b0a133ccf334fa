"""The manifest of a committed run: the receipt of what lies in its folder, written last.

One model a stage; `manifest.json` is what pydantic makes of it.
"""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

FORMAT = 1


class Record(BaseModel):
    """A part of a manifest: unknown fields are faults, values are never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Block(Record):
    """A run of whole rows within a file: where it begins, its length in bytes, its rows, the SHA-256 of its bytes."""

    offset: int
    bytes: int
    rows: int
    sha256: str


class RawColumn(Record):
    """A column of a query: its Arrow type as text, and the type's name in the source."""

    name: str
    type: str
    source_type: str


class RawTable(Record):
    """One query's CSV. run: the run that extracted it; offsets of the blocks count from the file's start."""

    run: str
    source: str
    as_of: datetime
    query_sha256: str
    file: str
    bytes: int
    rows: int
    columns: tuple[RawColumn, ...]
    blocks: tuple[Block, ...]
    key: tuple[str, ...]
    survivor: tuple[str, ...]
    group_by: tuple[str, ...]
    seconds: float


class ColumnReceipt(Record):
    """What a column holds: NULLs; for numbers the exact sum; for numbers, dates and times the least and greatest.

    Texts as SQL would print them; None where all is NULL or the type has no such value.
    """

    nulls: int
    sum: str | None = None
    min: str | None = None
    max: str | None = None


class TableReceipt(Record):
    """What a table holds, in every hand-over the same: its rows and each column's receipt."""

    rows: int
    columns: dict[str, ColumnReceipt]

    def differences(self, other: "TableReceipt") -> list[str]:
        """Name what differs, a clause each; `other` is what was found."""
        found = [f"{self.rows:,} rows are {other.rows:,}"] if self.rows != other.rows else []
        for name, mine in self.columns.items():
            theirs = other.columns.get(name)
            if theirs is None:
                found.append(f"{name} is missing")
            elif mine != theirs:
                pairs = zip(mine, theirs, strict=True)
                found += [f"{name}: {what} {a} is {b}" for (what, a), (_, b) in pairs if a != b]
        return found


class StarFile(Record):
    """One CSV of a star table."""

    name: str
    bytes: int
    rows: int
    sha256: str


class StarTable(Record):
    """One star table. run: the run that built it; rejected and set_aside: rows by reason; unknown: by column.

    handed: rows that `build` was given or made; handed = rows + rejected + set aside, less the unknown member.
    """

    run: str
    raw_run: str
    as_of: datetime
    files: tuple[StarFile, ...]
    receipt: TableReceipt
    handed: int
    rejected: dict[str, int]
    set_aside: dict[str, int]
    unknown: dict[str, int]
    seconds: float

    @property
    def rows(self) -> int:
        """The rows to be published."""
        return self.receipt.rows


class LoadedTable(Record):
    """One published table. star_run: the run whose rows it holds; bytes: the Parquet that was uploaded."""

    star_run: str
    as_of: datetime
    receipt: TableReceipt
    bytes: int


T = TypeVar("T", bound=Record)


class Manifest(Record, Generic[T]):
    """A committed run. made_from: the run of the stage before; origin: the sources and the warehouse it belongs to."""

    format: Literal[1] = 1
    run: str
    stage: str
    made_from: str | None
    origin: dict[str, str]
    as_of: datetime
    tables: dict[str, T]
    seconds: float
    peak_memory_mb: int


class RawManifest(Manifest[RawTable]):
    """What stage 1 committed."""


class StarManifest(Manifest[StarTable]):
    """What stage 2 committed; tables in the order in which they were built, that is dimensions before facts."""

    business_date: str


class LoadedManifest(Manifest[LoadedTable]):
    """What stage 3 published."""


_SIMPLE: dict[str, Any] = {
    str(t): t
    for t in (pa.int64(), pa.int32(), pa.int16(), pa.float64(), pa.float32(), pa.bool_(), pa.string(), pa.date32())
} | {str(t): t for t in (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.binary(), pa.time64("us"))}


def arrow_type(text: str) -> pa.DataType:
    """Read a manifest's column type, e.g. "decimal128(12, 2)", back."""
    if text.startswith("decimal128("):
        precision, scale = text.removeprefix("decimal128(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return _SIMPLE[text]
