"""Any other database, by the example of SQLite: through SQLAlchemy, in batches, beside PostgreSQL or alone."""

import datetime as dt
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from etl.transform.raw import read_whole
from tests.download.company import Company
from tests.drawn import cells_of

MEMORY_MB = 128


@pytest.fixture
def lite(tmp_path: Path) -> Company:
    """Give a company whose source is an SQLite file."""
    file = tmp_path / "lite.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "CREATE TABLE things (id INTEGER, name TEXT, price REAL, bought TEXT, seen TEXT, is_new INT)"
        )
        connection.executemany(
            "INSERT INTO things VALUES (?, ?, ?, ?, ?, ?)",
            [
                (1, None, None, None, None, None),
                (2, "", 0.5, "2031-01-02", "2031-01-02 03:04:05.000006", 1),
                (3, 'NA, "x"\n', 1e30, "0001-01-01", "1969-12-31 23:59:59", 0),
            ],
        )
    return Company(tmp_path, {"shop": f"sqlite:///{file}"})


def test_types_are_what_the_tables_were_declared_with(lite: Company) -> None:
    """Never guessed from a text; NULL, the empty string and "NA" stay three values."""
    lite.query("things", "SELECT id, name, price, bought FROM things")
    lite.done()
    kinds = {column.name: column.type for column in lite.table("things").columns}
    assert kinds == {"id": "int64", "name": "string", "price": "double", "bought": "string"}
    assert lite.rows("things") == [
        {"id": 1, "name": None, "price": None, "bought": None},
        {"id": 2, "name": "", "price": 0.5, "bought": "2031-01-02"},
        {"id": 3, "name": 'NA, "x"\n', "price": 1e30, "bought": "0001-01-01"},
    ]


DECLARED = """
| declared                 | arrives as            | value               |
| ------------------------ | --------------------- | ------------------- |
| INTEGER                  | int64                 | 7                   |
| UNSIGNED BIG INT         | int64                 | 7                   |
| VARCHAR(20)              | string                | '7'                 |
| CLOB                     | string                | '7'                 |
| BLOB                     | string                | x'07'               |
| FLOAT                    | double                | 0.5                 |
| DECIMAL(10,2)            | decimal128(10, 2)     | 19.99               |
| NUMERIC                  | decimal128(38, 9)     | 0.5                 |
| BOOLEAN                  | bool                  | 1                   |
| DATE                     | date32[day]           | '2031-01-02'        |
| DATETIME                 | timestamp[us]         | '2031-01-02 03:04'  |
| TIMESTAMP WITH TIME ZONE | timestamp[us, tz=UTC] | '2031-01-02 03:04'  |
| TIME                     | string                | '03:04'             |
|                          | int64                 | 7                   |
"""


def test_types_do_not_hang_on_what_is_there_tonight(lite: Company) -> None:
    """An empty table, NULLs and values make the same types, but for a column that nothing declares."""
    declared = cells_of(DECLARED)
    columns = ", ".join(f"c{place} {words}" for place, (words, _, _) in enumerate(declared))
    file = lite.folder / "lite.db"
    lite.query("all_kinds", "SELECT * FROM all_kinds", key="c0", more="-- may be empty: yes\n")
    kinds = []
    for values in (None, "NULL", "value"):
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(f"CREATE TABLE IF NOT EXISTS all_kinds ({columns})")
            connection.execute("DELETE FROM all_kinds")
            if values:
                row = [value if values == "value" else "NULL" for _, _, value in declared]
                connection.execute(f"INSERT INTO all_kinds VALUES ({', '.join(row)})")
        lite.done()
        kinds.append([(column.type, column.source_type) for column in lite.table("all_kinds").columns])
    assert [kind for kind, _ in kinds[2]] == [kind for _, kind, _ in declared]
    assert kinds[0][:-1] == kinds[1][:-1] == kinds[2][:-1]
    row = list(lite.rows("all_kinds")[0].values())
    assert row[6:10] == [Decimal("19.99"), Decimal("0.5"), True, dt.date(2031, 1, 2)]


def test_an_expression_is_what_all_its_values_are(lite: Company) -> None:
    """Not the first one, of which there are NULLs; what is mixed is text, and a header's word goes first."""
    lite.query(
        "things",
        "SELECT id, count(*) OVER () AS n, price * 1 AS p, coalesce(is_new, 'none') AS mixed, lower(name) AS l,"
        " id * 1 AS told FROM things ORDER BY id",
        more="-- types: told numeric(5,1)\n",
    )
    lite.done()
    kinds = [column.type for column in lite.table("things").columns]
    assert kinds == ["int64", "int64", "double", "string", "string", "decimal128(5, 1)"]
    assert [row["mixed"] for row in lite.rows("things")] == ["none", "1", "0"]


