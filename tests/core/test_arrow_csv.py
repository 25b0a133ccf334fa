"""The CSV of this house: what is written is what is read."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from etl.core import arrow_csv
from tests.core.any_tables import tables


def one_column(values: list[str | None]) -> pa.Table:
    return pa.table({"text": pa.array(values, pa.string())})


@settings(max_examples=300)
@given(table=tables())
@example(table=one_column([]))
@example(table=one_column([None]))
@example(table=one_column([None, None, None]))
@example(table=one_column(["", None, ""]))
@example(table=one_column(["NA", "nan", "NULL", "\\N", '"', "\r\n", "a,b", "🚀"]))
def test_a_table_that_was_written_is_read_as_it_was(table: pa.Table) -> None:
    """Every value of every type; NULL, the empty string and "NA" are three; with and without its header."""
    data = pa.py_buffer(arrow_csv.write(table))
    assert arrow_csv.read(data, table.schema, header=True).equals(table)
    header = len(",".join(table.column_names)) + 1
    assert arrow_csv.read(data.slice(header), table.schema, header=False).equals(table)


RAW = """
1,t,12.50,2031-05-18,2031-05-18 02:30:00+00,"say ""no""
twice"
2,f,,,,
3,,-0.01,0001-01-01,1969-12-31 23:59:59.999999+00,""
"""


def test_what_postgresql_writes_is_read() -> None:
    """Booleans of one letter, zones of two digits, NULL as nothing."""
    schema = pa.schema([
        ("id", pa.int64()), ("yes", pa.bool_()), ("price", pa.decimal128(12, 2)), ("day", pa.date32()),
        ("at", pa.timestamp("us", "UTC")), ("text", pa.string()),
    ])  # fmt: skip
    rows = arrow_csv.read(pa.py_buffer(RAW.lstrip().encode()), schema, header=False).to_pylist()
    assert [row["yes"] for row in rows] == [True, False, None]
    assert [row["text"] for row in rows] == ['say "no"\ntwice', None, ""]
    assert [str(row["price"]) for row in rows] == ["12.50", "None", "-0.01"]
    assert [str(row["at"]) for row in rows] == ["2031-05-18 02:30:00+00:00", "None", "1969-12-31 23:59:59.999999+00:00"]


def test_a_value_may_begin_with_a_byte_order_mark() -> None:
    """As the first export out of a spreadsheet does: in the first cell of a block, quoted or not, and in the others."""
    schema = pa.schema([("code", pa.string()), ("more", pa.string())])
    for first in ("\ufeffA1", "\ufeff", "\ufeff\ufeff", '"\ufeff"', '"\ufeffA1"', "\ufffe", "A\ufeff"):
        data = pa.py_buffer(f"{first},\ufeff\n\ufeffB2,\n".encode())
        rows = arrow_csv.read(data, schema, header=False).to_pylist()
        assert rows == [{"code": first.strip('"'), "more": "\ufeff"}, {"code": "\ufeffB2", "more": None}]


@pytest.mark.parametrize("text", ["x\n", "1,2\n", "1.5\n", "9223372036854775808\n", '"1\n'])
def test_what_does_not_fit_is_refused_and_not_bent(text: str) -> None:
    """The reader of a block then judges it row by row."""
    with pytest.raises(pa.ArrowInvalid):
        arrow_csv.read(pa.py_buffer(text.encode()), pa.schema([("id", pa.int64())]), header=False)


def test_a_row_may_be_longer_than_what_is_read_at_a_time(tmp_path: Path) -> None:
    """Rows before it are given once, those after it too; the parts are some megabytes else."""
    table = one_column([*map(str, range(700_000)), "long " * 2_000_000, "after", None])
    path = tmp_path / "long.csv"
    path.write_bytes(arrow_csv.write(table))
    assert arrow_csv.read_file(path, table.schema).equals(table)
