"""PostgreSQL sources: each fault is made at a real server, and the doctor says it with its cure."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.doctor import asking, postgres
from etl.doctor.check import FAILURE, OK, WARNING
from tests import pooler
from tests.conftest import PASSWORD, Sql
from tests.doctor.found import Patient, told
from tests.refresh.server import certificate


@pytest.fixture
def read(patient: Patient, sql: Sql) -> Iterator[Patient]:
    """Give a company whose role may read two tables, and no more."""
    sql(
        "CREATE TABLE bills AS SELECT g AS id, DATE '2030-01-01' + g AS day FROM generate_series(1, 500) g;"
        "CREATE TABLE wages (id integer); CREATE ROLE sick LOGIN; GRANT SELECT ON bills TO sick"
    )
    patient.sources["shop"] = patient.sources["shop"].replace("postgres@", "sick@")
    patient.query("bills", "SELECT id, day FROM bills")
    yield patient
    sql("DROP TABLE bills, wages CASCADE; DROP OWNED BY sick; DROP ROLE sick")


def test_a_role_that_only_reads_is_well(read: Patient) -> None:
    """Nothing is found, and each check says what it has seen."""
    findings = read.part()
    assert {finding.level for _, finding in findings} == {OK}, told([finding for _, finding in findings])
    assert {"reached", "clock", "planned", "server", "tls", "role", "snapshot", "zone", "values"} == {
        name for name, _ in findings
    }


@pytest.mark.parametrize(
    ("fault", "check", "level", "sentence", "cure"),
    [
        ("GRANT INSERT ON bills TO sick", "role", WARNING, "may write into public.bills.", "etl grants"),
        (
            "ALTER TABLE wages OWNER TO sick",
            "role",
            WARNING,
            "owns 1 table, and may write into public.wages",
            "grants",
        ),
        ("ALTER ROLE sick SUPERUSER", "role", WARNING, "is a superuser", "Make a role that can only read"),
        ("ALTER ROLE sick CREATEDB", "role", WARNING, "may create roles, databases or schemas", "grants"),
        (
            "REVOKE SELECT ON bills FROM sick",
            "planned",
            FAILURE,
            "permission denied for table bills",
            "GRANT SELECT ON",
        ),
        ("ALTER TABLE bills RENAME day TO tag", "planned", FAILURE, 'bills.sql:5: column "day" does not', "renamed"),
        (
            "ALTER TABLE bills ENABLE ROW LEVEL SECURITY",
            "planned",
            FAILURE,
            'row-level security policy for table "bills"',
            "BYPASSRLS",
        ),
        (
            "ALTER ROLE sick CONNECTION LIMIT 3",
            "snapshot",
            FAILURE,
            "needs 3 connections at once",
            "SOURCE_CONNECTIONS",
        ),
        (
            "ALTER ROLE sick SET statement_timeout = 4000",
            "timeouts",
            WARNING,
            "statement_timeout is 4000 ms (set by the user)",
            "ALTER ROLE … SET statement_timeout = 0",
        ),
    ],
)
def test_a_fault_is_said_with_its_cure(
    read: Patient, sql: Sql, fault: str, check: str, level: str, sentence: str, cure: str
) -> None:
    """One fault, one finding that is not well."""
    sql(fault)
    [finding] = [finding for finding in read.found(check) if finding.level != OK]
    assert finding.level == level
    assert sentence in finding.sentence
    assert cure in finding.cure


def test_every_query_that_is_refused_is_named(read: Patient) -> None:
    """The first fault hides none of the others."""
    read.query("a", "SELECT id FROM wages")
    read.query("b", "SELECT id FROM nowhere")
    read.query("c", "SELECT id, nothing FROM bills")
    names = [finding.sentence.rpartition("/")[2].partition(".sql")[0] for finding in read.found("planned")]
    assert names == ["a", "b", "c"]


def test_ranges_without_an_index_read_the_table_again_and_again(read: Patient, sql: Sql) -> None:
    """With an index nothing is said, of a number, a date or a time."""
    read.query("bills", "SELECT id, day FROM bills", more="-- partition on: id\n")
    read.query("days", "SELECT id, day FROM bills", more="-- partition on: day\n")
    assert [("bills" in each, "CREATE INDEX" in each) for each in told(read.found("ranges"))] == [(True, True)] * 2
    sql("CREATE INDEX ON bills (id); CREATE INDEX ON bills (day)")
    assert read.found("ranges") == []


def test_values_at_the_edge_are_counted(read: Patient, sql: Sql) -> None:
    """Each kind once, with what to write instead, which cures it; personal data are counted, and not shown."""
    sql(
        "CREATE TABLE edges (id integer, day date, at timestamptz, price numeric, rate float8, name text);"
        "INSERT INTO edges VALUES (1, 'infinity', '12000-01-01', 'NaN', 'infinity', U&'\\FEFFhunter2'),"
        " (2, '0044-03-15 BC', NULL, 1e29, 1, 'plain'), (3, NULL, NULL, 0.0000000001, NULL, NULL);"
        "GRANT SELECT ON edges TO sick"
    )
    try:
        read.query("edges", "SELECT * FROM edges", more="-- pii: name\n")
        read.query("fails", "SELECT id, name::numeric AS name FROM edges WHERE id = 1", more="-- pii: name\n")
        every = read.found("values")
        lines = told([finding for finding in every if finding.level != OK])
        cures = [finding.cure.partition("in the query: ")[2] for finding in every]
        cured = {cure.rpartition(" AS ")[2]: cure for cure in cures}
        read.query("edges", f"SELECT id, {cured['day']}, {cured['at']}, {cured['rate']}, {cured['name']} FROM edges")
        assert [finding.level for finding in read.found("values")] == [OK]
    finally:
        sql("DROP TABLE edges")
    assert [line.partition("edges.sql: 1 row has ")[2].partition(":")[0] for line in lines] == [
        "infinity in day",
        "a year outside 1 to 9999 in day",
        "a year outside 1 to 9999 in at",
        "NaN or infinity in price",
        "more than 29 digits before the point in price",
        "more than 9 digits after the point in price",
        "NaN or infinity in rate",
        "the character U+FEFF in name",
    ]
    assert "not looked at: fails (invalid input syntax for type numeric" in every[-1].sentence
    assert "hunter2" not in "".join(told(every))


def test_values_of_what_takes_too_long_are_looked_for_in_its_first_rows(
    read: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says of which queries, and of which it saw nothing."""
    monkeypatch.setattr(asking, "SECONDS", 0.3)
    read.query("long", "SELECT id, day FROM bills, (SELECT pg_sleep(60)) AS slept")
    read.query("many", "SELECT generate_series(1, 30000000) AS id, 'a' AS name")
    [said] = [finding.sentence for finding in read.found("values")]
    assert said == (
        "Values at the edge were looked for in 1 whole query, in the first 10,000 rows of many; not looked at: long"
        " (canceling statement due to statement timeout)."
    )


