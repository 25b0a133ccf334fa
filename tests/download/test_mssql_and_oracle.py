"""SQL Server and Oracle, of which no test has a server: recorded descriptions, a stand-in driver, SQL that parses."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlalchemy.exc import DBAPIError

from etl.company.queries import read_query
from etl.core.errors import ContractError, EtlError, SourceError
from etl.core.manifest import RawColumn
from etl.core.origin import read_url
from etl.download.generic.source import GenericSource
from etl.download.generic.values import writers
from etl.download.mssql import database as mssql
from etl.download.mssql.derived import derived
from etl.download.mssql.errors import FAULTS as MSSQL
from etl.download.mssql.types import column_of as mssql_column
from etl.download.oracle import database as oracle
from etl.download.oracle.errors import FAULTS as ORACLE
from etl.download.oracle.types import column_of as oracle_column
from etl.download.source import Limits
from etl.receipts.level import Extent
from tests.download.standin import Answer, Driver, Named, installed
from tests.drawn import cells_of

LIMITS = Limits(connections=1, lock_seconds=5, stall_seconds=60, statement_seconds=0, bytes_per_second=0)

MSSQL_TYPES = """
| system_type_name  | arrives as            | is called        |
| ----------------- | --------------------- | ---------------- |
| tinyint           | int64                 | tinyint          |
| bigint            | int64                 | bigint           |
| bit               | bool                  | bit              |
| decimal(12,2)     | decimal128(12, 2)     | decimal(12,2)    |
| numeric(38,10)    | decimal128(38, 10)    | decimal(38,10)   |
| money             | decimal128(19, 4)     | money            |
| smallmoney        | decimal128(10, 4)     | smallmoney       |
| float             | double                | double           |
| real              | double                | float(24)        |
| date              | date32[day]           | date             |
| datetime          | timestamp[us]         | datetime         |
| datetime2(7)      | timestamp[us]         | datetime2        |
| smalldatetime     | timestamp[us]         | smalldatetime    |
| datetimeoffset(7) | timestamp[us, tz=UTC] | datetimeoffset   |
| time(7)           | string                | time             |
| nvarchar(max)     | string                | nvarchar         |
| char(8)           | string                | char             |
| xml               | string                | xml              |
| uniqueidentifier  | string                | uniqueidentifier |
| varbinary(16)     | string                | varbinary        |
| timestamp         | string                | rowversion       |
| geography         | None                  | geography        |
| sql_variant       | None                  | sql_variant      |
"""
ORACLE_TYPES = """
| DB_TYPE_        | precision | scale | arrives as            | is called                      |
| --------------- | --------- | ----- | --------------------- | ------------------------------ |
| NUMBER          | 12        | 2     | decimal128(12, 2)     | number(12,2)                   |
| NUMBER          | 10        | 0     | int64                 | number(10,0)                   |
| NUMBER          | 38        | 0     | decimal128(38, 0)     | number(38,0)                   |
| NUMBER          | None      | None  | decimal128(38, 9)     | number                         |
| NUMBER          | 0         | -127  | decimal128(38, 9)     | number                         |
| NUMBER          | 126       | -127  | decimal128(38, 9)     | number                         |
| VARCHAR         | None      | None  | string                | varchar2                       |
| NCLOB           | None      | None  | string                | clob                           |
| RAW             | None      | None  | string                | blob                           |
| DATE            | None      | None  | timestamp[us]         | date                           |
| TIMESTAMP       | 0         | 6     | timestamp[us]         | timestamp                      |
| TIMESTAMP_TZ    | 0         | 6     | timestamp[us, tz=UTC] | timestamp with time zone       |
| TIMESTAMP_LTZ   | 0         | 6     | timestamp[us, tz=UTC] | timestamp with local time zone |
| BINARY_FLOAT    | None      | None  | double                | binary_float                   |
| BOOLEAN         | None      | None  | bool                  | boolean                        |
| INTERVAL_DS     | 2         | 6     | None                  | interval ds                    |
| JSON            | None      | None  | None                  | json                           |
"""


@pytest.mark.parametrize("row", cells_of(MSSQL_TYPES), ids=str)
def test_types_of_sql_server_are_the_catalogues(row: Sequence[str]) -> None:
    """By the name that it gives; what has no text is refused with the cast."""
    told, kind, called = row
    column = mssql_column("a]b", told)
    assert (str(column.type), column.source_type) == (kind, called)
    assert column.type is not None or "[a]]b]" in column.cure


@pytest.mark.parametrize("row", cells_of(ORACLE_TYPES), ids=str)
def test_types_of_oracle_are_the_drivers(row: Sequence[str]) -> None:
    """A NUMBER without a scale holds any number; a DATE has a time of day."""
    told, precision, scale, kind, called = row
    digits = [None if text == "None" else int(text) for text in (precision, scale)]
    column = oracle_column("a", Named(f"DB_TYPE_{told}"), *digits)
    assert (str(column.type), column.source_type) == (kind, called)


@pytest.mark.parametrize(
    ("sql", "head", "body"),
    [
        ("SELECT a FROM t", "", "(SELECT a FROM t\n)"),
        ("SELECT a FROM t ORDER BY a", "", "(SELECT a FROM t \n)"),
        ("SELECT TOP 5 a FROM t ORDER BY a", "", "(SELECT TOP 5 a FROM t ORDER BY a\n)"),
        ("SELECT a FROM t ORDER BY a OFFSET 5 ROWS", "", "(SELECT a FROM t ORDER BY a OFFSET 5 ROWS\n)"),
        ("SELECT SUM(a) OVER (ORDER BY b) AS a FROM t", "", "(SELECT SUM(a) OVER (ORDER BY b) AS a FROM t\n)"),
        (
            "WITH x AS (SELECT TOP 1 a FROM t ORDER BY a), y (b) AS (SELECT 1)\nSELECT a FROM x -- )\nORDER BY a",
            "WITH x AS (SELECT TOP 1 a FROM t ORDER BY a), y (b) AS (SELECT 1)\n",
            "(SELECT a FROM x -- )\n\n)",
        ),
        ("SELECT '(' AS [ORDER BY(] FROM t ORDER BY 1", "", "(SELECT '(' AS [ORDER BY(] FROM t \n)"),
    ],
)
def test_with_and_order_by_stand_outside_of_a_derived_table(sql: str, head: str, body: str) -> None:
    """SQL Server forbids them in there, except ORDER BY with TOP or OFFSET."""
    assert derived(sql) == (head, body)
    sqlglot.parse_one(f"{head}SELECT COUNT(*) AS row_count FROM {body} query", dialect="tsql")


STATEMENTS = {
    "tsql": (mssql.ALLOWED, mssql.DESCRIBED, mssql.CLOCK, mssql.BUSY.format(1)),
    "oracle": (oracle.CLOCK, oracle.SESSION, oracle.BUSY.format(1)),
}


@pytest.mark.parametrize(("dialect", "sql"), [(d, sql) for d, each in STATEMENTS.items() for sql in each])
def test_what_is_asked_of_them_parses(dialect: str, sql: str) -> None:
    """In their dialect, as far as sqlglot knows it."""
    assert sqlglot.parse_one(sql, dialect=dialect).find(sqlglot.exp.Select)


MSSQL_ROWS = [(1, Decimal("12.50"), True, dt.datetime(2030, 1, 2, 3, 4, 5, 6000), 'é"x'), (2, None, None, None, None)]
DESCRIBED = [
    ("id", "int"),
    ("price", "decimal(12,2)"),
    ("flag", "bit"),
    ("at", "datetime2(3)"),
    ("name", "nvarchar(20)"),
]


def mssql_answer(sql: str) -> Answer:
    """Answer as SQL Server does."""
    single = {
        "@@version": "Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64)",
        "AS TRANSACTION_ISOLATION_LEVEL": "SNAPSHOT",
        "sys.system_views": "dm_exec_sessions",
        mssql.ALLOWED: 1,
        mssql.CLOCK: dt.datetime(2030, 1, 2, 3, 4, 5),
        "@@SPID": 51,
        "schema_name": "dbo",
        "max support": "x",
    }
    if "dm_exec_describe_first_result_set" in sql:
        return [("name",), ("system_type_name",), ("error_message",)], [(*each, None) for each in DESCRIBED]
    if "COUNT(*) AS row_count" in sql:
        return [("row_count",), *((f"f{n}",) for n in range(11))], [
            (2, 0, Decimal(3), 1, 2, 1, Decimal("12.50"), 12, 12, 1, 1, 1)
        ]
    if "FROM sales" in sql:
        return [(name,) for name, _ in DESCRIBED], MSSQL_ROWS
    found = next((value for mark, value in single.items() if mark in sql), None)
    return ([("x",)], [(found,)]) if sql.lstrip().upper().startswith("SELECT") else ([], [])


ORACLE_ROWS = [(1, Decimal("12.5"), dt.datetime(2030, 1, 2, 3, 4, 5), "x"), (2, None, None, None)]


def oracle_answer(sql: str) -> Answer:
    """Answer as Oracle does."""
    if "COUNT(*) AS row_count" in sql:
        return [("ROW_COUNT",), *((f"F{n}",) for n in range(10))], [(2, 0, 3, 1, 2, 1, Decimal("12.5"), 12, 12, 1, 1)]
    if "FROM sales" in sql:
        rows = [] if "1 = 0" in sql else ORACLE_ROWS
        kinds = [
            ("ID", "NUMBER", 9, 0),
            ("PRICE", "NUMBER", 12, 2),
            ("SEEN", "TIMESTAMP_TZ", 0, 6),
            ("Name", "VARCHAR", None, None),
        ]
        return [(name, Named(f"DB_TYPE_{kind}"), None, None, *digits, True) for name, kind, *digits in kinds], rows
    if sql == oracle.CLOCK:
        return [("X",)], [(dt.datetime(2030, 1, 2, 3, 4, 5),)]
    return (
        ([("X",)], [(7 if sql == oracle.SESSION else "ETL",)])
        if sql.lstrip().upper().startswith("SELECT")
        else ([], [])
    )


@pytest.fixture
def sql_server() -> Iterator[Driver]:
    """Give a stand-in for pymssql."""
    driver = Driver("pymssql", mssql_answer)
    driver.__version__ = "2.4.6"
    with installed(driver):
        yield driver


@pytest.fixture
def of_oracle() -> Iterator[Driver]:
    """Give a stand-in for python-oracledb."""
    driver = Driver("oracledb", oracle_answer)
    driver.__version__ = "26.1.0"
    with installed(driver):
        yield driver


def extracted(tmp_path: Path, url: str, dialect: str, sql: str) -> tuple[Any, Any, str]:
    """Plan a query, extract it, and ask for its receipt."""
    path = tmp_path / "sales.sql"
    path.write_text(f"-- Sales.\n-- grain: one row per sale\n-- source: shop\n-- key: id\n{sql}\n")
    query = read_query(path, {"shop": dialect})
    with GenericSource("shop", read_url("shop", url), LIMITS, {"business_date": "2030-01-02"}) as source:
        assert source.as_of.isoformat() == "2030-01-02T03:04:05+00:00"
        plan = source.plan(query)
        receipt = source.receipt(plan, Extent(hashes=False))
        source.extract(plan, tmp_path / "sales.csv", None)
    return plan, receipt, (tmp_path / "sales.csv").read_text()


def test_sql_server_is_read_in_one_snapshot(tmp_path: Path, sql_server: Driver) -> None:
    """WITH and ORDER BY in the query: its types are the catalogue's, its sums DECIMAL(38), its rows read once."""
    query = "WITH s AS (SELECT * FROM sales WHERE day <> :business_date) SELECT * FROM s ORDER BY id"
    plan, receipt, text = extracted(tmp_path, "mssql+pymssql://etl:x@h/shop", "tsql", query)
    assert [str(column.type) for column in plan.columns] == [
        "int64",
        "decimal128(12, 2)",
        "bool",
        "timestamp[us]",
        "string",
    ]
    assert text == 'id,price,flag,at,name\n1,12.50,t,2030-01-02 03:04:05.006000,"é""x"\n2,,,,\n'
    assert receipt.columns["price"].sum == "12.5"
    asked = sql_server.asked
    assert "SET TRANSACTION ISOLATION LEVEL SNAPSHOT" in asked
    assert "SET LOCK_TIMEOUT 5000" in asked
    [counted] = [sql for sql in asked if "row_count" in sql]
    assert counted.lstrip().startswith("WITH s AS (")
    assert "ORDER BY" not in counted
    sqlglot.parse_one(counted.replace(":business_date", "'x'"), dialect="tsql")
    assert len([sql for sql in asked if "FROM sales" in sql and "row_count" not in sql]) == 1


