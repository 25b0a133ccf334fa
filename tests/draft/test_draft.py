"""A draft passes its own checks and loads as it is: whatever the schema, with keys and without."""

import re
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.called import etl
from tests.draft.company import Drafted
from tests.maria import Maria

NASTY = Path(__file__).with_name("nasty.sql")


@pytest.fixture(scope="module")
def nasty(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Drafted:
    """Give a company that was drafted from a nasty schema, after its first night."""
    with closing(psycopg2.connect(postgres_server)) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE nasty")
    url = postgres_server.replace("/postgres?", "/nasty?")
    wide = ", ".join(f"c{n} {('int', 'text', 'date', 'numeric(10,2)', 'timestamp')[n % 5]}" for n in range(200))
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(NASTY.read_text(encoding="utf-8"))
        cursor.execute(f"CREATE TABLE wide (id serial PRIMARY KEY, {wide})")
        cursor.execute("INSERT INTO wide (c0) SELECT * FROM generate_series(1, 30)")
    company = Drafted(tmp_path_factory.mktemp("nasty"), url)
    company.drafted("public.order", "archive.order", "empty_one", "no_key", "100 % :strange", "of_view", "wide")
    ended = company.night()
    assert ended.code == 0, ended.err
    return company


def test_a_nasty_schema_loads_as_it_is_drafted(nasty: Drafted) -> None:
    """Reserved words, blanks, umlauts, composite keys, several schemas, 200 columns, no rows, no key: all arrive."""
    tables = (
        "fact_order",
        "fact_order_2",
        "fact_n_100_strange",
        "fact_no_key",
        "fact_wide",
        "fact_empty_one",
        "dim_kunde",
    )
    counts = [nasty.asked(f"SELECT count(*) FROM {name}")[0][0] for name in tables]
    assert counts == [300, 300, 30, 4, 30, 0, 3]


def test_roles_are_named_after_their_columns(nasty: Drafted) -> None:
    """Two references to one dimension, of one column or of two, are two roles; the first one is active."""
    [found] = nasty.asked(
        "SELECT o.name, d.name, s.name, b.name FROM fact_order AS f JOIN dim_airport AS o ON o.airport_key = origin_key"
        " JOIN dim_airport AS d ON d.airport_key = dest_key JOIN dim_region AS s ON s.region_key = ship_key"
        " JOIN dim_region AS b ON b.region_key = bill_key WHERE id = 1"
    )
    assert found == ("Madrid", "Berlin", "Süd", "Norte")


def test_a_member_refers_to_another_of_its_table(nasty: Drafted) -> None:
    """A foreign key to the same table becomes a reference in a dimension, and stays an attribute in a fact."""
    assert nasty.asked(
        "SELECT p.kunden_nr FROM dim_kunde AS k JOIN dim_kunde AS p ON p.kunde_key = k.parent_key"
        " WHERE k.kunden_nr = 'K2'"
    ) == [("K1",)]
    assert "replaces: Integer = attribute(" in nasty.text("fact_order.py")


def test_values_that_bite_are_told_and_cured_beside_their_column(nasty: Drafted) -> None:
    """Infinity, NaN, 24:00, years beyond 9999, U+FEFF, what is too long: with how many rows have it."""
    query = nasty.text("order.sql")
    for told in (
        "placed: infinite, or of years that nobody else has: NULL here, in 75 of 300 rows",
        "rate: NaN or infinite: NULL here, in 100 of 300 rows",
        "at_time: 24:00, which is no time of day: NULL here, in 150 of 300 rows",
        "due: a day that the calendar does not have, in 43 of 300 rows",
        "note: longer than 32,766 characters, where Power BI cuts them, in 1 of 300 rows",
        "amount: NaN, or beyond BigQuery's NUMERIC: NULL here, in 60 of 300 rows",
    ):
        assert f"-- {told}" in query
    assert nasty.asked("SELECT count(placed), count(rate), count(at_time), count(due) FROM fact_order") == [
        (225, 200, 150, 258)
    ]


def test_personal_data_is_marked_by_its_name(nasty: Drafted) -> None:
    """A draft is safe by default."""
    marked = re.findall(
        r"^    (\w+): .*pii=True", nasty.text("dim_kunde.py") + nasty.text("fact_order.py"), re.MULTILINE
    )
    assert marked == ["e_mail", "ip"]


def test_descriptions_come_from_comments(nasty: Drafted) -> None:
    """The catalogue's comments are the dictionary's sentences, quotes and backslashes included."""
    assert "Who buys: 'the client' of several lines" in nasty.text("dim_kunde.py")
    assert r'"A, B or C \\ \"none\""' in nasty.text("dim_kunde.py")


def test_nothing_is_overwritten(nasty: Drafted) -> None:
    """What is there is kept, whoever wrote it."""
    before = {path: path.read_text() for path in sorted(nasty.folder.glob("[qt]*/*"))}
    ended = nasty.draft("public.order")
    assert ended.returncode == 0, ended.stderr
    assert "kept fact_order, which is there already" in ended.stdout
    assert {path: path.read_text() for path in sorted(nasty.folder.glob("[qt]*/*"))} == before


def test_personal_texts_are_hashed_where_there_is_a_key(tmp_path: Path) -> None:
    """With PSEUDONYM_KEY in the settings a draft publishes pseudonyms, by which references are found all the same."""
    company = Drafted(tmp_path)
    company.settings["PSEUDONYM_KEY"] = "k" * 32
    company.fill(
        "CREATE TABLE members (email text PRIMARY KEY, born date)",
        "INSERT INTO members VALUES ('a@b.c', '2000-01-01')",
        "CREATE TABLE visits (visitor text REFERENCES members, at date, PRIMARY KEY (visitor, at))",
        "INSERT INTO visits VALUES ('a@b.c', '2024-01-01')",
    )  # fmt: skip
    company.drafted("visits")
    company.env.chmod(0o600)
    assert company.night().code == 0
    [(visitor, email)] = company.asked("SELECT visitor, email FROM fact_visit JOIN dim_member USING (member_key)")
    assert visitor == email != "a@b.c"


FLIGHTS = (
    "CREATE TABLE airlines (carrier varchar(2), name varchar(40))",
    "CREATE TABLE airports (faa varchar(3), name varchar(40))",
    "CREATE TABLE flights (at datetime, carrier varchar(2), flight int, origin varchar(3), dest varchar(3),"
    " distance int)",
)
CARRIERS = ("AA", "BB", "CC")
AIRPORTS = ("MAD", "BER", "OPO", "CDG", "FRA", "LIS", "AMS", "OSL", "PRG", "VIE", "ROM", "BRU", "ZRH", "DUB", "RIX",
            "TLL", "VNO", "HEL", "ARN", "CPH", "ATH", "SOF")  # fmt: skip


def _filled() -> list[str]:
    """Write rows: each airport but one is known, and a flight's number is used by two airlines."""
    rows = [
        f"('2024-01-{1 + n // 24 % 28:02} {n % 24:02}:00:00', '{CARRIERS[n % 3]}', {n // 6}, '{AIRPORTS[n % 5]}',"
        f" '{AIRPORTS[n % 22]}', {n})"
        for n in range(600)
    ]
    return [
        f"INSERT INTO airlines VALUES {', '.join(f'({c!r}, {c!r})' for c in CARRIERS)}",
        f"INSERT INTO airports VALUES {', '.join(f'({c!r}, {c!r})' for c in AIRPORTS[:-1])}",
        f"INSERT INTO flights VALUES {', '.join(rows)}",
    ]


def _check_flights(company: Drafted) -> None:
    company.drafted("flights")
    ended = company.night()
    assert ended.code == 0, ended.err
    assert "27 of 600 rows match nothing there" in company.text("fact_flight.py")
    assert company.asked(
        "SELECT count(*), count(DISTINCT o.faa), count(DISTINCT d.faa), sum(distance) FROM fact_flight"
        " JOIN dim_airport AS o ON o.airport_key = origin_key JOIN dim_airport AS d ON d.airport_key = dest_key"
        " JOIN dim_airline AS a ON a.airline_key = fact_flight.airline_key WHERE a.carrier IS NOT NULL"
    ) == [(600, 5, 21, 600 * 599 // 2)]


def test_keys_that_sqlite_does_not_know_are_guessed(tmp_path: Path) -> None:
    """By names, by values, by what is unique: marked as guessed, with the rows that match nothing."""
    company = Drafted(tmp_path)
    company.fill(*FLIGHTS, *_filled())
    _check_flights(company)
    assert "of the same name as its key" in company.text("fact_flight.py")


def test_keys_that_myisam_does_not_know_are_guessed(maria: Maria, tmp_path: Path) -> None:
    """The same in MariaDB, with its zero dates, flags and times beyond a day."""
    maria.sql(
        "CREATE DATABASE departures CHARACTER SET utf8mb4", "GRANT SELECT ON departures.* TO etl@'%'",
        *(f"{each.replace('TABLE ', 'TABLE departures.')} ENGINE=MyISAM" for each in FLIGHTS),
        *(each.replace("INTO ", "INTO departures.") for each in _filled()),
        "ALTER TABLE departures.flights ADD late date, ADD is_new tinyint(1), ADD took time, ADD big bigint unsigned",
        "UPDATE departures.flights SET late = '0000-00-00', is_new = flight % 2, took = '30:00:00', big = 1 << 63",
    )  # fmt: skip
    company = Drafted(tmp_path, maria.url(database="departures"))
    _check_flights(company)
    assert company.asked("SELECT count(late), sum(is_new::int), min(took), min(big)::varchar FROM fact_flight") == [
        (0, 300, 108_000, "9223372036854775808")
    ]


def test_tables_that_the_role_may_not_read_are_left_out(nasty: Drafted, tmp_path: Path) -> None:
    """A role that may read two tables gets a draft of these; what they refer to besides is told."""
    url = nasty.sources["shop"]
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE reads_few LOGIN PASSWORD 'x'; GRANT SELECT ON \"order\", airport TO reads_few")
    company = Drafted(tmp_path, url.replace("postgres@", "reads_few:x@"))
    company.env.chmod(0o600)
    company.drafted("order")
    assert "-- kunde refers to Sales Dept.Kunde, which we may not read." in company.text("order.sql")
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == [
        "dim_airport.py", "dim_date.py", "fact_order.py",
    ]  # fmt: skip


def test_without_a_table_it_says_what_to_type(nasty: Drafted) -> None:
    """The tables with their rows, those that look like facts first."""
    ended = nasty.draft()
    assert "looks like a fact" in ended.stdout
    assert "-m etl draft" in ended.stdout


def test_a_table_that_is_not_there_is_guessed(nasty: Drafted) -> None:
    """A misspelt name gets the one that was meant."""
    ended = nasty.draft("odrer")
    assert (ended.returncode, "Did you mean order?" in ended.stderr) == (2, True)


@pytest.mark.parametrize("named", [("orders", "stores"), ("stores", "orders"), ("stores", "orders", "stores")])
def test_a_table_that_another_named_one_refers_to_is_drafted_once(tmp_path: Path, named: tuple[str, ...]) -> None:
    """As its dimension, in whatever order they are named, and it is said; named alone, it is a fact, too."""
    company = Drafted(tmp_path)
    company.fill(
        "CREATE TABLE stores (id int PRIMARY KEY, city varchar(20))",
        "CREATE TABLE orders (id int PRIMARY KEY, store_id int REFERENCES stores, amount int)",
        "INSERT INTO stores VALUES (1, 'Madrid'), (2, 'Berlin')",
        "INSERT INTO orders VALUES (1, 1, 5), (2, 2, 6), (3, 2, 7)",
    )
    ended = company.draft(*named)
    assert ended.returncode == 0, ended.stderr
    assert {path.name for path in tmp_path.glob("*/*.py")} == {"fact_order.py", "dim_store.py"}
    assert {path.name for path in tmp_path.glob("queries/*.sql")} == {"orders.sql", "stores.sql"}
    assert re.search(r"stores is drafted once, as the dimension that \S*orders refers to", ended.stdout)
    company.drafted("stores")
    assert (tmp_path / "tables" / "fact_store.py").exists()


def test_a_calendar_that_is_there_is_taken(tmp_path: Path) -> None:
    """Whatever it is called: a dimension found by a date alone. Which years it needs is told."""
    company = Drafted(tmp_path)
    company.star_table("dim_day", CALENDAR)
    company.fill(*FLIGHTS, *_filled())
    assert company.draft().returncode == 0  # the only source
    company.drafted("flights")
    assert "# dim_day has to have 2024." in company.text("fact_flight.py")
    assert not (tmp_path / "tables" / "dim_date.py").exists()


CALENDAR = '''
class DimDay(Dimension):
    """One row per day."""

    day_key: Key = surrogate_key()
    day: Date = natural_key("The day.")


def build(night: Night) -> pd.DataFrame:
    return pd.DataFrame({"day": [night.business_date]})
'''


def test_drafting_again_tells_what_the_catalogue_changed(tmp_path: Path) -> None:
    """A column that came, went, or has another type: what to write where. Nothing is overwritten; --noted ends it."""
    company = Drafted(tmp_path)
    company.fill(*FLIGHTS, *_filled())
    company.drafted("flights")
    files = {path: path.read_text() for path in sorted(company.folder.glob("[qt]*/*"))}
    assert "changed" not in company.draft().stdout
    company.fill("ALTER TABLE flights ADD gate varchar(3)", "ALTER TABLE flights DROP distance",
                 "DROP TABLE airlines", "CREATE TABLE airlines (carrier varchar(2), name text NOT NULL)",
                 "INSERT INTO airlines VALUES ('AA', 'A'), ('BB', 'B'), ('CC', 'C')")  # fmt: skip
    changed = company.draft("flights")
    assert changed.returncode == 0, changed.stderr
    for told in (
        "fact_flight: the column gate (VARCHAR(3)) is new.\n  in flights.sql:\n    gate,\n  in fact_flight.py:\n"
        '    gate: Text = attribute("Gate: drafted from flights.gate.", nullable=True)\n',
        "fact_flight: the column distance is gone.\n  take distance out of flights.sql and fact_flight.py",
        "dim_airline: name was VARCHAR(40), and is TEXT.\n  in airlines.sql:\n    name,\n",
        "dim_airline: name is never NULL any more.",
    ):
        assert told in changed.stdout
    assert {path: path.read_text() for path in sorted(company.folder.glob("[qt]*/*"))} == files
    assert "4 changes of the catalogue are noted" in etl("draft", company.env, "shop", "--noted").stdout
    assert "changed" not in company.draft().stdout


def test_tables_of_another_source_are_not_taken_for_ours(tmp_path: Path) -> None:
    """Two sources may both have airlines: each has a dimension of its own."""
    company = Drafted(tmp_path)
    company.fill(*FLIGHTS, *_filled())
    company.drafted("flights")
    company.sources["other"] = company.sources["shop"]
    ended = etl("draft", company.env, "other", "flights")
    assert ended.returncode == 0, ended.stderr
    assert 'reference("dim_airline_2"' in company.text("fact_flight_2.py")
    assert company.night().code == 0
