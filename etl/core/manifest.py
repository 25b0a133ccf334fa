"""The manifest of a committed run: the receipt of what lies in its folder, written last.

One model a stage; `manifest.json` is what pydantic makes of it.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import Field, model_validator

from etl import __version__
from etl.core import older
from etl.core.counts import Counts
from etl.core.receipt import TableReceipt
from etl.core.record import Record

FORMAT: Final = 9
"""The number of the newest format; etl.core.older reads those before it."""


class Block(Record):
    """A run of whole rows within a file: where it begins, its length in bytes, its rows, the SHA-256 of its bytes.

    file: which file; None where it is the table's first.
    """

    offset: int
    bytes: int
    rows: int
    sha256: str
    file: str | None = None


EXPRESSION = "expression"
"""What stands for the name of a type where the source has none: a column that the query computes."""


class RawColumn(Record):
    """A column of a query: its Arrow type as text, the type's name in the source, and whether it is personal data."""

    name: str
    type: str
    source_type: str
    personal: bool = False


class ParquetFile(Record):
    """A Parquet file: of the rows of the CSV that it lies beside, or of what is told of a table's rows."""

    name: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "ParquetFile":
        """Describe a file that was written."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(name=path.name, bytes=file.tell(), sha256=digest)

    def is_in(self, folder: Path) -> bool:
        """Whether it lies in a folder as it was described."""
        path = folder / self.name
        return path.is_file() and self.of(path) == self


class Layer(Record):
    """What one run extracted of a table: all of it, or the rows that had changed since.

    run: that extracted it; since: the watermark from which on, None where all was; blocks: how many of the table's,
    in their order; receipt, slice: the source's word about these rows, as in RawTable; keys: the Parquet file with the
    keys of its rows, whose row numbers are those of the rows.
    """

    run: str
    as_of: datetime
    since: str | None
    blocks: int
    rows: int
    keys: str
    receipt: TableReceipt | None = None
    slice: int | None = None


class Changes(Record):
    """How a table is read that is extracted by its changes: its layers, the oldest first, less what is superseded.

    asked: the fingerprint of what was asked: layers of another question are no ground to stand on; ground: likewise of
    the source's table, another one if it was made anew or its rows rewritten; history: of its database. greatest: the
    greatest watermark, as far as the source's clock had come; since: the watermark from which on the next run is to
    read. superseded: the Parquet file with the numbers of the rows (counted over all layers) that a later layer
    replaces, or that were deleted; gone: how many these are. swept: when the source was last asked for all keys, or for
    all rows. files: the Parquet files.
    """

    asked: str
    ground: str | None = None
    history: str = ""
    greatest: str | None
    since: str | None
    layers: tuple[Layer, ...]
    superseded: str | None = None
    gone: int = 0
    swept: datetime | None = None
    files: tuple[ParquetFile, ...] = ()


class RawTable(Record):
    """One query's CSV. run: the run that extracted it; offsets of the blocks count from their file's start.

    file: the first of its files, which is the only one unless the query was split by ranges; bytes: of all.

    receipt: what the source itself says that the query gives; None where it was not asked. slice: the number of the
    slice of the keys over which the receipt's hash is taken; None where it is all rows. newest: the greatest value of
    the column that `-- newest:` names. rows: without the superseded ones of a table that is read by its changes, whose
    blocks hold them.
    """

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
    receipt: TableReceipt | None = None
    slice: int | None = None
    newest: dict[str, str | None] = Field(default_factory=dict)
    changes: Changes | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_an_older_version(cls, data: Any) -> Any:
        return {k: v for k, v in data.items() if k != "sliced_by"} if isinstance(data, dict) else data

    @property
    def personal(self) -> frozenset[str]:
        """Name the columns of personal data."""
        return frozenset(column.name for column in self.columns if column.personal)

    @property
    def files(self) -> dict[str, int]:
        """Name the files, those of rows in their order, each with its length in bytes."""
        beside = {file.name: file.bytes for file in self.changes.files} if self.changes else {}
        return {block.file or self.file: block.offset + block.bytes for block in self.blocks} | beside

    @property
    def is_read_by_changes(self) -> bool:
        """Whether its last rows are those that had changed since others."""
        return self.changes is not None and len(self.changes.layers) > 1

    @property
    def watermark(self) -> "Watermark | None":
        """Up to where it was read; None where it is not read by its changes."""
        told = self.changes
        return Watermark(greatest=told.greatest, since=told.since, swept=told.swept) if told else None

    def layers(self) -> "Iterator[tuple[RawTable, range]]":
        """Give each layer as a table of its own, with the numbers of its blocks: what its run's source said of it."""
        if self.changes is None:
            yield self, range(len(self.blocks))
            return
        first = 0
        for layer in self.changes.layers:
            places = range(first, first + layer.blocks)
            of = {"run": layer.run, "rows": layer.rows, "receipt": layer.receipt, "slice": layer.slice}
            yield self.model_copy(update=of | {"blocks": self.blocks[first : places.stop], "changes": None}), places
            first = places.stop


