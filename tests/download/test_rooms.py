"""Each kind of source has a folder with the same rooms, and its faults are its own."""

import re
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from config.paths import ROOT
from etl.download.duckdb import errors as duckdb
from etl.download.generic.faults import Faults
from etl.download.mssql import errors as mssql
from etl.download.mysql import errors as mysql
from etl.download.oracle import errors as oracle

FOLDERS = [path.parent for path in (ROOT / "etl" / "download").glob("*/database.py") if path.parent.name != "generic"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_database_has_its_faults_beside_it(folder: Path) -> None:
    """And what is common knows none of them by name, except for the list of which there are."""
    assert (folder / "errors.py").is_file()
    common = [path for path in (ROOT / "etl" / "download" / "generic").glob("*.py") if path.name != "kinds.py"]
    named = re.compile(r"[\"'](mysql|mariadb|sqlite|duckdb|oracle|mssql)[\"']|ORA-|INNODB|PRAGMA")
    assert [path.name for path in common if named.search(path.read_text())] == []


def told(*arguments: object) -> DBAPIError:
    """Make what SQLAlchemy raises where a driver raises."""
    return DBAPIError("SELECT 1", {}, Exception(*arguments))


@pytest.mark.parametrize(
    ("faults", "error", "passes", "refuses"),
    [
        (mysql.FAULTS, told(1205, "Lock wait timeout exceeded"), True, False),
        (mysql.FAULTS, told(1045, "Access denied for user"), False, True),
        (mysql.FAULTS, told("Lost connection to the server"), True, False),
        (mssql.FAULTS, told(1205, "Transaction was deadlocked"), True, False),
        (mssql.FAULTS, told(1222, "Lock request time out period exceeded"), True, False),
        (mssql.FAULTS, told(18456, "Login failed for user 'sa'."), False, True),
        (mssql.FAULTS, told(1146, "Something of SQL Server's"), False, False),
        (oracle.FAULTS, told("ORA-01017: invalid username/password; logon denied"), False, True),
        (oracle.FAULTS, told("ORA-28000: The account is locked."), False, True),
        (duckdb.FAULTS, told("IO Error: Could not set lock on file"), True, False),
        (duckdb.FAULTS, told("IO Error: The file x exists, but it is not a valid DuckDB database file!"), False, True),
        (Faults(), told("password authentication failed"), False, True),
    ],
)
def test_faults_pass_or_refuse_us(faults: Faults, error: DBAPIError, passes: bool, refuses: bool) -> None:
    """What passes is tried again; a sign-in that was refused is not, which might lock the account."""
    assert (faults.passes(error), faults.refuses(error)) == (passes, refuses)


def test_a_cure_is_that_of_the_database() -> None:
    """A deadlock of SQL Server's has the number of a lock of MySQL's."""
    lock = told(1205, "A lock")
    assert "INNODB" in str(mysql.FAULTS.cure(lock, "SOURCE_X_URL"))
    assert "gives way" in str(mssql.FAULTS.cure(lock, "SOURCE_X_URL"))
