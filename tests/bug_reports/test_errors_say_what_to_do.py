"""What PostgreSQL refuses is repeated with the cure for just that; nobody is sent to look where nothing is wrong."""

import re
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.bug_reports.company import Stranger
from tests.conftest import Sql
from tests.drawn import cells_of

FAULTS = """
| query                                           | what is said                      | the cure                       |
| ----------------------------------------------- | --------------------------------- | ------------------------------ |
| SELECT id FROM nowhere                          | relation "nowhere" does not exist | renamed or dropped             |
| SELECT hue FROM cures                           | column "hue" does not exist       | column was renamed             |
| SELECT id FROM secret_cures                     | permission denied                 | GRANT SELECT ON                |
| SELEC 1                                         | syntax error                      | Correct the query at that line |
| SELECT 1 / (id - 1) AS id FROM cures            | division by zero                  | NULLIF                         |
| SELECT text::int AS id FROM cures               | invalid input syntax              | convert only what fits         |
| SELECT nextval('cure_numbers') AS id FROM cures | cannot execute nextval            | A source is only read          |
| SELECT 2147483647 + id AS id FROM cures         | integer out of range              | ::numeric                      |
"""


@pytest.fixture(scope="module")
def reader(shop: str, sql: Sql) -> str:
    """Give the URL of the shop for a role that may read one table of two."""
    sql(
        "CREATE TABLE cures AS SELECT 1 AS id, 'one' AS text; CREATE TABLE secret_cures AS SELECT 1 AS id;"
        "CREATE SEQUENCE cure_numbers; CREATE ROLE cures_reader LOGIN;"
        "GRANT SELECT ON cures TO cures_reader; GRANT USAGE ON cure_numbers TO cures_reader"
    )
    return shop.replace("postgres@", "cures_reader@")


@pytest.mark.parametrize(("query", "said", "cure"), cells_of(FAULTS))
def test_each_refusal_of_the_source_has_its_own_cure(
    tmp_path: Path, reader: str, query: str, said: str, cure: str
) -> None:
    """Whether it is found in planning or among the rows."""
    company = Stranger(tmp_path, reader)
    path = company.query("faulty", query)
    ended = company.download()
    assert ended.code == 1
    error, advice = ended.err.splitlines()[-2:]
    assert error.startswith(f"Error: {path}")
    assert said in error
    assert re.match(f"Try: .*{re.escape(cure)}", advice), advice
    assert "psql" not in ended.err


def test_texts_of_no_known_encoding_are_converted_as_the_hint_says(tmp_path: Path, postgres_server: str) -> None:
    """In SQL_ASCII a byte may be anything: the sentence says so, and the query that it writes works as it stands."""
    with closing(psycopg2.connect(postgres_server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(
            "CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
        )
    company = Stranger(tmp_path, postgres_server.replace("/postgres?", "/bytes?"))
    people = r"(SELECT 1 AS id, E'a\\b' || convert_from('\x4a6f73e9'::bytea, 'SQL_ASCII') AS name) people"
    company.query("people", f"SELECT id, name FROM {people}")
    ended = company.download()
    assert ended.code == 1
    assert "the database's encoding is SQL_ASCII" in ended.err
    [cure] = re.findall(r"LATIN1: (convert_from\(.* AS name)\.", ended.err)
    company.query("people", f"SELECT id, {cure} FROM {people}")
    company.done()
    assert company.rows("people") == [{"id": 1, "name": r"a\bJosé"}]
