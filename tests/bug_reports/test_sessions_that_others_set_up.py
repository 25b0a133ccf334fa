"""What a role, a database, a server or a pooler has set in a session changes no text and ends no night."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests import pooler
from tests.bug_reports.company import Stranger
from tests.conftest import Sql
from tests.download.test_mysql import DRIVERS
from tests.maria import Maria

QUERY = """SELECT 1 AS id, '1 day 02:03'::interval AS length, '\\x00ff'::bytea AS bytes, 0.1::float4 AS share,
'2031-07-01 00:30+00'::timestamptz AS at, '2031-07-01'::date AS day,
to_char('2031-07-01 00:30+00'::timestamptz, 'HH24')"""

TEXT = "1,P1DT2H3M,\\x00ff,0.1,2031-07-01 00:30:00+00,2031-07-01,00"

ODD = {
    "TimeZone": "Asia/Kolkata",
    "DateStyle": "German",
    "IntervalStyle": "postgres",
    "bytea_output": "escape",
    "extra_float_digits": "-5",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "100ms",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
}
NEW = {"transaction_timeout": "700ms"}
"""What servers older than 17 do not know."""


@pytest.fixture
def company(tmp_path: Path, shop: str) -> Stranger:
    """Give a company whose source is PostgreSQL."""
    return Stranger(tmp_path, shop)


def raw_text(company: Stranger) -> str:
    """Give the rows of the newest raw file as they were written."""
    manifest = company.done()
    return (company.store.raw.path(manifest.run) / "odd.csv").read_text().partition("\n")[2].strip()


def test_what_a_role_has_set_is_ours_for_the_night(company: Stranger, sql: Sql) -> None:
    """Its transactions may last no longer than 700 ms; the slow query is let go on."""
    known = {name for (name,) in sql("SELECT name FROM pg_settings")}
    sql("CREATE ROLE odd LOGIN")
    for name, value in (ODD | NEW).items():
        if name in known:
            sql(f"ALTER ROLE odd SET {name} = '{value}'")
    try:
        company.sources["shop"] = company.sources["shop"].replace("postgres@", "odd@")
        company.query("odd", QUERY)
        company.query("slow", "SELECT 1 AS id, pg_sleep(1)::text AS slept")
        assert raw_text(company) == TEXT
    finally:
        sql("DROP ROLE odd")


@pytest.fixture
def pooled(company: Stranger, tmp_path: Path) -> Iterator[str]:
    """Give the URL of the shop behind PgBouncer, whose sessions belong to a client for a transaction only."""
    with pooler.running(company.sources["shop"], tmp_path, size=3) as url:
        yield url


def test_a_pooler_that_hands_sessions_round_changes_nothing(company: Stranger, pooled: str) -> None:
    """What other clients have left in its sessions does not count, and ours are left as they were found."""
    clients = [psycopg2.connect(pooled) for _ in range(3)]
    for client in clients:  # all at once, so that each has a session of its own
        with client.cursor() as cursor:
            for name, value in ODD.items():
                cursor.execute(f"SET SESSION {name} = '{value}'")
    for client in clients:
        client.commit()
    company.sources["shop"] = pooled
    company.settings["SOURCE_CONNECTIONS"] = "2"
    company.query("odd", QUERY)
    for name in ("b", "c", "d"):
        company.query(name, "SELECT g AS id FROM generate_series(1, 3) g")
    assert [raw_text(company) for _ in range(3)] == [TEXT] * 3
    found = []
    for client in clients:
        with closing(client), client.cursor() as cursor:
            cursor.execute("SHOW bytea_output")
            found += cursor.fetchall()
            cursor.execute("SELECT pg_sleep(0.1)")
    assert found == [("escape",)] * 3


LIMITS = {"sql_select_limit": "3", "group_concat_max_len": "20", "init_connect": "'SET NAMES latin1'"}


@pytest.mark.parametrize("charset", ["", "?charset=utf8", "?charset=latin1"])
@pytest.mark.parametrize("driver", DRIVERS)
def test_no_limit_or_character_set_of_mysql_cuts_what_it_holds(
    tmp_path: Path, maria: Maria, driver: str, charset: str
) -> None:
    """The server's limits cut rows and GROUP_CONCAT without an error, and a smaller character set writes ? instead."""
    maria.sql(
        "CREATE OR REPLACE TABLE words (id INT, word VARCHAR(20) CHARACTER SET utf8mb4)",
        "INSERT INTO words VALUES (1, 'a\U0001f600b'), (2, 'ł'), (3, 'é'), (4, '€'), (5, 'NA')",
    )
    before = {name: maria.sql(f"SELECT @@GLOBAL.{name}")[0][0] for name in LIMITS}
    company = Stranger(tmp_path, maria.url(driver) + charset)
    company.settings["RECEIPTS"] = "off"
    company.query("words", "SELECT id, word FROM words ORDER BY id")
    company.query("lists", "SELECT 1 AS id, GROUP_CONCAT(REPEAT(word, 9) ORDER BY id SEPARATOR '') AS list FROM words")
    try:
        maria.sql(*(f"SET GLOBAL {name} = {value}" for name, value in LIMITS.items()))
        company.done()
    finally:
        maria.sql(*(f"SET GLOBAL {name} = {value!r}" for name, value in before.items()))
    words = [row["word"] for row in company.rows("words")]
    assert words == ["a\U0001f600b", "ł", "é", "€", "NA"]
    assert company.rows("lists") == [{"id": 1, "list": "".join(word * 9 for word in words)}]
