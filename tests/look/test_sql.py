"""`etl sql`: every value that a warehouse can hold is shown as text, and nothing that disturbs a terminal."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from etl.core.errors import EtlError
from etl.look import sql
from tests.called import etl
from tests.night.company import Company

SHOWN = {
    "DATE 'infinity'": "infinity",
    "[TIME '24:00']": "['24:00:00']",
    "{'a': INTERVAL 3 MONTH}": "{'a': 3 months}",
    "DATE '-infinity'": "-infinity",
    "DATE '12000-01-01'": "12000-01-01",
    "DATE '0044-03-15 (BC)'": "0044-03-15 (BC)",
    "DATE '2030-03-31'": "2030-03-31",
    "TIMESTAMP 'infinity'": "infinity",
    "TIMESTAMPTZ '-infinity'": "-infinity",
    "TIMESTAMP '12000-01-01 01:02:03.5'": "12000-01-01 01:02:03.5",
    "TIMESTAMPTZ '0044-03-15 (BC) 00:00:00+00'": "0044-03-15 (BC) 00:00:00+00",
    "'infinity'::TIMESTAMP_NS": "infinity",
    "TIMESTAMPTZ '2030-03-31 01:02:03+02'": "2030-03-30T23:02:03+00:00",
    "TIME '24:00:00'": "24:00:00",
    "INTERVAL '1 month 2 days 3.5 seconds'": "1 month 2 days 00:00:03.5",
    "[DATE 'infinity', NULL]": "[infinity, NULL]",
    "{'a': TIMESTAMP 'infinity'}": "{'a': infinity}",
    "map {'k': DATE '12000-01-01'}": "{k=12000-01-01}",
    "[1, NULL]": "[1, None]",
    "12.50::DECIMAL(38, 10)": "12.50",
    "12.125::DECIMAL(38, 10)": "12.125",
    "12::DECIMAL(38, 0)": "12",
    "12.50::DECIMAL(4, 1)": "12.5",
    "1e400": "inf",
    "'\\xff'::BLOB": r"b'\xff'",
    "NULL": "∅",
    "''": "",
    "'a' || chr(27) || '[31m' || chr(0) || chr(13) || chr(10) || chr(8238)": r"a\x1b[31m\x00\r\n\u202e",
    "'[red]no markup[/red]'": "[red]no markup[/red]",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Give a company with something published."""
    company = Company(tmp_path_factory.mktemp("company"))
    company.data.mkdir()
    with duckdb.connect(str(company.data / "warehouse.duckdb")) as connection:
        connection.execute("CREATE TABLE dim_thing AS SELECT 1 AS thing_id")
    return company


