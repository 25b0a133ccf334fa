"""A company whose source `shop` is the test's PostgreSQL database."""

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Sql
from tests.download.company import Company

PASSWORD = "se%cret: @w/örd"


@pytest.fixture
def company(tmp_path: Path, shop: str) -> Company:
    """Give a company without a query."""
    return Company(tmp_path, {"shop": shop})


@pytest.fixture(scope="session")
def guarded(shop: str, sql: Sql) -> str:
    """Give the URL of the same database for a role that has to tell its password, in which nothing is plain."""
    hba = Path(sql("SHOW hba_file")[0][0])
    hba.write_text("local all guarded scram-sha-256\n" + hba.read_text())
    sql("CREATE ROLE guarded LOGIN PASSWORD %s; SELECT pg_reload_conf()", PASSWORD)
    return shop.replace("//postgres@", f"//guarded:{quote(PASSWORD, safe='')}@")
