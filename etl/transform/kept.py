"""What a star keeps for the next one: of each row of a stream what became of it, and what partials made.

Of a stream: the number of each row in its query's files, and of each table what became of the row (`FATE`) and the
columns by which rows are found that something else touches: references, the window, what summaries go by. Of a table
that summarizes: likewise of its rows. Of a partial: all that it returned. Columns are those of what `build` returned,
made comparable (etl.contract.comparing), and named "table:column"; rows that cannot be read are not there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etl.company.plan import Step
from etl.company.tables import TableFile
from etl.contract.comparing import comparable
from etl.contract.reserved import UNPUBLISHED
from etl.core import parquet_file
from etl.core.folders import for_arrow, link
from etl.core.manifest import Kept, ParquetFile
from etl.transform.context import Context

KEPT = "kept"
"""The folder of a star with what is kept for the next one."""
ROW = "=row"
PUBLISHED, OUTSIDE, LEFT_OUT = 0, 1, 2
"""What became of a row: it is published; it lies before the window; it was set aside or rejected."""

Numbers = npt.NDArray[np.int64]


def fate_of(table: str) -> str:
    """Name the column that says what became of a row in a table."""
    return f"{table}:=fate"


def columns_kept(context: Context, step: Step) -> dict[str, tuple[str, ...]]:
    """Name the columns that are kept of a stream, by the query or the table that has them."""
    stream = str(step.stream)
    raw = context.raw_table(stream)
    found = {stream: list(raw.group_by)}
    for name in step.built:
        found[name] = [*columns_of_table(context.tables[name])]
        if context.tables[name].contract.built_key != raw.key:
            found[name] += context.tables[name].contract.built_key
    for partial in step.partials:
        found[partial.stream] += context.tables[partial.table].contract.summed_by
    return {name: tuple(dict.fromkeys(columns)) for name, columns in found.items()}


def columns_of_table(table: TableFile) -> tuple[str, ...]:
    """Name the columns by which a table's rows are found that something else touches; of groups, one row of several."""
    contract = table.contract
    window = (contract.window,) if contract.window else ()
    key = contract.built_key if table.partials else ()
    return tuple(dict.fromkeys([*contract.found_by, *window, *contract.recompute_by, *key]))


def fates(built: pd.DataFrame, sound: pd.DataFrame) -> npt.NDArray[np.int8]:
    """Return what became of each row that was built. sound: those that are computed with, with the same index."""
    found = np.full(len(built), LEFT_OUT, dtype=np.int8)
    outside = np.zeros(len(sound), dtype=bool)
    if UNPUBLISHED in sound:
        outside = sound[UNPUBLISHED].fillna(False).to_numpy(dtype=bool)
    found[built.index.get_indexer(sound.index)] = np.where(outside, OUTSIDE, PUBLISHED)
    return found


def comparables(frame: pd.DataFrame, columns: Iterable[str], of: str = "") -> pa.Table:
    """Return columns of a frame in a form in which values of one meaning are equal. of: what to name them after."""
    names = list(columns)
    values = [_comparable(frame[name]) for name in names]
    return pa.table(values, [f"{of}:{name}" if of else name for name in names])


def _comparable(column: pd.Series) -> pa.Array:
    """Return a column made comparable, one of nothing but NULL as such: in another part it may hold texts."""
    values = comparable(column)
    return pa.nulls(len(values)) if values.null_count == len(values) else values


@dataclass
class KeptRows:
    """The rows of a stream's block, or of a table, that are to be kept: columns by their names."""

    numbers: Numbers
    columns: dict[str, pa.Array] = field(default_factory=dict)

    def take(self, frame: pd.DataFrame, columns: Iterable[str], of: str) -> None:
        """Take columns of a frame that has all rows."""
        taken = comparables(frame, columns, of)
        self.columns |= dict(zip(taken.column_names, taken.columns, strict=True))

    def judge(self, table: str, built: pd.DataFrame, sound: pd.DataFrame) -> None:
        """Take what became of each row in a table."""
        self.columns[fate_of(table)] = pa.array(fates(built, sound))

    def write(self, folder: Path, name: str, number: int) -> ParquetFile:
        """Write them as the `number`th file of what is kept."""
        rows = pa.table({ROW: pa.array(self.numbers), **self.columns})
        return write_kept(folder, name, number, rows)


