"""What PostgreSQL holds is what is read: values, types, NULLs; and what it refuses is a sentence with file and line."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sql
from tests.download.company import Company
from tests.drawn import cells_of

VALUES = r"""
| id | in PostgreSQL           | read                   |
| -- | ----------------------- | ---------------------- |
| 1  | NULL                    | null                   |
| 2  | ''                      | ""                     |
| 3  | 'NA'                    | "NA"                   |
| 4  | 'NULL'                  | "NULL"                 |
| 5  | 'nan'                   | "nan"                  |
| 6  | ' '                     | " "                    |
| 7  | '"'                     | "\""                   |
| 8  | 'say "no", twice'       | "say \"no\", twice"    |
| 9  | E'one\ntwo'             | "one\ntwo"             |
| 10 | E'one\r\ntwo\r'         | "one\r\ntwo\r"         |
| 11 | '\.'                    | "\\."                  |
| 12 | '\N'                    | "\\N"                  |
| 13 | 'C:\new'                | "C:\\new"              |
| 14 | ','                     | ","                    |
| 15 | 'señor 🚀 e' ∥ U&'\0301' | "señor 🚀 é"            |
| 16 | E'\u2028\u0085\f\x0b'   | "\u2028\u0085\f\u000b" |
| 17 | '#'                     | "#"                    |
| 18 | repeat('x', 200000)     | "…"                    |
"""  # a bar would end the cell: hence ∥

TYPES = r"""
| column                                   | type                  | value read                                |
| ---------------------------------------- | --------------------- | ----------------------------------------- |
| 1::smallint                              | int64                 | 1                                         |
| 1::integer                               | int64                 | 1                                         |
| 9223372036854775807::bigint              | int64                 | 9223372036854775807                       |
| 0.1::double precision                    | double                | 0.1                                       |
| 12.5::numeric(12,2)                      | decimal128(12, 2)     | Decimal('12.50')                          |
| 7::numeric(5)                            | decimal128(5, 0)      | Decimal('7')                              |
| 12.345678901::numeric                    | decimal128(38, 9)     | Decimal('12.345678901')                   |
| 1::numeric(50,2)                         | string                | '1.00'                                    |
| true                                     | bool                  | True                                      |
| false                                    | bool                  | False                                     |
| '2024-02-29'::date                       | date32[day]           | date(2024, 2, 29)                         |
| '0001-01-01'::date                       | date32[day]           | date(1, 1, 1)                             |
| '2024-02-29 12:30:00.000001'::timestamp  | timestamp[us]         | datetime(2024, 2, 29, 12, 30, 0, 1)       |
| '2024-02-29 12:30+02'::timestamptz       | timestamp[us, tz=UTC] | datetime(2024, 2, 29, 10, 30, tzinfo=UTC) |
| '1900-01-01 00:00:00'::timestamptz       | timestamp[us, tz=UTC] | datetime(1900, 1, 1, tzinfo=UTC)          |
| 'a'::char(3)                             | string                | 'a  '                                     |
| 'C6A1B2D3000040008000000000000001'::uuid | string                | 'c6a1b2d3-0000-4000-8000-000000000001'    |
| '{"a": [1, null]}'::json                 | string                | '{"a": [1, null]}'                        |
| array[1, NULL]                           | string                | '{1,NULL}'                                |
| array['a b', 'c"d']                      | string                | '{"a b","c\\"d"}'                         |
| interval '1 day 2 hours'                 | string                | 'P1DT2H'                                  |
| '12:30'::time                            | string                | '12:30:00'                                |
| '\xdead'::bytea                          | string                | '\\xdead'                                 |
"""


def test_texts_come_out_as_they_are(company: Company) -> None:
    """NULL, the empty string and the text "NA" are three values; quotes, line breaks and backslashes stay."""
    cases = [(int(number), sql.replace("∥", "||"), expected) for number, sql, expected in cells_of(VALUES)]
    company.query("texts", "VALUES " + ", ".join(f"({n}, {sql}::text)" for n, sql, _ in cases), key="column1")
    company.done()
    read = {row["column1"]: row["column2"] for row in company.rows("texts")}
    expected = {n: json.loads(text) for n, _, text in cases} | {15: "señor 🚀 e\u0301", 18: "x" * 200_000}
    assert read == expected


@pytest.mark.parametrize("value", ["NULL", "''"])
def test_a_single_column_tells_null_from_empty(company: Company, value: str) -> None:
    """Although the one is an empty line and the other a pair of quotes."""
    company.query("single", f"SELECT {value}::text AS id FROM generate_series(1, 3)")
    company.done()
    assert [row["id"] for row in company.rows("single")] == [None if value == "NULL" else ""] * 3


def test_every_type_has_its_counterpart_and_what_has_none_stays_text(company: Company) -> None:
    """The manifest tells the types, so that nothing downstream guesses one from a text."""
    cases = cells_of(TYPES)
    selected = ",\n".join(f"{sql} AS c{n}" for n, (sql, _, _) in enumerate(cases))
    company.query("typed", f"SELECT {selected}", key="c0")
    company.done()
    assert [column.type for column in company.table("typed").columns] == [kind for _, kind, _ in cases]
    names = {"Decimal": Decimal, "date": dt.date, "datetime": dt.datetime, "UTC": dt.UTC}
    row = company.rows("typed")[0]
    assert [row[f"c{n}"] for n in range(len(cases))] == [eval(value, names) for _, _, value in cases]  # noqa: S307


def test_times_are_utc_whatever_the_server_thinks(company: Company, sql: Sql) -> None:
    """The zone and the date style of database and role do not count."""
    sql("CREATE TABLE instants AS SELECT 1 AS id, '2031-07-01 00:00+00'::timestamptz AS at, '2031-07-01'::date AS day")
    sql("ALTER DATABASE shop SET TimeZone = 'Asia/Kolkata'; ALTER DATABASE shop SET DateStyle = 'German'")
    try:
        company.query("instants", "SELECT id, at, day FROM instants")
        company.done()
    finally:
        sql("ALTER DATABASE shop RESET ALL")
    expected = {"id": 1, "at": dt.datetime(2031, 7, 1, tzinfo=dt.UTC), "day": dt.date(2031, 7, 1)}
    assert company.rows("instants") == [expected]


def test_binds_carry_the_night_into_the_query(company: Company) -> None:
    """Zone, business date and the published window; casts, literals, comments and per cents are left alone."""
    company.settings |= {"WINDOW_YEARS": "2", "BUSINESS_TIME_ZONE": "America/St_Johns"}
    company.query(
        "binds",
        """SELECT :business_time_zone AS id, :business_date::date AS today, :window_start::date AS start, -- :nothing
       '12:30'::time::text AS half, ':business_date 100%' AS text, 10 % 4 AS rest, 'a%b' LIKE 'a%%b' AS alike""",
    )
    company.done()
    row = company.rows("binds")[0]
    assert row["id"] == "America/St_Johns"
    assert row["today"].year - row["start"].year == 2
    assert (row["half"], row["text"], row["rest"], row["alike"]) == ("12:30:00", ":business_date 100%", 2, True)


ERRORS = """
| query, / for a line break                                  | line | what is said                               |
| ---------------------------------------------------------- | ---- | ------------------------------------------ |
| SELEC 1 AS id                                              | :5   | syntax error at or near "1"                |
| SELECT id/FROM nowhere                                     | :6   | relation "nowhere" does not exist          |
| SELECT id,/       hue/FROM (SELECT 1 AS id) x/-- end       | :6   | column "hue" does not exist                |
| SELECT 1 AS id/FROM                                        | :6   | syntax error at or near ")"                |
| SELECT 1 AS id/-- a comment/WHERE                          | :7   | syntax error at or near ")"                |
| SELECT 1 AS id WHERE 'a' = 'b                              | :5   | unterminated quoted string                 |
| DELETE FROM pg_class RETURNING 1 AS id                     | :5   | syntax error at or near "FROM"             |
| SELECT 1 AS id, :noon AS x                                 |      | uses :noon, which is not a known name      |
| SELECT 1 AS id, 2 AS id                                    |      | returns two columns named id               |
| SELECT 1 AS number                                         |      | id, which the query does not return        |
| SELECT 1 % (x - 4e5::int) AS id/FROM many                  |      | division by zero                           |
| SELECT (CASE x WHEN 4e5 THEN 'a' END)::int AS id/FROM many |      | invalid input syntax for type integer: "a" |
"""
MANY = "WITH many AS (SELECT generate_series(1, 500000) AS x) "


@pytest.mark.parametrize(("text", "line", "said"), cells_of(ERRORS))
def test_a_failing_query_is_a_sentence_that_points_into_its_file(
    company: Company, text: str, line: str, said: str
) -> None:
    """File and line as an editor knows them, from the first to the last; nothing is committed."""
    path = company.query("faulty", (MANY if "many" in text else "") + text.replace("/", "\n"))
    ended = company.download()
    assert ended.code == 1
    first, _, rest = ended.err.partition("\n")
    assert first.startswith(f"Error: {path}{line}: " if line else f"Error: {path}")
    assert ":0" not in first
    assert said in ended.err
    assert rest.startswith("Try: ")
    assert "Traceback" not in ended.err
    assert company.store.raw.committed() == []
    assert list(company.store.raw.folder.glob(".*")) == []


def test_an_error_within_a_function_names_no_line_of_the_file(company: Company, sql: Sql) -> None:
    """The line that the server tells is then one of the function's."""
    sql("CREATE FUNCTION broken() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT nothing); END'")
    path = company.query("calls", "SELECT broken() AS id")
    assert company.download().err.startswith(f'Error: {path}: column "nothing" does not exist.\n')


