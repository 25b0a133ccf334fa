"""What a stranger's catalogue has and the samples do not: arrays, tables without a key, keys beyond 64 bits."""

import re
from pathlib import Path

from tests.called import etl
from tests.conftest import Sql
from tests.draft.company import Drafted
from tests.maria import Maria


def test_arrays_and_ranges_are_no_keys(shop: str, sql: Sql, tmp_path: Path) -> None:
    """Values that are lists are neither compared nor counted, though their type has `int` in its name."""
    sql("CREATE DOMAIN int_list AS int[]")
    sql(
        "CREATE TABLE tagged (name text, tags text[], numbers int[], domained int_list, took interval, at point,"
        " span int4range)"
    )
    sql(
        "INSERT INTO tagged SELECT 'n' || n, ARRAY['a'], ARRAY[n], ARRAY[n], '1 day', '(1,2)', '[1,3)'"
        " FROM generate_series(1, 30) AS n"
    )
    company = Drafted(tmp_path, shop)
    company.drafted("tagged")
    assert "-- key: name\n" in company.text("tagged.sql")
    assert company.download().code == 0
    assert company.transform().code == 0


def test_rows_without_a_key_are_numbered_in_mariadb(maria: Maria, tmp_path: Path) -> None:
    """ROW_NUMBER is a reserved word there, and so are others that MySQL does not reserve."""
    maria.sql(
        "CREATE TABLE keyless (`offset` int, `rank` int, name varchar(9))",
        "INSERT INTO keyless VALUES (1, 1, 'a'), (1, 1, 'a'), (2, 1, NULL)",
    )
    company = Drafted(tmp_path, maria.url())
    company.drafted("keyless")
    assert company.night().code == 0
    assert company.asked("SELECT count(DISTINCT row_number) FROM fact_keyless") == [(3,)]


def test_keys_beyond_64_bits_are_text(maria: Maria, tmp_path: Path) -> None:
    """Such a key, and what refers to it, is drafted as text in both tables, and every row finds its member."""
    maria.sql(
        "CREATE TABLE wide_cases (no bigint unsigned PRIMARY KEY, name varchar(9))",
        "CREATE TABLE wide_stays (id int PRIMARY KEY, case_no bigint unsigned REFERENCES wide_cases (no))",
        "INSERT INTO wide_cases VALUES (1, 'a'), (18446744073709551615, 'b'), (9223372036854775808, 'c')",
        "INSERT INTO wide_stays VALUES (1, 1), (2, 18446744073709551615), (3, 9223372036854775808)",
    )
    company = Drafted(tmp_path, maria.url())
    company.drafted("wide_stays")
    ended = company.night()
    assert ended.code == 0, ended.err
    assert company.asked(
        "SELECT wide_case_no, c.name FROM fact_wide_stay JOIN dim_wide_case AS c USING (wide_case_key) ORDER BY id"
    ) == [("1", "a"), ("18446744073709551615", "b"), ("9223372036854775808", "c")]


def test_a_column_is_named_like_no_word_of_sql(tmp_path: Path) -> None:
    """Analysts write it without quotes; and a date of birth is personal, in whatever language."""
    company = Drafted(tmp_path)
    company.fill(
        'CREATE TABLE accounts (id integer PRIMARY KEY, limit_ int, "order" int, geboren date, urodzony date)',
        "INSERT INTO accounts VALUES (1, 2, 3, '2000-01-01', '2000-01-02')",
    )
    ended = etl("draft", company.env, "accounts")  # the only source need not be named
    assert ended.returncode == 0, ended.stderr
    company.fill("ALTER TABLE accounts ADD note text")
    assert "1 change of the catalogue is noted" in etl("draft", company.env, "shop", "--noted").stdout
    assert company.night().code == 0
    assert company.asked("SELECT account_limit, account_order FROM fact_account") == [(2, 3)]
    marked = re.findall(r"^    (\w+): .*pii=True", company.text("fact_account.py"), re.MULTILINE)
    assert marked == ["geboren", "urodzony"]


def test_a_table_file_that_was_deleted_is_drafted_anew(tmp_path: Path) -> None:
    """A dimension that the fact still refers to comes back with its name, and with its query that is still there."""
    company = Drafted(tmp_path)
    company.fill(
        "CREATE TABLE kinds (id integer PRIMARY KEY, name text)",
        "CREATE TABLE rooms (id integer PRIMARY KEY, kind_id integer REFERENCES kinds, name text)",
        "CREATE TABLE stays (id integer PRIMARY KEY, room_id integer REFERENCES rooms, beds int)",
        "INSERT INTO kinds VALUES (1, 'double')",
        "INSERT INTO rooms VALUES (1, 1, 'blue')",
        "INSERT INTO stays VALUES (1, 1, 2)",
    )
    company.drafted("stays")
    files = {path: path.read_text() for path in sorted(company.folder.glob("[qt]*/*.*"))}
    for name in ("dim_room", "fact_stay"):
        (tmp_path / "tables" / f"{name}.py").unlink()
        ended = company.draft("stays")
        assert ended.returncode == 0, ended.stderr
        assert {path: path.read_text() for path in sorted(company.folder.glob("[qt]*/*.*"))} == files
    assert company.night().code == 0


def test_values_of_a_joined_list_bite_no_less(shop: str, sql: Sql, tmp_path: Path) -> None:
    """A short list that is joined to a dimension is looked at as any other table is."""
    sql("CREATE TABLE shifts (id int PRIMARY KEY, until date, ends time)")
    sql("CREATE TABLE crews (id int PRIMARY KEY, shift_id int REFERENCES shifts)")
    sql("CREATE TABLE trips (id int PRIMARY KEY, crew_id int REFERENCES crews)")
    sql("INSERT INTO shifts VALUES (1, 'infinity', '24:00')")
    sql("INSERT INTO crews VALUES (1, 1)")
    sql("INSERT INTO trips VALUES (1, 1)")
    sql("ANALYZE shifts, crews, trips")
    company = Drafted(tmp_path, shop)
    company.drafted("trips")
    assert "24:00, which is no time of day: NULL here, in 1 of 1 rows" in company.text("crews.sql")
    assert company.night().code == 0
    assert company.asked("SELECT shift_until, shift_ends FROM dim_crew WHERE id = 1") == [(None, None)]
