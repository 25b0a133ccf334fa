"""Policies that hide rows from the ETL's role: PostgreSQL would filter without a word."""

from collections.abc import Iterator

import pytest

from tests.conftest import Sql
from tests.download.company import Company


@pytest.fixture
def hidden(company: Company, sql: Sql) -> Iterator[Company]:
    """Give a company whose role sees 3 of 5 rows of a table, and all through a view of the owner's."""
    sql(
        "CREATE TABLE parted AS SELECT g AS id, g % 2 AS branch FROM generate_series(1, 5) g;"
        "CREATE VIEW all_of_it AS SELECT * FROM parted;"
        "CREATE ROLE parted_reader LOGIN; GRANT SELECT ON parted, all_of_it TO parted_reader;"
        "ALTER TABLE parted ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON parted USING (branch = 1)"
    )
    company.sources["shop"] = company.sources["shop"].replace("postgres@", "parted_reader@")
    yield company
    sql("DROP TABLE parted CASCADE; DROP ROLE parted_reader")


def test_hidden_rows_are_refused_unless_the_header_expects_it(hidden: Company, sql: Sql) -> None:
    """The sentence names the table and both cures; a view that shows everything is none of that."""
    hidden.query("a", "SELECT id FROM parted")
    ended = hidden.download()
    assert ended.code == 1
    assert 'a.sql: query would be affected by row-level security policy for table "parted".' in ended.err
    assert "ALTER ROLE … BYPASSRLS" in ended.err
    assert "`-- row security: expected`" in ended.err
    hidden.query("a", "SELECT id FROM parted", more="-- row security: expected\n")
    hidden.query("b", "SELECT id FROM all_of_it")
    hidden.done()
    assert (len(hidden.rows("a")), len(hidden.rows("b"))) == (3, 5)
    hidden.query("a", "SELECT id FROM parted", more="-- row security: yes\n")
    assert "Write `-- row security: expected`." in hidden.download().err
    sql("ALTER ROLE parted_reader BYPASSRLS")
    hidden.query("a", "SELECT id FROM parted")
    hidden.done("--accept", "a:grew=5")
    assert len(hidden.rows("a")) == 5
