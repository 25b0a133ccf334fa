"""MariaDB as a source, a real one, by each driver that is installed: what arrives, and how exact it is."""

import importlib.util
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from etl.core import arrow_csv
from etl.transform.raw import read_whole
from tests.download.company import Company
from tests.maria import Maria

MODULES = {"pymysql": "pymysql", "mysqldb": "MySQLdb", "mysqlconnector": "mysql.connector"}


def installed(driver: str) -> bool:
    """Whether a driver is there: mysqlclient needs headers to be built with."""
    try:
        return importlib.util.find_spec(MODULES[driver]) is not None
    except ModuleNotFoundError:
        return False


DRIVERS = [
    pytest.param(name, marks=pytest.mark.skipif(not installed(name), reason=f"{module} is not installed (see test.sh)"))
    for name, module in MODULES.items()
]


@pytest.fixture
def company(tmp_path: Path, maria: Maria) -> Company:
    """Give a company whose source `shop` is MariaDB."""
    return Company(tmp_path, {"shop": maria.url()}, {"LOG_LEVEL": "WARNING"})


def texts(company: Company, name: str) -> list[dict[str, str | None]]:
    """Read a raw table's cells as texts."""
    table, folder = company.table(name), company.store.raw.path(company.store.raw.newest("").run)
    schema = pa.schema([(column.name, pa.string()) for column in table.columns])
    return arrow_csv.read_file(folder / table.file, schema).to_pylist()