def test_sums_of_nineteen_digits_are_proven(lite: Company) -> None:
    """SQLite's own sum would overflow, and end the night."""
    with closing(sqlite3.connect(lite.folder / "lite.db")) as connection, connection:
        connection.execute("CREATE TABLE ids (id INTEGER)")
        connection.executemany("INSERT INTO ids VALUES (?)", [(2**63 - 1,), (2**63 - 5,), (-(2**63),), (-7,)])
    lite.query("ids", "SELECT id FROM ids")
    lite.done()
    receipt = lite.table("ids").receipt
    assert receipt
    assert receipt.columns["id"].sum == str(2**63 - 1 + 2**63 - 5 - 2**63 - 7)
    assert len(lite.rows("ids")) == 4


def test_a_cell_that_is_no_number_is_a_reject(lite: Company) -> None:
    """The database counts it as a NULL of nobody's, and proves the rest."""
    with closing(sqlite3.connect(lite.folder / "lite.db")) as connection, connection:
        connection.executemany("INSERT INTO things (id) VALUES (?)", [("N/A",), (2.5,), (b"\x00",), (None,)])
    lite.query("things", "SELECT id FROM things")
    lite.done()
    table = lite.table("things")
    assert table.receipt
    assert (table.receipt.columns["id"].sum, table.receipt.columns["id"].nulls) == ("6", 1)
    rows = read_whole(lite.store.raw.path(lite.store.raw.newest("").run), table)
    assert len(rows.rejects) == 3


def test_types_come_from_the_header_where_it_tells_them(lite: Company) -> None:
    """For a database whose driver does not know them."""
    lite.query(
        "things",
        "SELECT id, bought, seen, is_new, printf('%.2f', id / 8.0) AS share FROM things WHERE id > 1",
        more="-- types: bought date, seen timestamp, share numeric(12,2)\n",
    )
    lite.done()
    first = lite.rows("things")[0]
    assert first == {
        "id": 2,
        "bought": dt.date(2031, 1, 2),
        "seen": dt.datetime(2031, 1, 2, 3, 4, 5, 6),
        "is_new": 1,
        "share": Decimal("0.25"),
    }


def test_a_type_of_a_column_that_is_not_there_is_refused(lite: Company) -> None:
    """The sentence names the column."""
    path = lite.query("things", "SELECT id FROM things", more="-- types: prize real\n")
    assert f"{path}: `-- types:` names prize, which the query does not return." in lite.download().err


def test_binds_and_colons_work_as_in_postgresql(lite: Company) -> None:
    """What is in a literal or a comment is left alone; an unknown name is a sentence."""
    lite.query("things", "SELECT ':a 12:30 100%' AS id, :business_time_zone AS zone -- :b")
    lite.done()
    assert lite.rows("things") == [{"id": ":a 12:30 100%", "zone": "Europe/Madrid"}]
    lite.query("things", "SELECT :noon AS id")
    assert "uses :noon, which is not a known name" in lite.download().err


def test_two_kinds_of_sources_make_one_run(lite: Company, shop: str) -> None:
    """Each query names its source; the manifest tells both."""
    lite.sources["store_2"] = shop
    lite.query("things", "SELECT id FROM things")
    lite.query("others", "SELECT 7 AS id", source="store_2")
    manifest = lite.done()
    assert {name: table.source for name, table in manifest.tables.items()} == {"things": "shop", "others": "store_2"}
    assert set(manifest.origin) == {"source shop", "source store_2", "warehouse"}
    assert manifest.as_of == min(table.as_of for table in manifest.tables.values())
    assert lite.rows("others") == [{"id": 7}]


def test_queries_of_one_run_see_one_instant(lite: Company) -> None:
    """A writer that commits while the first query is read is not seen by the second one."""
    file = lite.folder / "lite.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    many = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {}) SELECT id FROM n"
    lite.query("a_many", many.format(500_000))
    lite.query("things", "SELECT id FROM things")
    with lite.start() as process, closing(sqlite3.connect(file)) as writer, writer:
        while not list(lite.store.raw.folder.glob(".*/a_many.csv")):
            assert process.poll() is None
        writer.execute("INSERT INTO things (id) VALUES (4)")
        writer.commit()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert lite.table("a_many").rows == 500_000
    assert lite.table("things").rows == 3
    assert lite.store.raw.newest("").peak_memory_mb < MEMORY_MB


def test_memory_does_not_grow_with_the_rows_of_postgresql(company: Company) -> None:
    """The rows go to the file as they come."""
    company.query("many", "SELECT g AS id, repeat(md5(g::text), 4) AS text FROM generate_series(1, 600000) g")
    with company.start() as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    manifest = company.store.raw.newest("")
    assert manifest.tables["many"].bytes > 80_000_000
    assert manifest.peak_memory_mb < MEMORY_MB
