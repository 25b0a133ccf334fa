"""The rows of a star's files that are superseded: whoever reads the files leaves them out, and no others."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.core import standing
from etl.core.errors import DataError
from etl.core.manifest import ParquetFile, StarFile
from etl.core.parquet_file import write
from etl.core.standing import StarRows
from etl.load.parquet import conversions, ready
from tests.load.changes import described
from tests.load.contracts import PLANET, planets
from tests.load.nights import csv_file

SIZES = st.lists(st.integers(0, 6), min_size=1, max_size=4)


def files_of(folder: Path, sizes: list[int], *, parquet: bool) -> list[StarFile]:
    """Write planets, numbered on over all files, into files of these sizes."""
    rows, files, first = planets(sum(sizes)), [], 0
    for number, size in enumerate(sizes):
        table = pa.Table.from_pylist(rows[first : first + size], PLANET.schema)
        file = csv_file(table, folder, f"dim_planet.{number}.csv")
        if parquet:
            path = folder / f"dim_planet.{number}.parquet"
            write(path, PLANET.schema, [table])
            file = file.model_copy(update={"parquet": ParquetFile.of(path)})
        files.append(file)
        first += size
    return files


def superseded(folder: Path, numbers: list[int]) -> ParquetFile:
    """Write which rows are superseded, a few numbers a row group."""
    path = folder / "superseded.parquet"
    pq.write_table(pa.table({"row": np.array(sorted(numbers), np.int64)}), path, row_group_size=2)
    return ParquetFile.of(path)


@settings(max_examples=60)
@given(sizes=SIZES, gone=st.sets(st.integers(0, 23)), parquet=st.booleans(), few=st.booleans())
def test_what_stands_is_read_and_nothing_else(sizes: list[int], gone: set[int], parquet: bool, few: bool) -> None:
    """Of CSV and of Parquet, in one file or several, in the order of the files; what is whole stays where it is."""
    stands = [number for number in range(sum(sizes)) if number not in gone]
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = files_of(folder, sizes, parquet=parquet)
        numbers = superseded(folder, [number for number in gone if number < sum(sizes)])
        parts = conversions(PLANET, files, folder, folder / "target", few=few, superseded=numbers)
        made = [ready(part) for part in parts]
        read = [row["planet_key"] for path, _ in made for row in pq.read_table(path).to_pylist()]
        assert read == stands
        assert sum(receipt.rows for _, receipt in made) == len(stands)
        table = described(PLANET, []).model_copy(update={"files": tuple(files), "superseded": numbers})
        batches = list(StarRows(folder, table).batches(pa.schema([PLANET.schema.field("planet_key")])))
        assert [key for batch in batches for key in batch.column(0).to_pylist()] == stands
        if parquet and not few and not gone:
            assert all(path.parent == folder for path, _ in made)


def test_numbers_of_other_rows_are_not_held(tmp_path: Path) -> None:
    """Memory is bounded by a file's rows, however many are superseded in all."""
    superseded(tmp_path, list(range(0, 1000, 2)))
    found = standing.numbers_within(tmp_path / "superseded.parquet", 500, 10)
    assert found.tolist() == [0, 2, 4, 6, 8]
    assert standing.numbers_within(None, 0, 10).tolist() == []


def test_a_damaged_file_of_numbers_is_refused(tmp_path: Path) -> None:
    """It would let other rows stand."""
    files, numbers = files_of(tmp_path, [3], parquet=True), superseded(tmp_path, [1])
    superseded(tmp_path, [2])
    with pytest.raises(DataError, match=r"superseded\.parquet is not the file that its manifest describes"):
        conversions(PLANET, files, tmp_path, tmp_path / "target", superseded=numbers)