def test_a_database_without_snapshots_is_a_sentence_for_its_owner(tmp_path: Path, sql_server: Driver) -> None:
    """It is not read in another isolation, where each query would see another instant."""
    sql_server.answer = lambda sql: ([("x",)], [(0,)]) if sql == mssql.ALLOWED else mssql_answer(sql)
    with pytest.raises(SourceError, match="does not allow snapshots") as caught:
        extracted(tmp_path, "mssql+pymssql://etl:x@h/shop", "tsql", "SELECT * FROM sales")
    assert "ALTER DATABASE [shop] SET ALLOW_SNAPSHOT_ISOLATION ON" in caught.value.hint
    assert not caught.value.transient


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(None, None, "Invalid object name 'sales'.")], "Invalid object name"),
        ([("", "int", None)], "column 1 has no name"),
    ],
)
def test_what_the_catalogue_refuses_is_told(tmp_path: Path, sql_server: Driver, rows: list[Any], said: str) -> None:
    """Before anything is read."""
    described = [("name",), ("system_type_name",), ("error_message",)]
    sql_server.answer = lambda sql: (described, rows) if "describe_first" in sql else mssql_answer(sql)
    with pytest.raises(ContractError, match=said):
        extracted(tmp_path, "mssql+pymssql://etl:x@h/shop", "tsql", "SELECT * FROM sales")