def rows_of(folder: Path, table: RawTable, block: Block) -> bytes:
    """Read the rows of a block, as they were written."""
    with (folder / (block.file or table.file)).open("rb") as file:
        file.seek(block.offset)
        return file.read(block.bytes)


class StarFile(Record):
    """One CSV of a star table. parquet: the same rows as they are uploaded; None in the stars of older versions."""

    name: str
    bytes: int
    rows: int
    sha256: str
    parquet: ParquetFile | None = None

    @property
    def both(self) -> "tuple[StarFile | ParquetFile, ...]":
        """The files on the disk: the CSV, and its Parquet if there is one."""
        return (self, self.parquet) if self.parquet else (self,)


class StarChange(Record):
    """By what a star table differs from the one of an earlier star. on: the run that built that one.

    removed: the Parquet files of the rows that it had and this one has not; added: of those that this one has besides.
    A row that changed is in both. Each file has all columns of the contract. partitions: the months (2030-01) of the
    column by which the table is partitioned in which such rows lie, "" for NULL; none of a table without partitions.
    """

    on: str
    removed: tuple[ParquetFile, ...] = ()
    removed_rows: int = 0
    added: tuple[ParquetFile, ...] = ()
    added_rows: int = 0
    partitions: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[ParquetFile, ...]:
        """All of the files."""
        return (*self.removed, *self.added)


class StarTable(Counts):
    """One star table. run: the run that built it; handed = rows + rejected + set aside, less the unknown member.

    months: by month (2030-01) of the contract's `closed_months` column, each measure's exact sum; left: likewise of the
    rows that were computed with and not published, for they lie before the published window.

    change: by what it differs from an earlier one; None where that is not known. superseded: the Parquet file with the
    numbers of the rows (counted over all files) that are the table's no more; gone: how many these are. by_partition:
    the receipts of the rows by month of the partitioning column, as in `StarChange`, without least and greatest values.
    continues: the run that built the published rows whose history it continues; "" where there were none, or it has no
    history that nights saw.
    """

    run: str
    raw_run: str
    as_of: datetime
    files: tuple[StarFile, ...]
    receipt: TableReceipt
    seconds: float
    months: dict[str, dict[str, str]] = Field(default_factory=dict)
    left: dict[str, dict[str, str]] = Field(default_factory=dict)
    change: StarChange | None = None
    superseded: ParquetFile | None = None
    gone: int = 0
    by_partition: dict[str, TableReceipt] = Field(default_factory=dict)
    continues: str = ""

    @property
    def beside(self) -> tuple[ParquetFile, ...]:
        """The files that tell of its rows, beside those that hold them."""
        changed = self.change.files if self.change else ()
        return tuple(dict.fromkeys([*((self.superseded,) if self.superseded else ()), *changed]))

    @property
    def rows(self) -> int:
        """The rows to be published."""
        return self.receipt.rows


class LoadedTable(Record):
    """One published table. star: the star's entry, its receipt as far as it was proven, without the files.

    bytes: the Parquet that was uploaded; columns: names; mark: what the warehouse says of the table as long as nobody
    changes it; None where that cannot be told.
    """

    star: StarTable
    bytes: int
    mark: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def as_of(self) -> datetime:
        """The instant of the source whose rows it holds."""
        return self.star.as_of


T = TypeVar("T", bound=Record)


