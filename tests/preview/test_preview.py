"""A preview shows what a night would make of the first rows, and leaves nothing behind."""

import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import sqlglot

from etl.company.queries import Query
from etl.core.lock import held
from etl.preview.extract import sliced
from tests.bug_reports.company import Stranger
from tests.called import etl

PERSON = '''
class DimPerson(Dimension):
    """One row per person."""

    person_key: Key = surrogate_key()
    person_id: Integer = natural_key("Its number.")
    email: Text = attribute("Its address.", nullable=True, pii=True)
    age: Integer = attribute("Its age.", ge=0)


def build(people: pd.DataFrame) -> pd.DataFrame:
    return people
'''
SALE = '''
class FactSale(Fact, stream="sales"):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    person_key: Key = reference("dim_person", "The person.")
    price: Integer = measure("What it cost.")


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
'''


@pytest.fixture
def company(tmp_path: Path) -> Stranger:
    """Give a company with persons, of whom one is of no age, and sales, of which one is to nobody."""
    company = Stranger(tmp_path)
    company.settings["TABLES_DIR"] = str(tmp_path / "tables")
    company.fill(
        "CREATE TABLE people (person_id int, email text, age int)",
        "INSERT INTO people VALUES (1, 'ann@b.c', 30), (2, 'zoe@b.c', -1), (3, NULL, 40)",
        "CREATE TABLE sales (sale_id int, person_id int, price int)",
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50)"
        " INSERT INTO sales SELECT n, CASE n WHEN 7 THEN 99 ELSE 1 END, n * 10 FROM n",
    )
    company.query("people", "SELECT person_id, email, age FROM people", key="person_id")
    company.query("sales", "SELECT sale_id, person_id, price FROM sales", key="sale_id")
    company.star_table("dim_person", PERSON)
    company.star_table("fact_sale", SALE)
    return company


def shown(company: Stranger, *arguments: str) -> CompletedProcess[str]:
    """Call `etl preview`."""
    return etl("preview", company.env, *arguments)


def test_a_slice_is_built_with_checks_and_nothing_is_committed(company: Stranger) -> None:
    """So many rows of the table's own query, all that it refers to as far as it goes; no file is left."""
    before = sorted(company.folder.rglob("*"))
    ended = shown(company, "fact_sale", "--rows", "20")
    assert ended.returncode == 0, ended.stderr
    assert "fact_sale: 20 rows of 20; 0 rejected, 0 set aside." in ended.stdout
    assert "person_key: 1 rows match no member, 0 have none." in ended.stdout
    assert re.search(r"price +│ int +│ +0 │ +20 │ 10 +│ 200", ended.stdout)
    assert re.search(r"━━ row 3\nsale_id +3\nperson_key +1\nprice +30\n", ended.stdout)
    assert sorted(company.folder.rglob("*")) == sorted({*before, company.env})


def test_rejects_are_told_with_their_reason_and_no_personal_data(company: Stranger) -> None:
    """As `etl rejects` tells them; --show-personal shows all."""
    ended = shown(company, "dim_person")
    assert "dim_person: 2 rows of 3; 1 rejected" in ended.stdout
    assert re.search(r"1 × age is less than 0\n.*\"person_id\": 2.*\*\*\*", ended.stdout)
    assert "@b.c" not in ended.stdout
    assert "zoe@b.c" in shown(company, "dim_person", "--show-personal").stdout


MANY = (
    "WITH RECURSIVE n(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 400)"
    " INSERT INTO people SELECT n, NULL, 1 FROM n",
    "UPDATE sales SET person_id = 400 WHERE sale_id = 1",
)


def test_what_a_slice_refers_to_is_found_in_a_longer_dimension(company: Stranger) -> None:
    """Of a dimension that is longer than what is read of it, the members that are referred to are read."""
    company.fill(*MANY)
    ended = shown(company, "fact_sale", "--rows", "1")
    assert "match no member" not in ended.stdout
    assert (
        "Of people what is referred to was read.\nRows that were read: 1 of people, 1 of sales (cut)." in ended.stdout
    )


