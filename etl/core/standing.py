"""The rows of a star table that stand: those of its files, less the ones that are superseded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from etl.core import arrow_csv
from etl.core.folders import for_arrow
from etl.core.manifest import StarTable

Numbers = npt.NDArray[np.int64]


def numbers_within(path: Path | None, first: int, rows: int) -> Numbers:
    """Return which of some rows are superseded, as positions among them; no more than these are held.

    path: the file of the numbers of superseded rows; None where there is none. first: the number of the first row.
    """
    found = [np.empty(0, np.int64)]
    if path is not None and rows:
        with for_arrow(path, "rb") as source, pq.ParquetFile(source) as opened:
            for batch in opened.iter_batches():
                numbers = batch.column(0).to_numpy()
                begin, end = np.searchsorted(numbers, [first, first + rows])
                found.append(numbers[begin:end] - first)
                if end < len(numbers):
                    break
    positions: Numbers = np.concatenate(found)
    return positions


def without(parts: Iterator[pa.Table], gone: Numbers) -> Iterator[pa.Table]:
    """Leave rows out of parts of a file. gone: their positions in the file, ascending."""
    first = 0
    for part in parts:
        begin, end = np.searchsorted(gone, [first, first + len(part)])
        if begin == end:
            yield part
        else:
            stands = np.ones(len(part), np.bool_)
            stands[gone[begin:end] - first] = False
            yield part.filter(pa.array(stands))
        first += len(part)


@dataclass(frozen=True)
class StarRows:
    """The standing rows of a star table, as its CSVs hold them. folder: of the star."""

    folder: Path
    table: StarTable

    def batches(self, schema: pa.Schema) -> Iterator[pa.Table]:
        """Read some of the columns, a part of some megabytes at a time."""
        superseded, first = self.table.superseded, 0
        path = self.folder / superseded.name if superseded else None
        for file in self.table.files:
            gone = numbers_within(path, first, file.rows)
            yield from without(arrow_csv.batches(self.folder / file.name, schema), gone)
            first += file.rows