class Manifest(Record, Generic[T]):
    """A committed run. made_from: the run of the stage before; origin: the sources and the warehouse it belongs to.

    engine: the version that wrote it; "" before 1.0.
    accepted: the refusals of guards that a person let through, by "table:guard". restored: whether no stage committed
    it, but `etl restore`, of what the warehouse tells: such a star has its key maps alone, and no table.
    """

    format: Literal[9] = FORMAT
    engine: str = __version__
    run: str
    stage: str
    made_from: str | None
    origin: dict[str, str]
    as_of: datetime
    tables: dict[str, T]
    seconds: float
    peak_memory_mb: int
    accepted: dict[str, str] = Field(default_factory=dict)
    restored: bool = False

    @property
    def is_of_changes(self) -> bool:
        """Whether it was made of what had changed alone, which takes as long as that is much."""
        return False

    @model_validator(mode="before")
    @classmethod
    def _upgraded(cls, told: Any) -> Any:
        return older.upgraded(told, FORMAT, older.MANIFESTS)


class Missed(Record):
    """What nights of changes had missed of a query, as one of all rows found: keys whose rows changed, came or went.

    watermark: the column that did not tell; examples: some of the keys as text, none of personal data.
    """

    watermark: str
    changed: int = 0
    late: int = 0
    gone: int = 0
    examples: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Say what was missed; nothing where it was nothing."""
        counts = {"changed": self.changed, "came with an old watermark": self.late, "went": self.gone}
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        return told + (f" (such as {'; '.join(self.examples)})" if self.examples else "")


class RawManifest(Manifest[RawTable]):
    """What stage 1 committed. missed: by query, where all rows were read and compared with those that stood."""

    missed: dict[str, Missed] = Field(default_factory=dict)

    @property
    def is_of_changes(self) -> bool:
        """Whether some query was read by its changes, which takes as long as these are many."""
        return any(table.is_read_by_changes for table in self.tables.values())

    @property
    def watermarks(self) -> "dict[str, Watermark]":
        """Up to where each query was read that is read by its changes."""
        return {name: told for name, table in self.tables.items() if (told := table.watermark)}


class Watermark(Record):
    """Up to where a query was read that is read by its changes, as in `Changes`."""

    greatest: str | None = None
    since: str | None = None
    swept: datetime | None = None


class Standing(Record):
    """Upon what the next night can stand: what was published, as the head in the warehouse tells.

    parent: the run that was published before; star: the published star; raw: the run that extracted its rows;
    watermarks: by query, of those that were read by their changes.
    """

    parent: str = ""
    star: str = ""
    raw: str = ""
    watermarks: dict[str, Watermark] = Field(default_factory=dict)


class Kept(Record):
    """Rows that a star keeps beside its tables, for the next one to be built of what changed (etl.transform.kept).

    files: in their order, in the folder of what is kept; superseded: the Parquet file with the numbers of the rows,
    counted over all files, for which others stand.
    """

    files: tuple[ParquetFile, ...]
    superseded: ParquetFile | None = None


class StarManifest(Manifest[StarTable]):
    """What stage 2 committed. corrected: rows of the source by the correction that changed them.

    keys: the SHA-256 of each key map, by dimension. agrees_with: the run whose published keys this star's are known to
    continue; None where the warehouse was not asked. extracted: by query, the run that extracted its rows. code:
    the fingerprint of the table files; None in the stars of older versions. pseudonym_key: the fingerprint of
    the key of its pseudonyms; hashed: the columns in which they stand, as table.column. kept: what the next star can be
    built upon, by the step or the partial that made it; made_with: what stands for all but the rows that it is made by;
    asked: by table, what its functions asked of the night; watermarks: as in `Standing`.
    """

    business_date: str
    agrees_with: str | None = None
    keys: dict[str, str] = Field(default_factory=dict)
    corrected: dict[str, int] = Field(default_factory=dict)
    extracted: dict[str, str] = Field(default_factory=dict)
    code: str | None = None
    pseudonym_key: str | None = None
    hashed: tuple[str, ...] = ()
    kept: dict[str, Kept] = Field(default_factory=dict)
    made_with: str = ""
    asked: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    watermarks: dict[str, Watermark] = Field(default_factory=dict)

    @property
    def is_of_changes(self) -> bool:
        """Whether it was built of what had changed, which takes as long as that is much."""
        return any(table.change for table in self.tables.values())


class LoadedManifest(Manifest[LoadedTable]):
    """What stage 3 published. altered: the tables that somebody had changed by hand since, and how.

    standing: what the head in the warehouse tells of it.
    """

    altered: dict[str, str] = Field(default_factory=dict)
    standing: Standing = Standing()