def test_oracle_is_read_in_one_read_only_transaction(tmp_path: Path, of_oracle: Driver) -> None:
    """Instants arrive in UTC by the server's own arithmetic, names in small letters unless they need quotes."""
    plan, receipt, text = extracted(
        tmp_path, "oracle+oracledb://etl:x@h/?service_name=s", "oracle", "SELECT * FROM sales"
    )
    assert [column.name for column in plan.columns] == ["id", "price", "seen", "Name"]
    assert text == 'id,price,seen,Name\n1,12.5,2030-01-02 03:04:05+00:00,"x"\n2,,,\n'
    assert receipt.columns["id"].sum == "3"
    asked = of_oracle.asked
    begun = asked.index("SET TRANSACTION READ ONLY")
    assert asked[begun - 1] == "rollback"
    assert asked.index("ALTER SESSION SET TIME_ZONE = '+00:00'") < begun
    [read] = [sql for sql in asked if "SYS_EXTRACT_UTC(seen) AS seen" in sql]
    assert "query" in read and " AS query" not in read
    for sql in asked[begun + 1 :]:
        if "sales" in sql:
            sqlglot.parse_one(sql, dialect="oracle")
    assert not {"commit", "rollback"} & set(asked[begun:-1])


def test_a_day_with_a_clock_is_a_day_where_the_header_says_so() -> None:
    """At midnight; at another time of day it is a reject, and not cut."""
    [write] = writers([RawColumn(name="day", type="date32[day]", source_type="date")])
    assert write(dt.datetime(2030, 1, 2)) == "2030-01-02"
    assert write(dt.datetime(2030, 1, 2, 3)) == "2030-01-02 03:00:00"


