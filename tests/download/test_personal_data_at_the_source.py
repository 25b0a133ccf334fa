"""Personal data in stage 1: neither a receipt nor what a source says of a value tells it."""

import re

import pytest

from tests.conftest import Sql
from tests.download.company import Company

TABLE = """
class DimGuest(Dimension):
    guest_key: Key = surrogate_key()
    code: Integer = natural_key("Number.")
    email: Text = attribute("Address.", pii=True)
    changed: Timestamp = attribute("When.")


def build(guests): ...
"""
COLUMNS = "code int, email text, phone bigint, born date, changed timestamptz"


@pytest.fixture
def guests(company: Company, sql: Sql) -> Company:
    """Give a company with a query that a table with a marked column reads."""
    (company.folder / "tables").mkdir()
    (company.folder / "tables/dim_guest.py").write_text(TABLE)
    company.settings["TABLES_DIR"] = str(company.folder / "tables")
    sql("DROP TABLE IF EXISTS guests")
    sql(f"CREATE TABLE guests ({COLUMNS})")
    sql("INSERT INTO guests VALUES (7, 'CANARY@x', 5550001, '1907-03-01', '2026-01-31Z'), (8, NULL, 1, NULL, now())")
    return company


@pytest.mark.parametrize("receipts", ["columns", "full"])
def test_receipts_tell_no_personal_value(guests: Company, receipts: str) -> None:
    """Neither of the marked column nor of one that it may be made of; NULLs and all others are proven as ever."""
    guests.query("guests", "SELECT * FROM guests", key="code", more="-- newest: changed\n")
    guests.settings["RECEIPTS"] = receipts
    table = guests.done().tables["guests"]
    assert table.personal == {"email", "phone", "born"}
    assert table.receipt is not None
    for name in table.personal:
        told = table.receipt.columns[name]
        assert (told.sum, told.min, told.max) == (None, None, None)
    assert table.receipt.columns["email"].nulls == 1
    assert (table.receipt.columns["code"].sum, table.receipt.columns["code"].max) == ("15", "8")
    assert table.receipt.columns["changed"].min == "2026-01-31T00:00:00+00:00"
    assert not re.search("CANARY|5550001|1907-03", table.model_dump_json())
    assert len(guests.rows("guests")) == 2


@pytest.mark.parametrize(
    ("named", "said", "hint"),
    [("tabels", "does not exist", "Did you mean tables?"), ("empty", "has no table file", "or leave it out")],
)
def test_a_folder_without_tables_marks_nothing_and_is_refused(
    guests: Company, named: str, said: str, hint: str
) -> None:
    """A misspelt TABLES_DIR would extract what is personal like anything else; one that is not set may come later."""
    guests.query("guests", "SELECT * FROM guests", key="code")
    (guests.folder / "empty").mkdir()
    guests.settings["TABLES_DIR"] = str(guests.folder / named)
    ended = guests.download()
    assert ended.code == 2
    assert f"TABLES_DIR, {guests.folder / named}, {said}, so nothing says which columns hold personal data" in ended.err
    assert hint in ended.err
    del guests.settings["TABLES_DIR"]
    (guests.folder / "tables").rename(guests.folder / "later")
    guests.done()


RAISES = """CREATE OR REPLACE FUNCTION checked(t text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'bad %', t; END $$"""
FAULTS = [
    ("SELECT code, email::int AS email FROM guests", "invalid input syntax for type integer: ***."),
    (
        "SELECT code, checked(email) AS email FROM guests",
        "a function of the source raised an error, whose text may hold",
    ),
    ("SELECT code, emial FROM guests", 'column "emial" does not exist.'),
]


@pytest.mark.parametrize(("query", "said"), FAULTS)
def test_a_source_repeats_no_value_of_personal_data(guests: Company, sql: Sql, query: str, said: str) -> None:
    """What it says of a cast, and what its own functions raise; names of columns are told."""
    sql(RAISES)
    guests.query("guests", query, key="code")
    ended = guests.download()
    assert ended.code == 1
    assert said in ended.err
    assert "CANARY" not in ended.err


def test_what_is_no_personal_data_is_told(guests: Company) -> None:
    """A query that no table with a mark reads, unless its header says so."""
    select = "SELECT 1 AS code, born::text::int AS number FROM guests"
    guests.query("others", select, key="code")
    assert 'integer: "1907-03-01"' in guests.download().err
    guests.query("others", select, key="code", more="-- pii: number\n")
    ended = guests.download()
    assert "integer: ***" in ended.err
    assert "1907-03-01" not in ended.err


@pytest.mark.parametrize(
    ("header", "said"), [("pii: name", "names the column name"), ("newest: born\n-- pii: born", "newest: born")]
)
def test_a_header_that_cannot_be_meant_is_refused(guests: Company, header: str, said: str) -> None:
    """Naming the column."""
    guests.query("others", "SELECT code, born FROM guests", key="code", more=f"-- {header}\n")
    ended = guests.download()
    assert ended.code == 1
    assert said in ended.err