def test_the_faults_of_all_queries_are_told_at_once(company: Company) -> None:
    """After a change of the source one look tells all that is to be mended."""
    one = company.query("one", "SELECT nothing AS id")
    company.query("two", "SELECT 1 AS id")
    three = company.query("three", "SELECT 1 AS number")
    err = company.download().err
    assert f"{one}:5: " in err
    assert f"{three}: " in err
    assert "two.sql" not in err


def test_nothing_can_be_written_to_a_source(company: Company, sql: Sql) -> None:
    """A query that calls a function which writes fails, and writes nothing."""
    sql("CREATE TABLE log (id int); CREATE SEQUENCE numbers")
    sql("CREATE FUNCTION logged() RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING id'")
    company.query("writes", "SELECT logged() AS id")
    ended = company.download()
    assert ended.code == 1
    assert "cannot execute INSERT in a read-only transaction" in ended.err
    assert sql("SELECT count(*) FROM log") == [(0,)]


def test_an_empty_source_is_refused_and_may_be_allowed(company: Company) -> None:
    """Exit code 3: a person must look, for yesterday there were rows; the header can say that none is no fault."""
    company.query("nothing", "SELECT 1 AS id WHERE false")
    ended = company.download()
    assert ended.code == 3
    assert "nothing:empty: the query returned no row" in ended.err
    assert company.store.raw.committed() == []
    company.query("nothing", "SELECT 1 AS id WHERE false", more="-- may be empty: yes\n")
    company.done()
    assert company.rows("nothing") == []


