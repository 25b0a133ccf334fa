"""How a table becomes a Parquet file, whichever stage writes it."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.core.errors import DataError
from etl.core.folders import for_arrow

_GROUP = 8 * 1024 * 1024
"""Bytes in memory of a row group of Parquet: some 50,000 rows of a fact."""
_SAMPLES = (500, 10_000)
"""Rows by which a column is judged to repeat itself: by few where these leave no doubt."""


def write(target: Path | IO[bytes] | Any, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
    """Write a Parquet file in groups of many rows: the larger they are, the better they compress."""
    gathered = _gathered(parts, schema)
    first = next(gathered)
    repeating = [name for name in schema.names if _repeats(first.column(name))]
    options = {"compression": "zstd", "use_dictionary": repeating, "store_decimal_as_integer": True}
    # no statistics: it is read whole, and they take an eighth of the time
    with pq.ParquetWriter(target, schema, write_statistics=False, write_page_checksum=True, **options) as writer:
        for group in itertools.chain([first], gathered):
            writer.write_table(group, row_group_size=len(group) or 1)


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read columns of a Parquet file, or all. Raises DataError where it is damaged: its pages have checksums."""
    try:
        with for_arrow(path, "rb") as source:
            file = pq.ParquetFile(source, page_checksum_verification=True)
            return file.read(columns=None if columns is None else list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as fault:
        if getattr(fault, "errno", None) is not None and not isinstance(fault, FileNotFoundError):
            raise
        raise DataError(f"{path} is damaged: {fault}.", "Let a night read all rows: ./nightly.sh --full.") from None


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
    share = 0.0
    for rows in _SAMPLES:
        sample = column.slice(0, rows)
        share = int(pc.count_distinct(sample).as_py()) / max(len(sample), 1)
        if share < 0.2 or share > 0.99:
            break
    return share <= 0.5