def joined(parts: Sequence[Numbers]) -> Numbers:
    """Put numbers of rows together, one part behind the other; no part gives none."""
    return np.concatenate([np.empty(0, np.int64), *parts])


def write_kept(folder: Path, name: str, number: int, rows: pa.Table) -> ParquetFile:
    """Write a file of what is kept."""
    path = folder / KEPT / f"{name.replace(' ', '-')}.{number:05}.parquet"
    with for_arrow(path, "wb") as target:
        pq.write_table(rows, target, compression="lz4", write_statistics=False, write_page_checksum=True)
    return ParquetFile.of(path)


def write_numbers(folder: Path, name: str, numbers: Numbers) -> ParquetFile | None:
    """Write the numbers of rows that others stand for; nothing where there are none."""
    if not len(numbers):
        return None
    path = folder / f"{name.replace(' ', '-')}.superseded.parquet"
    with for_arrow(path, "wb") as target:
        pq.write_table(
            pa.table({"row": pa.array(np.unique(numbers))}), target, compression="zstd", write_page_checksum=True
        )
    return ParquetFile.of(path)


def read_numbers(folder: Path, file: ParquetFile | None) -> Numbers:
    """Read the numbers of rows that others stand for."""
    if file is None:
        return np.empty(0, np.int64)
    numbers: Numbers = parquet_file.read(folder / file.name).column(0).to_numpy()
    return numbers


@dataclass(frozen=True)
class Part:
    """The rows of one file of what is kept. first: the number of its first one; standing: which are not superseded."""

    first: int
    rows: pa.Table
    standing: npt.NDArray[np.bool_]

    def column(self, name: str) -> npt.NDArray[np.int64]:
        """Return a column of numbers."""
        found: npt.NDArray[np.int64] = self.rows.column(name).to_numpy()
        return found

    def numbers(self, mask: npt.NDArray[np.bool_]) -> Numbers:
        """Return the numbers of some of its rows, counted over all files."""
        return np.flatnonzero(mask) + self.first


@dataclass(frozen=True)
class KeptFiles:
    """What a star keeps of a stream, a table or a partial."""

    folder: Path
    kept: Kept

    def superseded(self) -> Numbers:
        """Return the numbers of the rows for which others stand."""
        return read_numbers(self.folder / KEPT, self.kept.superseded)

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[Part]:
        """Read some columns of each file, or all of them."""
        gone, first = self.superseded(), 0
        for file in self.kept.files:
            rows = parquet_file.read(self.folder / KEPT / file.name, columns)
            standing = np.ones(len(rows), dtype=bool)
            begin, end = np.searchsorted(gone, [first, first + len(rows)])
            standing[gone[begin:end] - first] = False
            yield Part(first, rows, standing)
            first += len(rows)


def grown(folder: Path, name: str, kept: KeptFiles, file: ParquetFile | None, gone: Numbers) -> Kept:
    """Return what a new star keeps: what another one kept, less the rows that others stand for, and a file besides."""
    link([f"{KEPT}/{each.name}" for each in kept.kept.files], kept.folder, folder)
    every = np.union1d(kept.superseded(), gone)
    files = (*kept.kept.files, *([file] if file else ()))
    return Kept(files=files, superseded=write_numbers(folder / KEPT, name, every))


def kept_of(files: Mapping[str, Sequence[ParquetFile]]) -> dict[str, Kept]:
    """Return the manifest's entries of files, by what they are kept of."""
    return {name: Kept(files=tuple(each)) for name, each in sorted(files.items())}
