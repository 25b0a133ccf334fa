"""DuckDB as a source, for those whose types are their own: what has a text arrives, what has none is refused."""

import importlib.util
from pathlib import Path

import duckdb
import pytest

from tests.download.company import Company

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("duckdb_engine") is None, reason="duckdb-engine is not installed (see test.sh)"
)

KINDS = {
    "1::UTINYINT": ("int64", 1),
    "18446744073709551615::UBIGINT": ("decimal128(20, 0)", 18446744073709551615),
    "1.5::DECIMAL(20,12)": ("decimal128(20, 12)", 1.5),
    "'{\"a\": [1, null]}'::JSON": ("string", '{"a": [1, null]}'),
    "'x'::ENUM('x', 'y')": ("string", "x"),
    "TIME '09:05:00'": ("string", "09:05:00"),
    "'00000000-0000-0000-0000-000000000001'::UUID": ("string", "00000000-0000-0000-0000-000000000001"),
    "true": ("bool", True),
    "'\\xFF'::BLOB": ("string", "\\xff"),
    "NULL": ("string", None),
}
REFUSED = {
    "[1, NULL]": "INTEGER[]",
    "{'a': 1}": "STRUCT(a INTEGER)",
    "MAP {'k': 1}": "MAP(VARCHAR, INTEGER)",
    "INTERVAL '1 month 2 days'": "INTERVAL",
    "TIMESTAMP_NS '2030-01-01 00:00:00.123456789'": "TIMESTAMP_NS",
}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Give a company whose source is a file of DuckDB."""
    kinds = [*KINDS, *REFUSED, "TIMESTAMPTZ '2030-07-01 00:00:00+02'"]
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT {', '.join(f'{sql} AS c{n}' for n, sql in enumerate(kinds))}")
    return Company(tmp_path, {"shop": f"duckdb:///{tmp_path / 'shop.duckdb'}"})


def test_what_has_a_text_arrives_as_it_is(company: Company) -> None:
    """JSON as JSON, decimals exactly, an instant in UTC."""
    last = len(KINDS) + len(REFUSED)
    columns = ", ".join(f"c{place}" for place in range(len(KINDS)))
    company.query("t", f"SELECT {columns}, c{last} AS at FROM t", key="c0")
    company.done()
    assert [column.type for column in company.table("t").columns][:-1] == [kind for kind, _ in KINDS.values()]
    row = company.rows("t")[0]
    assert row.pop("at").isoformat() == "2030-06-30T22:00:00+00:00"
    assert list(row.values()) == [value for _, value in KINDS.values()]


def test_what_has_no_text_is_refused_by_column_and_type(company: Company) -> None:
    """All at once, each with the cast to write; no Python's text is ever written for it."""
    path = company.query("t", "SELECT * FROM t", key="c0")
    ended = company.download()
    assert ended.code == 1
    assert str(path) in ended.err
    for place, kind in enumerate(REFUSED.values(), len(KINDS)):
        assert f"c{place} ({kind})" in ended.err
        assert f"CAST(c{place} AS VARCHAR) AS c{place}" in ended.err
    company.query("t", "SELECT c0, c10 FROM t", key="c0", more="-- types: c10 text\n")
    assert "c10 holds a value of Python's class list" in company.download().err