FAULTS = """
| database   | what the driver raises                                                                       | passes | refuses | said                   |
| ---------- | -------------------------------------------------------------------------------------------- | ------ | ------- | ---------------------- |
| sql server | ('40001', '[40001] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Deadlock. (1205) (SQLExecDirectW)') | yes | no | Deadlock (error 1205). |
| sql server | ('42S02', "[42S02] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Invalid object name 'x'. (208) (SQLExecDirectW)") | no | no | Invalid object name 'x' (error 208). |
| sql server | ('28000', "[28000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Login failed for user 'etl'. (18456) (SQLDriverConnect)") | no | yes | Login failed for user 'etl' (error 18456). |
| sql server | (208, b"Invalid object name 'x'.DB-Lib error message 20018, severity 16:") | no | no | Invalid object name 'x' (error 208). |
| sql server | ('Driver Error: Communication link failure; DDBC Error: [Microsoft][SQL Server]Communication link failure',) | yes | no | Communication link failure. |
| sql server | ('08S01', '[08S01] [Microsoft][ODBC Driver 18 for SQL Server]TCP Provider: Error code 0x68 (104) (SQLFetch)') | yes | no | TCP Provider |
| oracle     | ('ORA-01555: snapshot too old: rollback segment number 7 with name "x" too small',)          | yes    | no      | ORA-01555              |
| oracle     | ('ORA-00904: "X": invalid identifier Help: https://docs.oracle.com/error-help/db/ora-00904/',) | no | no | invalid identifier. |
| oracle     | ('ORA-01017: invalid credential or not authorized; logon denied',)                           | no     | yes     | ORA-01017              |
| oracle     | ('DPY-4011: the database or network closed the connection',)                                 | yes    | no      | DPY-4011               |
| oracle     | ('DPY-6005: cannot connect to database (CONNECTION_ID=x). [Errno 111] Connection refused',)  | yes    | no      | DPY-6005               |
| oracle     | ('ORA-28000: The account is locked.',)                                                       | no     | yes     | ORA-28000              |
"""  # noqa: E501 -- as the drivers write them


