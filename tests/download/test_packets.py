"""Rows read off MySQL's protocol and written by Arrow: each value is what a driver would have made of it."""

import csv
import io
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymysql.err import OperationalError

from etl.core.manifest import RawColumn
from etl.download.generic.cells import writer_of
from etl.download.generic.values import writers
from etl.download.mysql import packets
from etl.download.mysql.packets import Packets
from tests.download.company import Company
from tests.maria import Maria

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SMALLEST_FULL = 300
VALUES = (
    st.none() | st.binary(max_size=12) | st.sampled_from([b"x" * size for size in (250, 251, 252, 253, 254, 70_000)])
)
END = b"\xfe\0\0\2\0"


def prefixed(value: bytes | None) -> bytes:
    """Write a value after its length, as the protocol does."""
    if value is None:
        return b"\xfb"
    size = len(value)
    if size < 251:
        return bytes([size]) + value
    return (b"\xfc" + size.to_bytes(2, "little") if size < 2**16 else b"\xfd" + size.to_bytes(3, "little")) + value


def packed(payload: bytes, full: int) -> bytes:
    """Write packets: one that is full is followed by another, if only by an empty one."""
    parts = [payload[at : at + full] for at in range(0, len(payload) + 1, full)]
    return b"".join(len(part).to_bytes(3, "little") + b"\0" + part for part in parts)


def cursor(stream: bytes, columns: int, chunk: int) -> Any:
    """Stand in for a cursor of PyMySQL's that is about to read."""
    file = io.BytesIO(stream)
    connection = SimpleNamespace(
        _rfile=SimpleNamespace(read1=lambda size: file.read(min(size, chunk))), _force_close=lambda: None
    )
    return SimpleNamespace(
        _result=SimpleNamespace(connection=connection, fields=[None] * columns, unbuffered_active=True, rows=None)
    )


def read(stand_in: Any) -> list[tuple[bytes | None, ...]]:
    """Read all rows."""
    found = []
    for columns in Packets(stand_in).batches():
        found += list(zip(*(column.to_pylist() for column in columns), strict=True))
    return found


@FEW
@given(
    rows=st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[VALUES] * width), min_size=1, max_size=12)),
    chunk=st.sampled_from([1, 7, 64, 100_000]),
    full=st.sampled_from([SMALLEST_FULL, 70_004, 0xFFFFFF]),
)
def test_rows_are_what_was_sent(
    rows: list[tuple[bytes | None, ...]], chunk: int, full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long values are, wherever what comes is cut, and over however many packets a row goes."""
    monkeypatch.setattr(packets, "_FULL", full)
    sent = [b"".join(map(prefixed, row)) for row in rows]
    chunk = max(chunk, sum(map(len, sent)) // 500)
    stream = b"".join(packed(row, full) for row in sent) + packed(END, full)
    stand_in = cursor(stream, len(rows[0]), chunk)
    assert read(stand_in) == rows
    assert stand_in._result.unbuffered_active is False


@pytest.mark.parametrize(
    ("rest", "said"), [(b"", "Lost connection"), (packed(b"\xff\x25\x05#70100Query was killed", 0xFFFFFF), "killed")]
)
def test_a_result_that_breaks_off_is_the_drivers_fault(rest: bytes, said: str) -> None:
    """What has come by then is no whole table."""
    with pytest.raises(OperationalError, match=said):
        read(cursor(packed(prefixed(b"1"), 0xFFFFFF) + rest, 1, 100))


def test_long_values_of_a_server_arrive(tmp_path: Path, maria: Maria) -> None:
    """Of each way in which the protocol tells a length, and a row of more than 16 MB, which is several packets."""
    company = Company(tmp_path, {"shop": maria.url()}, {"LOG_LEVEL": "WARNING"})
    sizes = [250, 251, 65535, 65536, 12_000_000]
    maria.sql(
        "CREATE OR REPLACE TABLE texts (id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT)",
        *(f"INSERT INTO texts VALUES ({size}, REPEAT('\"', {size}), REPEAT('é', {size} DIV 2))" for size in sizes),
    )
    company.query("texts", "SELECT id, a, b FROM texts")
    company.done()
    assert [
        (row["id"], row["a"] == '"' * row["id"], row["b"] == "é" * (row["id"] // 2)) for row in _rows_of(company)
    ] == [(size, True, True) for size in sizes]


def _rows_of(company: Company) -> list[dict[str, Any]]:
    """Read the table, in order."""
    return sorted(company.rows("texts"), key=lambda row: row["id"])


KINDS = [
    ("string", "text"),
    ("int64", "integer"),
    ("double", "double"),
    ("double", "float"),
    ("decimal128(20, 4)", "decimal"),
    ("bool", "boolean"),
    ("timestamp[us, tz=UTC]", "timestamp"),
    ("date32[day]", "date"),
]
CELLS = st.one_of(
    st.none(),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
    st.sampled_from(['"', "\n", "\r\n", ",", '",\n"', "", "NA", "NULL", "0001-01-01", "-1e5"]),
    st.binary(max_size=4),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.uuids(),
)


@pytest.mark.filterwarnings("ignore:overflow encountered")  # of a float too long for single precision
@FEW
@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.tuples(*[CELLS] * n), min_size=1, max_size=20)), st.randoms())
def test_columns_are_written_as_their_values_are(rows: list[tuple[Any, ...]], random: Any) -> None:
    """Whatever classes a column holds, its cells are those that its values alone would be."""
    kinds = [random.choice(KINDS) for _ in rows[0]]
    columns = [RawColumn(name=f"c{n}", type=kind, source_type=word) for n, (kind, word) in enumerate(kinds)]
    told = "".join(writer_of(columns)(rows).to_pylist())
    each = writers(columns)
    wanted = "".join(",".join([one(v) for one, v in zip(each, row, strict=True)]) + "\n" for row in rows)
    for ours, theirs in zip(*(csv.reader(io.StringIO(text, newline="")) for text in (told, wanted)), strict=True):
        assert all(same(*pair) for pair in zip(ours, theirs, strict=True))
    if not any(isinstance(value, float) for row in rows for value in row):
        assert told == wanted


def same(ours: str, theirs: str) -> bool:
    """Whether two cells are of one value: a float may be 5 or 5.0."""
    try:
        return ours == theirs or Decimal(ours) == Decimal(theirs)
    except InvalidOperation:
        return False