@pytest.mark.parametrize(("value", "text"), SHOWN.items(), ids=list(SHOWN))
def test_every_value_is_shown(company: Company, value: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Also what Python has no value for, and what a terminal would obey."""
    sql.show(company.env, f'SELECT {value} AS "a{chr(27)}b"')
    _, name, _, shown, _ = capsys.readouterr().out.splitlines()
    assert name.strip("┃ ") == r"a\x1bb"
    assert shown.strip("│ ") == text


def test_it_reads_no_file_and_no_variable(company: Company, tmp_path: Path) -> None:
    """Whoever may query is not let into the machine: not by functions, not by names that are paths or variables."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    for query in (f"SELECT * FROM '{secret}'", f"SELECT * FROM read_text('{secret}')", "SELECT * FROM company"):
        with pytest.raises(EtlError):
            sql.show(company.env, query)


def test_rows_come_in_their_order_and_none_is_lost(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    """More than are read at once, with a text of NULLs and one that is longer than all before it."""
    query = "SELECT i, CASE WHEN i % 7 > 0 THEN repeat('x', i // 9000) END AS x FROM range(20000) t(i)"
    sql.show(company.env, query)
    lines = capsys.readouterr().out.splitlines()[3:-1]
    shown = [tuple(cell.strip() for cell in line.split("│")[1:-1]) for line in lines]
    assert shown == [(str(i), "x" * (i // 9000) if i % 7 else "∅") for i in range(20000)]


def test_a_query_without_rows_shows_its_columns(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    """Of whatever types."""
    sql.show(company.env, "SELECT *, [1] AS l, 'x'::ENUM ('x', 'y') AS e FROM dim_thing WHERE false")
    assert [cell.strip() for cell in capsys.readouterr().out.splitlines()[1].split("┃")[1:-1]] == ["thing_id", "l", "e"]


def test_values_of_an_enum_are_texts(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    """Arrow has them as numbers beside a dictionary, NULL besides."""
    sql.show(company.env, "SELECT unnest(['y', NULL, 'x'])::ENUM ('x', 'y') AS e")
    assert [line.strip("│ ") for line in capsys.readouterr().out.splitlines()[3:-1]] == ["y", "∅", "x"]


NASTY = """
SELECT * FROM (VALUES
    (1::BIGINT, 12.50::DECIMAL(12, 2), 'a,b"c' || chr(10) || 'd', TIMESTAMPTZ '2030-03-31 01:02:03.5+02', true),
    (9007199254740993, 99999999999999999999.10, '', 'infinity', NULL),
    (NULL, NULL, NULL, NULL, false),
    (-5, 0.00, 'Iñtërnâtiônàl 👍', '12000-01-01', true)
) AS t (number, money, words, moment, yes)
"""


def test_csv_keeps_every_value(company: Company) -> None:
    """Cents, numbers beyond 53 bits, NULL apart from an empty text, line breaks in texts, times without an end."""
    done = etl("sql", company.env, NASTY, "--csv")
    assert done.returncode == 0, done.stderr
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["number", "money", "words", "moment", "yes"],
        ["1", "12.50", 'a,b"c\nd', "2030-03-30 23:02:03.5+00", "true"],
        ["9007199254740993", "99999999999999999999.10", "", "infinity", ""],
        ["", "", "", "", "false"],
        ["-5", "0.00", "Iñtërnâtiônàl 👍", "12000-01-01 00:00:00+00", "true"],
    ]
    assert done.stdout.splitlines()[3].split(",")[2] == '""'
    assert done.stdout.splitlines()[4] == ",,,,false"


def test_json_keeps_every_value(company: Company) -> None:
    """An object a line, with numbers of all their digits."""
    done = etl("sql", company.env, NASTY, "--json")
    rows = [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]
    assert [row["money"] for row in rows] == [
        Decimal("12.50"),
        Decimal("99999999999999999999.10"),
        None,
        Decimal("0.00"),
    ]
    assert '"money": 12.50,' in done.stdout
    assert [row["number"] for row in rows] == [1, 9007199254740993, None, -5]
    assert [row["words"] for row in rows] == ['a,b"c\nd', "", None, "Iñtërnâtiônàl 👍"]
    assert [row["yes"] for row in rows] == [True, None, False, True]


def test_vertical_is_a_line_a_column(company: Company) -> None:
    """Rows are numbered."""
    done = etl("sql", company.env, "SELECT 1 AS a, 'x' AS bcd UNION ALL SELECT 2, NULL ORDER BY 1", "--vertical")
    assert done.stdout.splitlines() == ["━━ row 1", "a    1", "bcd  x", "━━ row 2", "a    2", "bcd  ∅"]


@pytest.mark.parametrize("style", ["--csv", "--json", "--vertical", None])
def test_a_limit_says_that_there_is_more(company: Company, style: str | None) -> None:
    """On standard error, so that the rows are still what a program reads; and nothing where there is no more."""
    styled = [style] if style else []
    done = etl("sql", company.env, "SELECT * FROM range(20000)", "--limit", "3", *styled)
    assert ("2" in done.stdout, "19999" in done.stdout) == (True, False)
    assert done.stderr == "There are more rows than these 3 (--limit).\n"
    assert etl("sql", company.env, "SELECT * FROM range(3)", "--limit", "3", *styled).stderr == ""


def test_a_query_may_lie_in_a_file_or_come_in(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ends with .sql, or standard input."""
    file = company.folder / "question.sql"
    file.write_text("-- what\nSELECT 7 AS seven;\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 7 AS seven"))
    for query in (str(file), "-"):
        assert etl("sql", company.env, query, "--csv").stdout == "seven\n7\n"
    gone = etl("sql", company.env, "gone.sql")
    assert (gone.returncode, gone.stderr.splitlines()[0]) == (
        2,
        "Error: The file gone.sql cannot be read: No such file or directory.",
    )


@pytest.mark.parametrize(("table", "hint"), [("enum", "etl_runs names the published"), ("dim_thinq", "dim_thing?")])
def test_no_table_of_the_warehouse_s_own_is_guessed(company: Company, table: str, hint: str) -> None:
    """Only what is published is what somebody may have meant."""
    with pytest.raises(EtlError) as caught:
        sql.show(company.env, f"SELECT * FROM {table}")
    assert hint in caught.value.hint
