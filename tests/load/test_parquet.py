"""From CSV to Parquet: only what the manifest describes, exactly as the contract says."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.core import arrow_csv
from etl.core.errors import DataError
from etl.core.manifest import StarFile
from etl.core.receipt import TableReceipt
from etl.load.parquet import CSV_BYTES_A_FILE, Conversion, conversions, convert, ready
from etl.receipts.arrow import receipt_of
from etl.receipts.duckdb import DUCKDB
from etl.receipts.sql import receipt_from, select_receipt
from etl.transform.files import write_files
from tests.load.contracts import FLIGHT, PLANET, Rows, flights, planets
from tests.load.nights import csv_file, hand_over

STAR_FILE = StarFile(name="x.csv", bytes=1, rows=1, sha256="")


def test_parquet_has_exactly_the_contract_schema(tmp_path: Path) -> None:
    """Types, NULLs allowed or not, and rows are those of the contract and the CSV."""
    table = pa.Table.from_pylist(flights(5), FLIGHT.schema)
    [conversion] = conversions(FLIGHT, [csv_file(table, tmp_path, "a.csv")], tmp_path, tmp_path / "parquet")
    assert convert(conversion) == receipt_of(table)
    assert pq.read_table(conversion.target) == table
    assert pq.read_schema(conversion.target).equals(FLIGHT.schema)


def test_files_are_joined_up_to_a_size() -> None:
    """Many CSV files become few Parquet files, in order; a larger one has a file of its own."""
    sizes = [0.6, 0.3, 0.2, 1.5, 0.1]
    files = [STAR_FILE.model_copy(update={"name": str(size), "bytes": int(size * CSV_BYTES_A_FILE)}) for size in sizes]
    groups = conversions(PLANET, files, Path("csv"), Path("parquet"))
    assert [[file.name for file in group.files] for group in groups] == [["0.6", "0.3"], ["0.2"], ["1.5"], ["0.1"]]
    assert len({group.target for group in groups}) == 4


def test_table_without_files_has_an_empty_one(tmp_path: Path) -> None:
    """A table that has no CSV at all is a Parquet file without rows."""
    [conversion] = conversions(PLANET, [], tmp_path, tmp_path)
    assert convert(conversion).rows == 0
    assert pq.read_table(conversion.target) == PLANET.schema.empty_table()


def test_conversion_works_in_another_process(tmp_path: Path) -> None:
    """Several files can be converted at a time, one a process."""
    table = pa.Table.from_pylist(planets(3), PLANET.schema)
    [conversion] = conversions(PLANET, [csv_file(table, tmp_path, "a.csv")], tmp_path, tmp_path)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as workers:
        assert workers.submit(convert, conversion).result(timeout=60) == receipt_of(table)


@pytest.mark.parametrize(
    ("altered", "reason"),
    [
        ({"bytes": 7}, "bytes instead of 7"),
        ({"sha256": "0" * 64}, "its SHA-256 is another"),
        ({"rows": 7}, "3 rows instead of 7"),
        ({"name": "b.csv"}, "it is missing"),
    ],
)
def test_altered_file_is_refused(tmp_path: Path, altered: dict[str, object], reason: str) -> None:
    """A CSV that is not, byte for byte and row for row, the one of the manifest is not loaded."""
    conversion = _conversion(tmp_path, pa.Table.from_pylist(planets(3), PLANET.schema))
    conversion = replace(conversion, files=(conversion.files[0].model_copy(update=altered),))
    with pytest.raises(DataError, match=f"not the file that its manifest describes: .*{reason}"):
        convert(conversion)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ({"planet_key": ["x"], "planet_id": [1], "name": ["Earth"]}, r"column #0: .* invalid value \*\*\*"),
        ({"planet_key": [None], "planet_id": [1], "name": ["Earth"]}, "planet_key"),
        ({"planet_key": [1], "planet_id": [1]}, "name"),
        ({"planet_key": [1], "planet_id": [1], "name": ["Earth"], "moons": [1]}, "moons"),
    ],
)
def test_file_of_another_contract_is_refused(tmp_path: Path, rows: dict[str, list[object]], reason: str) -> None:
    """A star built before the contract changed is refused: wrong types, NULLs, columns missing or too many."""
    with pytest.raises(DataError, match=f"a.csv does not match its table's contract: .*{reason}"):
        convert(_conversion(tmp_path, pa.table(rows)))


def test_unwritable_folder_is_told(tmp_path: Path) -> None:
    """Where no Parquet can be written, the reason is said."""
    conversion = _conversion(tmp_path, pa.Table.from_pylist(planets(3), PLANET.schema))
    with pytest.raises(DataError, match="cannot be written"):
        convert(replace(conversion, target=tmp_path / "a.csv" / "x.parquet"))


def test_what_was_written_beside_the_csv_is_handed_over_as_it_is(tmp_path: Path) -> None:
    """Each file by itself; where few are wanted, several are joined. None of their rows is read for a receipt."""
    tables = [pa.Table.from_pylist(planets(count), PLANET.schema) for count in (3, 0, 4)]
    files = [write_files(tmp_path, f"p.{number}.csv", table, PLANET.schema) for number, table in enumerate(tables)]
    apart, joined = (
        [ready(part) for part in conversions(PLANET, files, tmp_path, tmp_path / "joined", few=few)]
        for few in (False, True)
    )
    assert [(path, receipt.rows) for path, receipt in apart] == [
        (tmp_path / f"p.{number}.parquet", rows) for number, rows in enumerate((3, 0, 4))
    ]
    assert [path.parent.name for path, _ in joined] == ["joined"]
    assert pq.read_table(joined[0][0]) == pa.concat_tables(pq.read_table(path) for path, _ in apart)
    assert pq.read_schema(joined[0][0]).equals(PLANET.schema)
    assert joined[0][1] == TableReceipt(rows=7, columns={})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("few", [False, True])
def test_a_changed_byte_is_found_in_either_file(tmp_path: Path, kind: str, few: bool) -> None:
    """The CSV is what a person looks at, the Parquet what is loaded."""
    table = pa.Table.from_pylist(planets(3), PLANET.schema)
    files = [write_files(tmp_path, f"p.{number}.csv", table, PLANET.schema) for number in range(2)]
    spoilt = tmp_path / f"p.1.{kind}"
    data = spoilt.read_bytes()
    spoilt.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    with pytest.raises(DataError, match=f"p.1.{kind} is not the file that its manifest describes: its SHA-256"):
        [ready(part) for part in conversions(PLANET, files, tmp_path, tmp_path / "joined", few=few)]


def test_parquet_of_another_contract_is_refused(tmp_path: Path) -> None:
    """The contract changed after the star was built: no row need be read to see it."""
    other = PLANET.schema.set(1, pa.field("planet_id", pa.string()))
    table = pa.Table.from_pylist(planets(3), PLANET.schema).cast(other)
    files = [write_files(tmp_path, "p.csv", table, other)]
    [conversion] = conversions(PLANET, files, tmp_path, tmp_path / "target")
    with pytest.raises(DataError, match=r"p.parquet does not match .*planet_id: string.* in the contract .*: int64"):
        ready(conversion)


MONEY = st.decimals(Decimal("-9999999999999999.99"), Decimal("9999999999999999.99"), places=2)
INSTANT = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
FLIGHTS = st.lists(
    st.fixed_dictionaries(
        {
            "planet_key": st.integers(-(2**62) // 5, 2**62 // 5),
            "day": st.dates(date(1, 1, 1), date(9999, 12, 31)),
            "landed_at": st.none() | INSTANT,
            "price": st.none() | MONEY,
            "late": st.none() | st.booleans(),
            "meal_at": st.none() | st.times(),
            "remark": st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        }
    ),
    max_size=5,
)


@settings(max_examples=40)
@given(FLIGHTS)
def test_receipts_agree_whatever_computed_them(values: Rows) -> None:
    """CSV, Parquet and SQL say the same of the same rows, whatever the values."""
    rows = [row | value for row, value in zip(flights(len(values)), values, strict=True)]
    with TemporaryDirectory() as folder:
        handover = hand_over(FLIGHT, rows, Path(folder))
        assert handover.receipt == receipt_of(pa.Table.from_pylist(rows, FLIGHT.schema))
        files = f"read_parquet({[str(file) for file in handover.files]})"
        query = select_receipt(FLIGHT.schema, DUCKDB, files, hashes=False)
        with duckdb.connect() as connection:
            [row] = connection.sql(query).to_arrow_table().to_pylist()
        assert receipt_from(row, FLIGHT.schema, DUCKDB) == handover.receipt


@settings(max_examples=100)
@given(FLIGHTS)
def test_csv_and_parquet_say_the_same(values: Rows) -> None:
    """What stage 2 writes beside each other, value by value, and both what was in memory."""
    rows = [row | value for row, value in zip(flights(len(values)), values, strict=True)]
    table = pa.Table.from_pylist(rows, FLIGHT.schema)
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = write_files(folder, "flights.csv", table, FLIGHT.schema)
        [conversion] = conversions(FLIGHT, [file], folder, folder / "target")
        path, _ = ready(conversion)
        assert path == folder / "flights.parquet"
        read = arrow_csv.read_file(folder / "flights.csv", FLIGHT.schema)
        assert read.to_pylist() == pq.read_table(path).to_pylist() == table.to_pylist()


def _conversion(folder: Path, table: pa.Table) -> Conversion:
    [conversion] = conversions(PLANET, [csv_file(table, folder, "a.csv")], folder, folder / "parquet")
    return conversion
