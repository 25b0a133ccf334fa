"""Each type of a source, as a draft writes it in the query and declares it in the contract."""

import re
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Sql
from tests.draft.company import Drafted
from tests.maria import Maria

POSTGRES = """
| smallint                 | c                                                           | Integer        |
| bigint                   | c                                                           | Integer        |
| numeric(12,2)            | c                                                           | Decimal(12, 2) |
| numeric                  | c                                                           | Decimal(38, 9) |
| numeric(50,20)           | (CASE WHEN abs(c) < 1e29 THEN c END)::numeric(38, 9)        | Decimal(38, 9) |
| numeric(3,-2)            | (CASE WHEN abs(c) < 1e29 THEN c END)::numeric(29, 0)        | Decimal(29, 0) |
| money                    | c::numeric(18, 2)                                           | Decimal(18, 2) |
| real                     | c                                                           | Number         |
| boolean                  | c                                                           | Flag           |
| text                     | c                                                           | Text           |
| varchar(9)               | c                                                           | Text           |
| char(9)                  | c::text                                                     | Text           |
| date                     | c                                                           | Date           |
| timestamp                | c AT TIME ZONE 'UTC'                                        | Timestamp      |
| timestamp(3)             | c AT TIME ZONE 'UTC'                                        | Timestamp      |
| timestamptz              | c                                                           | Timestamp      |
| time                     | c                                                           | Time           |
| time(3)                  | c                                                           | Time           |
| timetz                   | c                                                           | Text           |
| interval                 | extract(epoch FROM c)::numeric(20, 6)                       | Decimal(20, 6) |
| bytea                    | encode(c, 'hex')                                            | Text           |
| jsonb                    | c                                                           | Text           |
| uuid                     | c                                                           | Text           |
| int[]                    | c                                                           | Text           |
| inet                     | c                                                           | Text           |
"""
MARIADB = """
| tinyint                  | c                                                           | Integer        |
| bigint unsigned          | c                                                           | Integer        |
| decimal(12,2)            | c                                                           | Decimal(12, 2) |
| decimal(65,30)           | CAST(CASE WHEN abs(c) < 1e29 THEN c END AS DECIMAL(38, 9))  | Decimal(38, 9) |
| double                   | c                                                           | Number         |
| year                     | c                                                           | Integer        |
| varchar(9)               | c                                                           | Text           |
| enum('a')                | c                                                           | Text           |
| blob                     | c                                                           | Text           |
| date                     | c                                                           | Date           |
| datetime                 | c; timestamptz                                              | Timestamp      |
| timestamp NULL           | c                                                           | Timestamp      |
| time                     | c                                                           | Time           |
| json                     | c                                                           | Text           |
| point                    | ST_AsText(c)                                                | Text           |
"""
SQLITE = """
| INTEGER                  | c                                                           | Integer        |
| VARCHAR(9)               | c                                                           | Text           |
| DECIMAL(12,2)            | c                                                           | Decimal(12, 2) |
| REAL                     | c                                                           | Number         |
| BOOLEAN                  | c                                                           | Flag           |
| DATE                     | c                                                           | Date           |
| TIMESTAMP                | c; timestamptz                                              | Timestamp      |
| TIME                     | c                                                           | Time           |
| BLOB                     | c                                                           | Text           |
"""
DUCKDB = """
| INTEGER                  | c                                                           | Integer        |
| DECIMAL(12,2)            | c                                                           | Decimal(12, 2) |
| HUGEINT                  | c                                                           | Decimal(29, 0) |
| VARCHAR                  | c                                                           | Text           |
| BOOLEAN                  | c                                                           | Flag           |
| DATE                     | c                                                           | Date           |
| TIMESTAMP                | c; timestamptz                                              | Timestamp      |
| TIMESTAMPTZ              | c                                                           | Timestamp      |
| TIME                     | c                                                           | Time           |
| INTEGER[]                | CAST(c AS VARCHAR)                                          | Text           |
| STRUCT(a INTEGER)        | CAST(c AS VARCHAR)                                          | Text           |
| INTERVAL                 | CAST(c AS VARCHAR)                                          | Text           |
"""


def lines(table: str) -> list[tuple[str, str, str]]:
    """Read a drawn table."""
    return [(a, b, c) for a, b, c in (map(str.strip, line.strip("|").split("|")) for line in table.strip().split("\n"))]


def made(table: str) -> str:
    """Write a table with a column of each type, and a key."""
    return ", ".join(["id int PRIMARY KEY", *(f"c{n:02} {kind}" for n, (kind, _, _) in enumerate(lines(table)))])


def check(company: Drafted, name: str, table: str) -> None:
    """Draft the table, and compare each column with what is drawn; the draft is extracted and built."""
    company.drafted(name)
    query, file = company.text(f"{name}.sql"), company.text(f"fact_{name}.py")
    headers = dict(re.findall(r"(c\d\d) (\w+)", (re.search(r"-- types: (.*)", query) or [""])[0]))
    found = []
    for number, (kind, _, _) in enumerate(lines(table)):
        column = f"c{number:02}"
        sql = (re.search(rf"^    (?:(.*) AS )?{column},?$", query, re.MULTILINE) or [None, None])[1] or column
        written = sql.replace(column, "c") + (f"; {headers[column]}" if column in headers else "")
        word = (re.search(rf"^    {column}: (.*?) = ", file, re.MULTILINE) or ["", "nothing"])[1]
        found.append((kind, written, word))
    assert found == lines(table)
    assert company.download().code == 0
    ended = company.transform()
    assert ended.code == 0, ended.err


def test_postgresql(postgres_server: str, shop: str, sql: Sql, tmp_path: Path) -> None:
    """Exact types stay; what has no word in a contract is cast."""
    sql(f"CREATE TABLE every_type ({made(POSTGRES)})")
    check(Drafted(tmp_path, shop), "every_type", POSTGRES)


def test_mariadb(maria: Maria, tmp_path: Path) -> None:
    """Times without a zone are taken for UTC by the header; a view that the account may not look into is left out."""
    maria.sql(
        f"CREATE TABLE every_type ({made(MARIADB)})",
        "CREATE DATABASE elsewhere",
        "CREATE TABLE elsewhere.hidden (a int)",
        "CREATE OR REPLACE VIEW hidden AS SELECT * FROM elsewhere.hidden",
    )
    check(Drafted(tmp_path, maria.url()), "every_type", MARIADB)


def test_sqlite(tmp_path: Path) -> None:
    """As they are declared."""
    company = Drafted(tmp_path)
    company.fill(f"CREATE TABLE every_type ({made(SQLITE)})")
    check(company, "every_type", SQLITE)


@pytest.mark.filterwarnings("ignore")
def test_duckdb(tmp_path: Path) -> None:
    """What has parts is text."""
    with closing(duckdb.connect(str(tmp_path / "shop.duckdb"))) as file:
        file.execute(f"CREATE TABLE every_type ({made(DUCKDB)})")
    check(Drafted(tmp_path, f"duckdb:///{tmp_path / 'shop.duckdb'}"), "every_type", DUCKDB)