def test_a_source_that_cannot_be_reached_is_one_failure(patient: Patient, guarded: str) -> None:
    """It says where, and neither shows the password nor looks further."""
    patient.query("a", "SELECT 1 AS id")
    patient.sources["shop"] = "postgresql://etl:hunter2@127.0.0.1:9/shop"
    [(check, finding)] = patient.part()
    assert (check, finding.level) == ("reached", FAILURE)
    assert "The source shop at postgresql://127.0.0.1:9/shop cannot be reached" in finding.sentence
    patient.sources["shop"] = guarded.replace("guarded:", "guarded:no")
    [(_, finding)] = patient.part()
    assert "refused us" in finding.sentence
    assert PASSWORD not in finding.sentence + finding.cure


def test_a_pooler_needs_room_for_the_night(patient: Patient, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PgBouncer's pool has room for the source itself and the snapshot's two connections, and for no more."""
    monkeypatch.setattr(postgres, "ROOM_SECONDS", 1)
    patient.query("a", "SELECT 1 AS id")
    patient.settings["SOURCE_CONNECTIONS"] = "1"
    with pooler.running(shop, patient.folder, size=3) as patient.sources["shop"]:
        assert "A pooler (PgBouncer or its like) is between" in patient.found("pooler")[0].sentence
        assert patient.found("snapshot")[0].level == OK
        patient.settings["SOURCE_CONNECTIONS"] = "2"
        [finding] = patient.found("snapshot")
    assert finding.level == FAILURE
    assert "SOURCE_CONNECTIONS" in finding.cure


def test_what_goes_over_a_network_is_encrypted_and_the_certificate_checked(
    patient: Patient, shop: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without TLS, with it, and with the certificate checked; on this machine itself none of it matters."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        host = probe.getsockname()[0]
    if host.startswith("127."):
        pytest.skip("this machine has no address of a network")
    pem = certificate(tmp_path_factory.mktemp("tls"))
    patient.query("a", "SELECT 1 AS id")
    with pooler.running(shop, patient.folder, 9, host, pem) as url:
        patient.sources["shop"] = f"{url}?sslmode=disable"
        [plain] = patient.found("tls")
        patient.sources["shop"] = f"{url}?sslmode=require"
        [unchecked] = patient.found("tls")
        patient.sources["shop"] = f"{url}?sslmode=verify-ca&sslrootcert={pem}"
        [checked] = patient.found("tls")
    assert (plain.level, "not encrypted" in plain.sentence, "verify-full" in plain.cure) == (WARNING, True, True)
    assert (unchecked.level, "certificate is not checked" in unchecked.sentence) == (WARNING, True)
    assert (checked.level, "TLSv1" in checked.sentence) == (OK, True)


def test_texts_of_no_known_encoding_are_a_warning(patient: Patient, sql: Sql, postgres_server: str) -> None:
    """SQL_ASCII takes any bytes."""
    import psycopg2

    connection = psycopg2.connect(postgres_server)
    connection.autocommit = True
    connection.cursor().execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    patient.query("a", "SELECT 1 AS id")
    patient.sources["shop"] = postgres_server.replace("/postgres?", "/ascii?")
    try:
        _, finding = patient.found("server")
    finally:
        connection.cursor().execute("DROP DATABASE ascii")
        connection.close()
    assert (finding.level, "SQL_ASCII" in finding.sentence, "convert_from" in finding.cure) == (WARNING, True, True)


def test_an_expected_folder_is_not_made(read: Patient) -> None:
    """The doctor writes nothing: no data folder appears."""
    read.doctor("--only", "machine")
    assert not Path(read.data).exists()