def test_members_that_the_slice_may_lack_are_told_of(company: Stranger) -> None:
    """Where the members cannot be asked for, because build names the key, some may be missing."""
    company.fill(*MANY)
    company.query("people", "SELECT person_id AS number, email, age FROM people", key="number")
    company.star_table(
        "dim_person", PERSON.replace("return people", 'return people.rename(columns={"number": "person_id"})')
    )
    ended = shown(company, "fact_sale", "--rows", "1")
    assert "person_key: 1 rows match no member" in ended.stdout
    assert "Members may be missing because people were cut." in ended.stdout


def test_it_needs_no_lock_and_reads_the_newest_raw_run_where_it_is_told_to(company: Stranger) -> None:
    """A night may be under way; the rows of last night are there without asking the source."""
    assert company.download().code == 0
    company.fill("DROP TABLE sales")
    with held(company.data, "a night"):
        ended = shown(company, "fact_sale", "--from-raw", "--rows", "5")
    assert "fact_sale: 5 rows of 5" in ended.stdout, ended.stderr
    assert f"raw run {company.store.raw.committed()[-1]}" in ended.stdout


def test_a_query_is_shown_alone(company: Stranger) -> None:
    """With its types, and rows of one key."""
    company.fill("INSERT INTO sales VALUES (1, 1, 1)")
    ended = shown(company, "sales")
    assert "sales: 51 rows, 0 rejected." in ended.stdout
    assert "1 rows have the same sale_id as another." in ended.stdout
    assert re.search(r"price +│ int64 +│ int ", ended.stdout)


@pytest.mark.parametrize(
    ("file", "text", "old", "new"),
    [
        ("dim_person", PERSON, "return people", "return people.drop(columns='age')"),
        ("dim_person", PERSON, "age: Integer", "age: Flag"),
        ("dim_person", PERSON, "return people", "return people.assign(age=people['aeg'])"),
        ("fact_sale", SALE, "build(sales:", "build(sale:"),
        ("fact_sale", SALE, "return sales", "return sales.head(3)"),
    ],
)
def test_errors_are_those_of_a_night(company: Stranger, file: str, text: str, old: str, new: str) -> None:
    """The same sentence and the same hint, whatever is wrong with the table file."""
    company.star_table(file, text.replace(old, new))
    assert company.download().code == 0
    night, preview = company.transform(), shown(company, file)
    assert (preview.returncode, preview.stderr) == (night.code, night.err)
    assert preview.returncode == 1


def test_a_name_that_is_not_there_is_guessed(company: Stranger) -> None:
    """Among tables and queries."""
    assert "Did you mean fact_sale?" in shown(company, "fact_sales").stderr


@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite", "duckdb", "tsql", "oracle"])
def test_a_slice_is_of_the_source_s_own_sql(dialect: str) -> None:
    """The query stands within it, with what stands before it; SQL Server takes no WITH and no ORDER BY in there."""
    text = "WITH a AS (SELECT 1 AS n) SELECT n FROM a ORDER BY n -- the last line"
    query = Query("a", Path("a.sql"), text, "", "row", "shop", ("n",), dialect=dialect, partition_on="n")
    found = sliced(query, 7, "n = 1")
    tree = sqlglot.parse_one(found.sql, dialect=dialect)
    assert ("7" in str(tree.args.get("limit")), found.partition_on) == (True, None)
    if dialect == "tsql":
        assert found.sql == "WITH a AS (SELECT 1 AS n) SELECT TOP 7 * FROM (SELECT n FROM a \n) AS q WHERE n = 1"


def test_an_exception_whose_text_may_be_personal_is_read_with_the_option(company: Stranger) -> None:
    """A night keeps the text in a file; a preview leaves none behind, so it does not name one."""
    company.star_table("dim_person", PERSON.replace("return people", "raise KeyError(people.email[1])"))
    hidden = etl("preview", company.env, "dim_person")
    assert "Try: Read it with --show-personal." in hidden.stderr
    assert "failed_rejects" not in hidden.stderr
    assert "zoe@b.c" not in hidden.stderr
    assert "zoe@b.c" in etl("preview", company.env, "dim_person", "--show-personal").stderr
