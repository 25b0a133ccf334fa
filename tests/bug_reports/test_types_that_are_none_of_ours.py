"""Types of sources that no warehouse has, and headers of files as people write them: published whole, or told how.

Reports: money above 1,000 that cannot be read and bits as true and false, airbytehq/airbyte#7870 and #4071; infinite
floating point numbers that end the program, sfu-db/connector-x#573; NaN that becomes 0, duckdb/duckdb#23971; arrays of
an enum whose labels have blanks, duckdb/duckdb-postgres#82 and sqlalchemy/sqlalchemy#7418; numbers that become NULL for
their digits, airbytehq/airbyte#38470; blanks in a header that hide a column, pandas-dev/pandas#9067 and #14367; a
column that is there twice and is read once, pandas-dev/pandas#7160.
"""

import math
from pathlib import Path

import pytest

from tests.bug_reports.company import Stranger
from tests.conftest import Sql

DIM_ITEM = '''
class DimItem(Dimension):
    """One row per item."""

    item_key: Key = surrogate_key()
    item_id: Integer = natural_key("Its number.")
    x: {} = attribute("A value.", nullable=True)


def build(items: pd.DataFrame) -> pd.DataFrame:
    return items.rename(columns={{"id": "item_id"}})
'''
PUBLISHED = "SELECT x FROM dim_item WHERE item_key > 0"


@pytest.mark.parametrize(
    ("kind", "value", "published"),
    [
        ("Text", "ARRAY['a b', 'c']::mood_of_ours[]", '{"a b",c}'),
        ("Text", "'1234.50'::money", "$1,234.50"),
        ("Text", "B'101'", "101"),
        ("Number", "'-infinity'::real", -math.inf),
        ("Number", "1e300::double precision", 1e300),
    ],
)
def test_what_has_no_type_here_is_published_as_the_database_prints_it(
    tmp_path: Path, shop: str, sql: Sql, kind: str, value: str, published: object
) -> None:
    """To the letter, and infinite numbers as such."""
    if "mood" in value:
        sql("CREATE TYPE mood_of_ours AS ENUM ('a b', 'c')")
    company = Stranger(tmp_path, shop)
    company.query("items", f"SELECT 1 AS id, {value} AS x")
    company.star_table("dim_item", DIM_ITEM.format(kind))
    assert company.published(PUBLISHED) == [(published,)]


@pytest.mark.parametrize(
    ("kind", "value", "published"),
    [
        ("Money", "'12345.60'::money", "12345.60"),
        ("Integer", "B'101'", "5"),
        ("Date", "'2030-01-31'::text", "2030-01-31"),
    ],
)
def test_the_cast_of_the_hint_makes_it_what_the_contract_wants(
    tmp_path: Path, shop: str, kind: str, value: str, published: str
) -> None:
    """The hint tells PostgreSQL, where `-- types:` does nothing, from other databases."""
    company = Stranger(tmp_path, shop)
    company.query("items", f"SELECT id, x FROM (SELECT 1 AS id, {value} AS x) AS given")
    company.star_table("dim_item", DIM_ITEM.format(kind))
    ended = company.night()
    assert ended.code == 1
    assert "build returned texts for x" in ended.err
    cast = ended.err.partition("as such: ")[2].partition(" in PostgreSQL")[0]
    company.query("items", f"SELECT id, {cast} FROM (SELECT 1 AS id, {value} AS x) AS given")
    company.done()
    assert [str(x) for (x,) in company.published(PUBLISHED)] == [published]


def test_a_time_of_day_with_a_zone_is_rejected_for_its_zone(tmp_path: Path, shop: str) -> None:
    """Whose time it would be without is for the query to say."""
    company = Stranger(tmp_path, shop)
    company.query("items", "SELECT 1 AS id, '04:05:06+02'::timetz AS x")
    company.star_table("dim_item", DIM_ITEM.format("Time"))
    assert "is not a time of day from 00:00:00 to 23:59:59.999999, without a zone" in company.night().err


def test_a_header_with_blanks_is_told_with_the_name_to_write(tmp_path: Path) -> None:
    """The blank belongs to the name; the hint's form reads it."""
    inbox = tmp_path / "in box"
    inbox.mkdir()
    (inbox / "items.csv").write_text("id, x\n1,a\n", encoding="utf-8")
    company = Stranger(tmp_path, "file:in box")
    company.query("items", "SELECT id::INTEGER AS id, x FROM 'items.csv'")
    company.star_table("dim_item", DIM_ITEM.format("Text"))
    ended = company.night()
    assert ended.code == 1
    assert '" x"' in ended.err
    assert 'in double quotes: " amount" AS amount.' in ended.err
    company.query("items", "SELECT id::INTEGER AS id, \" x\" AS x FROM 'items.csv'")
    assert company.published(PUBLISHED) == [("a",)]


@pytest.mark.parametrize("header", ["id,x,x", "id,X,x", "id,x,"])
def test_a_column_that_is_there_twice_or_has_no_name_ends_the_night(tmp_path: Path, header: str) -> None:
    """Which of them the query means is not guessed."""
    (tmp_path / "items.csv").write_text(f"{header}\n1,a,b\n", encoding="utf-8")
    company = Stranger(tmp_path, "file:.")
    company.query("items", "SELECT id::INTEGER AS id, x FROM 'items.csv'")
    ended = company.download()
    assert ended.code == 1
    assert "in its first row" in ended.err