@pytest.mark.parametrize("row", cells_of(FAULTS), ids=lambda row: row[1][:30])
def test_faults_pass_or_not_by_the_servers_numbers(row: Sequence[str]) -> None:
    """Whichever driver tells them, and without the driver's own frame around what the server said."""
    database, raised, passes, refuses, said = row
    faults = MSSQL if database == "sql server" else ORACLE
    error = DBAPIError("SELECT 1", {}, Exception(*eval(raised)))  # noqa: S307 -- of the table above
    assert (faults.passes(error), faults.refuses(error)) == (passes == "yes", refuses == "yes")
    told = faults.reason(error)
    assert said in told
    assert "ODBC Driver" not in told
    assert "https" not in told


def test_a_fault_of_the_server_is_told_with_its_cure(tmp_path: Path, of_oracle: Driver) -> None:
    """Through the whole way of a query."""

    def answer(sql: str) -> Answer:
        if "FROM sales" in sql:
            raise Driver.Error('ORA-00942: table or view "X"."SALES" does not exist')
        return oracle_answer(sql)

    of_oracle.answer = answer
    with pytest.raises(EtlError, match="ORA-00942") as caught:
        extracted(tmp_path, "oracle+oracledb://etl:x@h/?service_name=s", "oracle", "SELECT * FROM sales")
    assert "GRANT SELECT ON it" in caught.value.hint
