"""Sources that are not PostgreSQL: MariaDB and SQLite, each fault made for real."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from etl.doctor.check import FAILURE, OK, WARNING
from tests.doctor.found import Patient, told
from tests.maria import Maria

READER = ("CREATE USER sick@'%' IDENTIFIED BY 'hunter2'", "GRANT SELECT ON shop.bills TO sick@'%'")


@pytest.fixture
def read(tmp_path: Path, maria: Maria) -> Iterator[Patient]:
    """Give a company whose account may read one table of MariaDB, and no more."""
    maria.sql("CREATE OR REPLACE TABLE bills (id INT, day DATE, big BIGINT UNSIGNED, name TEXT)", *READER)
    patient = Patient(tmp_path, {"shop": maria.url().replace("etl:secret", "sick:hunter2")}, {"WORKERS": "1"})
    patient.query("bills", "SELECT id, day, big, name FROM bills")
    yield patient
    maria.sql("DROP USER sick@'%'", "DROP TABLE bills")


def test_an_account_that_only_reads_is_well(read: Patient) -> None:
    """Nothing is found, and each check says what it has seen."""
    findings = read.part()
    assert {finding.level for _, finding in findings} == {OK}, told([finding for _, finding in findings])
    assert {"reached", "clock", "planned", "server", "tls", "role", "snapshot", "sizes", "values"} == {
        name for name, _ in findings
    }


@pytest.mark.parametrize(
    ("fault", "undo", "check", "level", "sentence", "cure"),
    [
        (
            "GRANT INSERT, DROP ON shop.bills TO sick@'%'",
            "",
            "role",
            WARNING,
            "do more than read: DROP, INSERT.",
            "grants",
        ),
        ("GRANT ALL ON shop.* TO sick@'%'", "", "role", WARNING, "more than read: ALL PRIVILEGES.", "grants"),
        (
            "GRANT INSERT, CREATE ON `test`.* TO PUBLIC",
            "REVOKE ALL PRIVILEGES ON `test`.* FROM PUBLIC",
            "role",
            WARNING,
            "Every account of the server may do more than read in `test`.*: CREATE, INSERT.",
            "REVOKE ALL PRIVILEGES ON `test`.* FROM PUBLIC, or DROP DATABASE test",
        ),
        ("REVOKE SELECT ON shop.bills FROM sick@'%'", "", "reached", FAILURE, "Access denied", "GRANT SELECT"),
        ("ALTER TABLE bills CHANGE day tag DATE", "", "planned", FAILURE, "Unknown column 'day'", "DESCRIBE"),
        (
            "ALTER TABLE bills ENGINE = MyISAM",
            "",
            "snapshot",
            WARNING,
            "engine MyISAM",
            "ALTER TABLE bills ENGINE = InnoDB",
        ),
        (
            "SET GLOBAL max_statement_time = 7",
            "SET GLOBAL max_statement_time = 0",
            "timeouts",
            WARNING,
            "max_statement_time is 7 s",
            "SOURCE_STATEMENT_SECONDS",
        ),
        (
            "SET GLOBAL init_connect = 'SET timestamp = 1000000000'",
            "SET GLOBAL init_connect = ''",
            "clock",
            WARNING,
            "s behind this machine's",
            "NTP",
        ),
        (
            "INSERT INTO bills (day) VALUES ('0000-00-00')",
            "",
            "values",
            WARNING,
            "0000-00-00 in day",
            "CASE WHEN YEAR(`day`) > 0",
        ),
        (
            "INSERT INTO bills (big) VALUES (18446744073709551615)",
            "",
            "values",
            WARNING,
            "more than 64",
            "numeric(20,0)",
        ),
        ("INSERT INTO bills (name) VALUES (CONCAT('a', CHAR(0)))", "", "values", WARNING, "NUL", "REPLACE(`name`"),
        (
            "INSERT INTO bills (name) VALUES (CONVERT(0xEFBBBF USING utf8mb4))",
            "",
            "values",
            WARNING,
            "U+FEFF",
            "REPLACE(",
        ),
    ],
)
def test_a_fault_is_said_with_its_cure(
    read: Patient, maria: Maria, fault: str, undo: str, check: str, level: str, sentence: str, cure: str
) -> None:
    """One fault, one finding that is not well; the password is in none."""
    maria.sql(fault)
    try:
        findings = read.part()
    finally:
        maria.sql(undo or "DO 0")
    [finding] = [finding for name, finding in findings if name == check and finding.level != OK]
    assert finding.level == level
    assert sentence in finding.sentence
    assert cure in finding.cure
    assert "hunter2" not in "".join(told([finding for _, finding in findings]))


def test_a_zone_that_the_server_lacks_gives_null(read: Patient) -> None:
    """The test's server has loaded no zones; only a query that asks for one makes it matter."""
    read.query("bills", "SELECT id, CONVERT_TZ(day, '+00:00', :business_time_zone) AS day FROM bills")
    [finding] = read.found("zone")
    assert (finding.level, "tzinfo" in finding.cure) == (WARNING, True)