def test_every_receipt_of_the_manifest_is_that_of_the_file(company: Company) -> None:
    """Rows, bytes, key, survivor, group, the query's hash, the source without user or password."""
    company.query(
        "orders", "SELECT g AS id, g % 3 AS kind FROM generate_series(1, 10) g ORDER BY 2", key="id, kind",
        more="-- survivor: -id\n-- group by: kind\n",
    )  # fmt: skip
    manifest = company.done()
    table = manifest.tables["orders"]
    assert (table.rows, table.key, table.survivor, table.group_by) == (10, ("id", "kind"), ("-id",), ("kind",))
    assert table.bytes == (company.store.raw.path(manifest.run) / table.file).stat().st_size
    assert table.as_of == manifest.as_of
    assert manifest.origin["source shop"].startswith("postgresql://")
    assert "postgres@" not in manifest.model_dump_json()


def test_a_row_of_many_megabytes_comes_through(company: Company) -> None:
    """A document column is no obstacle, and groups by it neither."""
    company.query(
        "long", "SELECT repeat(chr(64 + g), 3000000) AS id FROM generate_series(1, 8) g", more="-- group by: id\n"
    )
    company.done()
    assert [(row["id"][0], len(row["id"])) for row in company.rows("long")] == [(c, 3_000_000) for c in "ABCDEFGH"]


def test_the_sample_company_comes_through(tmp_path: Path, sample_source: str) -> None:
    """Every query of the project, dirt included, is read back typed, with only `infinity` to be judged row by row."""
    from config.paths import ROOT

    company = Company(tmp_path, {"cloud": sample_source}, {"QUERIES_DIR": str(ROOT / "queries")})
    manifest = company.done()
    assert len(manifest.tables) == len(list((ROOT / "queries").glob("*.sql")))
    assert manifest.tables["contracts"].rows > 1_000
    offices: list[dict[str, Any]] = company.rows("offices")
    assert len(offices) == manifest.tables["offices"].rows