EVERYTHING = """
CREATE OR REPLACE TABLE everything (
  id BIGINT UNSIGNED PRIMARY KEY, flag TINYINT(1), bits BIT(9), year YEAR, day DATE, at DATETIME(3),
  seen TIMESTAMP NULL,
  lasts TIME(3), price DECIMAL(12,2), cost DECIMAL(12,2) UNSIGNED, ratio DOUBLE, kind ENUM('a', 'b'),
  tags SET('x', 'y'), doc JSON, raw VARBINARY(4), name VARCHAR(20), word TEXT, `pct%` INT, `a b:c"d` INT
)
"""
ROWS = [
    "(1, 1, b'100000001', 1999, '2030-01-02', '2030-01-02 03:04:05.006', FROM_UNIXTIME(1900000000), '-00:15:00',"
    " 1234567890.12, 0.10, 0.1, 'a', 'y,x', '{\"a\": [1, null]}', x'00ff', 'NA', 'é\"😀\\n', 5, 6)",
    "(2, 0, b'0', 0, '0000-00-00', '2013-02-00', '0000-00-00 00:00:00', '838:59:59', -0.01, 0, 1e30, '', '', '{}', '',"
    " '', '', -5, 0)",
    "(3" + ", NULL" * 18 + ")",
]
TYPES = {
    **{"id": "int64", "flag": "int64", "bits": "int64", "year": "int64", "day": "date32[day]", "at": "timestamp[us]"},
    **{"seen": "timestamp[us, tz=UTC]", "lasts": "string", "price": "decimal128(12, 2)", "cost": "decimal128(12, 2)"},
    **{"ratio": "double", "kind": "string", "tags": "string", "doc": "string", "raw": "string", "name": "string"},
    **{"word": "string", "pct%": "int64", 'a b:c"d': "int64"},
}
FIRST = {
    **{"id": "1", "flag": "1", "bits": "257", "year": "1999", "day": "2030-01-02", "at": "2030-01-02 03:04:05.006"},
    **{"seen": "2030-03-17 17:46:40+00", "lasts": "-00:15:00.000", "price": "1234567890.12", "cost": "0.10"},
    **{"ratio": "0.1", "kind": "a", "tags": "x,y", "doc": '{"a": [1, null]}', "raw": "\\x00ff", "name": "NA"},
    **{"word": 'é"😀\n', "pct%": "5", 'a b:c"d': "6"},
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_type_arrives_as_the_database_prints_it(company: Company, maria: Maria, driver: str) -> None:
    """Whichever driver brings it: nothing is Python's text, zero dates are no NULLs, and the database proves it."""
    maria.sql(EVERYTHING, f"INSERT INTO everything VALUES {', '.join(ROWS)}")
    company.sources["shop"] = maria.url(driver)
    company.query("everything", "SELECT * FROM everything WHERE name <> :business_date OR name IS NULL ORDER BY id")
    company.done()
    table = company.table("everything")
    known = TYPES if driver != "mysqlconnector" else TYPES | dict.fromkeys(("price", "cost"), "decimal128(38, 9)")
    assert {column.name: column.type for column in table.columns} == known
    first, second, third = texts(company, "everything")
    assert first == FIRST
    assert [second[name] for name in ("day", "at", "seen", "lasts", "name", "tags", "raw", "ratio")] == [
        *("0000-00-00", "2013-02-00 00:00:00.000", "0000-00-00 00:00:00+00", "838:59:59.000", "", "", "\\x"),
        "1e30",
    ]
    assert set(third.values()) == {"3", None}
    assert table.receipt
    assert {receipt.nulls for name, receipt in table.receipt.columns.items() if name != "id"} == {1}
    assert table.receipt.columns["price"].sum == "1234567890.11"
    assert table.receipt.columns["pct%"].min == "-5"
    rows = read_whole(company.store.raw.path(company.store.raw.newest("").run), table)
    assert [(reason.partition(" ")[0], '"id": "2"' in row) for reason, row in rows.rejects] == [("day", True)]


def test_types_do_not_hang_on_what_is_there_tonight(company: Company, maria: Maria) -> None:
    """An empty table, one whose columns are NULL and a full one have the same types, so that no guard wakes."""
    maria.sql(EVERYTHING)
    company.query("everything", "SELECT *, NULL AS nothing FROM everything", more="-- may be empty: yes\n")
    kinds = []
    for rows in ("", ROWS[2], ROWS[0]):
        if rows:
            maria.sql("TRUNCATE TABLE everything", f"INSERT INTO everything VALUES {rows}")
        kinds.append([(c.name, c.type, c.source_type) for c in company.done().tables["everything"].columns])
    assert kinds[0] == kinds[1] == kinds[2]


def test_a_header_that_a_person_changed_is_no_change_of_the_source(company: Company, maria: Maria) -> None:
    """What the database calls a type is compared with last night, whatever the header makes of it."""
    maria.sql(
        "CREATE OR REPLACE TABLE flags (id INT, on_sale BIT(1), n TINYINT(1))", "INSERT INTO flags VALUES (1, 1, 0)"
    )
    company.query("flags", "SELECT * FROM flags")
    company.done()
    company.query("flags", "SELECT * FROM flags", more="-- types: on_sale boolean, n bool, id numeric(5,1)\n")
    company.done()
    assert texts(company, "flags") == [{"id": "1", "on_sale": "t", "n": "f"}]
    assert company.rows("flags")[0]["n"] is False


def test_two_instants_of_an_autumn_night_stay_two(company: Company, maria: Maria) -> None:
    """The server's zone is New York's, where both are 01:30; the night's session is in UTC."""
    maria.sql(
        "CREATE OR REPLACE TABLE clicks (id INT, at TIMESTAMP NULL, local DATETIME)",
        "SET time_zone = '+00:00'",
        "INSERT INTO clicks VALUES (1, '2030-11-03 05:30:00', '2030-11-03 01:30:00'), (2, '2030-11-03 06:30:00', NULL)",
    )
    company.query("clicks", "SELECT id, at, DATE(at) AS day, local FROM clicks ORDER BY id")
    company.done()
    first, second = company.rows("clicks")
    assert [first["at"].isoformat(), second["at"].isoformat()] == [
        "2030-11-03T05:30:00+00:00",
        "2030-11-03T06:30:00+00:00",
    ]
    assert first["local"].isoformat() == "2030-11-03T01:30:00"
    company.query("local", "SELECT id, local FROM clicks", more="-- types: local timestamptz\n")
    company.done()
    assert company.rows("local")[0]["local"].isoformat() == "2030-11-03T01:30:00+00:00"


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_rows_are_sent_once(company: Company, maria: Maria, driver: str) -> None:
    """Planning asks for columns alone, and the receipt is computed at the server."""
    maria.sql(
        "CREATE OR REPLACE TABLE big (id INT PRIMARY KEY, body VARCHAR(200))",
        "INSERT INTO big SELECT seq, REPEAT('x', 200) FROM seq_1_to_30000",
    )
    company.sources["shop"] = maria.url(driver)
    company.query("big", "SELECT id, body, SLEEP(0) FROM big")
    before = maria.sent()
    assert company.download("--dry-run").code == 0
    planned = maria.sent()
    size = company.done().tables["big"].bytes
    assert planned - before < 100_000
    assert maria.sent() - planned < size * 1.2


def test_a_query_that_fails_half_way_does_not_read_the_rest(company: Company, maria: Maria) -> None:
    """Closing an unbuffered cursor would: the connection is given up instead."""
    maria.sql(
        "CREATE OR REPLACE TABLE big (id INT PRIMARY KEY, body VARCHAR(2000))",
        "INSERT INTO big SELECT seq, REPEAT('x', 2000) FROM seq_1_to_60000",
    )
    company.query("big", "SELECT id, body FROM big")
    before = maria.sent()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("etl.download.generic.source.RawWriter.write_lines", full_disk)
        ended = company.download()
    assert ended.code == 1
    assert "The disk is full" in ended.err
    assert maria.sent() - before < 60_000_000


def full_disk(*_: object) -> int:
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device", "raw.csv")


@pytest.mark.parametrize(
    ("right", "said"), [("SHOW VIEW", "shop.old_orders is"), ("UPDATE", "(which a view may read)")]
)
def test_a_table_that_knows_no_snapshot_is_named(company: Company, maria: Maria, right: str, said: str) -> None:
    """Also one that a view reads, and every one where the view's definition is not for us to see."""
    maria.sql(
        "CREATE OR REPLACE TABLE old_orders (id INT) ENGINE = MyISAM",
        "CREATE OR REPLACE TABLE unread (id INT) ENGINE = MyISAM",
        "CREATE OR REPLACE TABLE orders (id INT)",
        "CREATE OR REPLACE VIEW all_orders AS SELECT * FROM orders UNION ALL SELECT * FROM old_orders",
        "INSERT INTO old_orders VALUES (1)",
    )
    maria.sql(f"GRANT {right} ON shop.* TO etl@'%'")
    company.query("orders", "SELECT id FROM shop.all_orders -- not of unread")
    told = company.download("--dry-run").err
    maria.sql(f"REVOKE {right} ON shop.* FROM etl@'%'", "DROP TABLE unread, old_orders")
    assert said in told
    assert "of the engine MyISAM, which knows no snapshot" in told
    assert ("shop.unread" in told) == (right != "SHOW VIEW")


REFUSED = {
    "SELECT id, name, 1 AS NAME FROM people": "Duplicate column name 'NAME' (error 1060). Try: Give each column",
    "SELECT id, home FROM people": "home (geometry). Try: Write ST_AsText(home) AS home.",
    "SELECT id,\n  nam FROM people": "Unknown column 'nam' in 'SELECT' (error 1054). Try: Write the column's name as",
    "SELECT id\nFORM people": "people.sql:6: You have an error in your SQL syntax",
    "SELECT id FROM peple": "Table 'shop.peple' doesn't exist (error 1146). Try: Write the table's name as SHOW TABLES",
    "SELECT User FROM mysql.user": "Try: Let the table's owner GRANT SELECT on it to the account of SOURCE_SHOP_URL",
    "SELECT :when AS id": "uses :when, which is not a known name",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_a_query_that_cannot_be_read_is_a_sentence_with_its_cure(company: Company, maria: Maria, sql: str) -> None:
    """Told when it is planned; nothing is extracted."""
    maria.sql("CREATE OR REPLACE TABLE people (id INT, name VARCHAR(9), home POINT)")
    path = company.query("people", sql)
    ended = company.download()
    assert ended.code == 1
    said = ended.err.replace("\nTry:", " Try:")
    assert str(path) in said
    assert REFUSED[sql].lower() in said.lower()


def test_a_lock_is_waited_for_as_long_as_the_setting_says(company: Company, maria: Maria) -> None:
    """Then a sentence names it; the next run reads the table."""
    maria.sql("CREATE OR REPLACE TABLE locked (id INT)", "INSERT INTO locked VALUES (1)")
    company.query("locked", "SELECT id FROM locked")
    company.settings["SOURCE_LOCK_SECONDS"] = "1"
    with closing(maria.connect()) as holder:
        holder.cursor().execute("LOCK TABLES locked WRITE")
        ended = company.download()
    assert ended.code == 1
    assert "Lock wait timeout exceeded; try restarting transaction (error 1205)" in ended.err
    assert "SOURCE_LOCK_SECONDS" in ended.err
    assert company.done().tables["locked"].rows == 1


def test_a_statement_may_take_as_long_as_the_setting_says(company: Company, maria: Maria) -> None:
    """The server itself ends it, and no retry makes it shorter."""
    maria.sql("CREATE OR REPLACE TABLE three (id INT)", "INSERT INTO three VALUES (1), (2), (3)")
    company.query("slow", "SELECT id, SLEEP(20) AS slept FROM three")
    company.settings |= {"SOURCE_STATEMENT_SECONDS": "1", "SOURCE_PATIENCE": "60"}
    ended = company.download()
    assert ended.code == 1
    assert "max_statement_time exceeded" in ended.err
    assert "raise SOURCE_STATEMENT_SECONDS" in ended.err