@pytest.fixture
def file(tmp_path: Path) -> Patient:
    """Give a company whose source is a SQLite file."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("PRAGMA journal_mode = WAL")
        shop.execute("CREATE TABLE bills (id INTEGER, price DECIMAL(9,2), name TEXT)")
    patient = Patient(tmp_path, {"shop": f"sqlite:///{tmp_path / 'shop.db'}"}, {"WORKERS": "1"})
    patient.query("bills", "SELECT id, price, name FROM bills")
    return patient


@pytest.mark.parametrize(
    ("fault", "check", "level", "sentence", "cure"),
    [
        ("PRAGMA journal_mode = DELETE", "journal", WARNING, "whoever writes to it waits", "journal_mode = WAL"),
        ("DROP TABLE bills", "planned", FAILURE, "no such table: bills", ""),
        ("INSERT INTO bills (id) VALUES ('N/A')", "values", WARNING, "no whole number in id", "typeof"),
        ("INSERT INTO bills (price) VALUES ('dear')", "values", WARNING, "a text in price", "typeof"),
        ("INSERT INTO bills (name) VALUES ('a' || char(0))", "values", WARNING, "NUL character in name", "replace("),
    ],
)
def test_a_fault_of_a_file_is_said_with_its_cure(
    file: Patient, fault: str, check: str, level: str, sentence: str, cure: str
) -> None:
    """The file as it was made is well."""
    assert {finding.level for _, finding in file.part()} == {OK}
    with closing(sqlite3.connect(file.folder / "shop.db")) as shop, shop:
        shop.execute(fault)
    [finding] = [finding for finding in file.found(check) if finding.level != OK]
    assert finding.level == level
    assert sentence in finding.sentence
    assert cure in finding.cure


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """One failure, and no file."""
    patient = Patient(tmp_path, {"shop": f"sqlite:///{tmp_path / 'none.db'}"})
    patient.query("a", "SELECT 1 AS id")
    [(_, finding)] = patient.part()
    assert (finding.level, "there is no file" in finding.sentence) == (FAILURE, True)
    assert not (tmp_path / "none.db").exists()


def test_a_folder_of_files_is_looked_into(tmp_path: Path) -> None:
    """A query names its files; they are read as the night reads them."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/bills.csv").write_text("id,name\n1,plain\n2,a\ufeffb\n", encoding="utf-8")
    patient = Patient(tmp_path, {"shop": f"file:{tmp_path}/inbox"}, {"WORKERS": "1"})
    patient.query("bills", "SELECT id, name FROM 'bills.csv'")
    [marked, _] = patient.found("values")
    assert (marked.level, "1 row has the character U+FEFF in name" in marked.sentence) == (WARNING, True)
    patient.query("bills", "SELECT id, name FROM 'bill.csv'")
    [finding] = patient.found("planned")
    assert (finding.level, "Did you mean bills.csv?" in finding.sentence) == (FAILURE, True)


def test_a_key_beyond_64_bits_is_to_be_text(read: Patient, maria: Maria) -> None:
    """As a decimal it would identify nothing."""
    maria.sql("INSERT INTO bills (big) VALUES (18446744073709551615)")
    read.query("bills", "SELECT big, id FROM bills", key="big")
    [finding] = [each for each in read.found("values") if each.level != OK]
    assert "CAST(`big` AS CHAR) AS big" in finding.cure
