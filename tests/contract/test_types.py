"""Every type that a column may have arrives everywhere: a new one fails here where something does not know it."""

import datetime as dt
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.contract import types
from etl.contract.column import Column
from etl.contract.types import TYPES, column_type, decimal_type
from etl.core import arrow_csv, parquet_file
from etl.load.bigquery import types as bigquery
from etl.load.duckdb import types as duck
from etl.receipts.duckdb import DUCKDB
from etl.receipts.memory import row_hash
from etl.transform.fitting import check_kind, words
from powerbi.types import model_type
from tests.load.contracts import FLIGHT

EVERY = (*TYPES, *(decimal_type(*digits) for digits in ((18, 4), (38, 9), (29, 0), (9, 9), (1, 0))))
VALUES = {
    types.KEY.arrow: [0, 2**63 - 1],
    types.TEXT.arrow: ["", "NA", ' a "quote",\n🌍'],
    types.NUMBER.arrow: [0.1, -1e300],
    types.DATE.arrow: [dt.date(1, 1, 1), dt.date(9999, 12, 31)],
    types.TIMESTAMP.arrow: [dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999999, dt.UTC)],
    types.FLAG.arrow: [True, False],
    types.TIME.arrow: [dt.time(0), dt.time(23, 59, 59, 999999), dt.time(10, 30, 0, 500)],
}


def values_of(kind: pa.DataType) -> pa.Array:
    """Give values at the ends of a type, and NULL."""
    if pa.types.is_decimal(kind):
        most = Decimal(f"{'9' * kind.precision}E-{kind.scale}")
        return pa.array([most, most.copy_negate(), Decimal(0), None], kind)
    return pa.array([*VALUES[kind], None], kind)


def column_of(kind: types.ColumnType) -> Column:
    """Give a column of a type."""
    return replace(FLIGHT.columns[0], type=kind.arrow)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.word)
def test_each_type_keeps_its_values_in_both_files_and_in_the_warehouse(kind: types.ColumnType, tmp_path: Path) -> None:
    """CSV, Parquet and a DuckDB table of the contract's type give back what was written, with the same hash."""
    schema = pa.schema([("n", pa.int64()), ("x", kind.arrow)])
    values = values_of(kind.arrow)
    table = pa.table([pa.array(range(len(values))), values], schema)
    csv = arrow_csv.write(table)
    assert arrow_csv.read(pa.py_buffer(csv), schema, header=True).equals(table)
    parquet = io.BytesIO()
    parquet_file.write(parquet, schema, [table])
    (tmp_path / "x.parquet").write_bytes(parquet.getvalue())
    assert pq.read_table(io.BytesIO(parquet.getvalue())).equals(table)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE stored (n BIGINT, x {duck.written(column_of(kind))})")
        connection.execute("INSERT INTO stored SELECT * FROM read_parquet(?)", [str(tmp_path / "x.parquet")])
        stored = connection.sql("FROM stored ORDER BY n").to_arrow_table()
        relation, total = DUCKDB.hashed(schema, "stored")
        [(hashed,)] = connection.sql(f"SELECT {total} FROM {relation}").fetchall()
    assert stored.cast(schema).equals(table)
    assert int(hashed) == row_hash(table, schema)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.word)
def test_each_type_has_its_words_wherever_it_is_named(kind: types.ColumnType) -> None:
    """In BigQuery, in Power BI, in the dictionary, and in sentences."""
    assert bigquery.field_of(column_of(kind)).field_type
    assert model_type(kind.arrow).name
    found = column_type(kind.arrow)
    assert found is not None
    assert found.name == kind.name
    assert words(kind.arrow) != str(kind.arrow)
    check_kind("t", "x", kind.arrow, kind.arrow)


def test_the_star_that_is_published_to_both_warehouses_has_a_column_of_each_type() -> None:
    """Its receipts are computed there, so that no type is without a canonical text in a dialect."""
    assert {each.arrow for each in TYPES} <= set(FLIGHT.schema.types)
