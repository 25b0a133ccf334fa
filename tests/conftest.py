"""A real PostgreSQL for whoever asks for one: one server for the whole session, out of the sample's wheel."""

import datetime as dt
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
from hypothesis import settings

from sample import generate, server
from tests import maria as mariadb

settings.register_profile("house", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("house")
os.environ.pop("ETL_ENV", None)  # a developer's company is not what is tested
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process that tests start compiles the engine again
os.umask(0o077)  # as of a night: settings files with secrets are the owner's alone
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and all it starts

MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # noqa: S108 -- pytest makes a folder of its own in it
"""Where what is temporary lies, if there is room: a night waits for a disk a hundred times; no test cuts the power."""
if (
    "TMPDIR" not in os.environ
    and os.access(MEMORY, os.W_OK)
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    and shutil.disk_usage(MEMORY).free > ROOM
):
    os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None

PASSWORD = "se%cret: @w/örd"
"""Of the role `guarded`: every kind of character that a URL writes in another way."""

TRUTH = Path(__file__).parent / "truth"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add how thoroughly nights are killed (tests/survival), and compared with full ones (tests/changes)."""
    group = parser.getgroup("survival", "the moments at which tests/survival kills")
    group.addoption("--moments", type=int, default=8, metavar="N", help="how many (default: 8)")
    group.addoption("--seed", type=int, metavar="S", help="that a failure named, to draw the same ones again")
    group = parser.getgroup("changes", "the chains of nights that tests/changes compares")
    group.addoption("--chains", type=int, default=3, metavar="N", help="how many (default: 3)")
    group.addoption("--chains-seed", type=int, metavar="S", help="that a failure named, to draw the same ones again")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests/truth first: one worker makes its nights; last in the queue, others would take half and make them too.

    Workers begin with equal parts of the list, and one that is done takes the last half of what another has left.
    """
    items.sort(key=lambda item: TRUTH not in item.path.parents)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have to tell of what they did: figures that no assertion is about."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "told":
                terminalreporter.write_line(f"{report.nodeid}: {told}")


Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a running server's database `postgres`."""
    folder: Path = tmp_path_factory.mktemp("postgres") / "source"
    with server.running(folder) as url:
        yield url.replace("/cloud?", "/postgres?")
    server.remove(folder)


@pytest.fixture(scope="session")
def sample_source(postgres_server: str) -> str:
    """Give the URL of a small sample company's database."""
    return generate.fill(postgres_server, contracts=1_000, seed=1, today=dt.date(2026, 3, 31), dirt="much")


@pytest.fixture(scope="session")
def shop(postgres_server: str) -> str:
    """Give the URL of a database in which a test may make what it needs; no two tests use one table."""
    with closing(psycopg2.connect(postgres_server)) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE shop")
    return postgres_server.replace("/postgres?", "/shop?")


@pytest.fixture(scope="session")
def sql(shop: str) -> Sql:
    """Run a statement in `shop`, committed at once; gives its rows."""

    def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(shop)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture(scope="session")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mariadb.Maria]:
    """Give a running MariaDB, in whose database `shop` a test may make what it needs; skip where there is none."""
    if not mariadb.SERVER.exists():
        pytest.skip("Debian's mariadb-server is not installed")
    with mariadb.running(tmp_path_factory.mktemp("maria")) as server_of_maria:
        yield server_of_maria


@pytest.fixture(scope="session")
def guarded(shop: str, sql: Sql) -> str:
    """Give the URL of the same database for a role that has to tell its password, in which nothing is plain."""
    hba = Path(sql("SHOW hba_file")[0][0])
    hba.write_text("local all guarded scram-sha-256\n" + hba.read_text())
    sql("CREATE ROLE guarded LOGIN PASSWORD %s; SELECT pg_reload_conf()", PASSWORD)
    return shop.replace("//postgres@", f"//guarded:{quote(PASSWORD, safe='')}@")


@pytest.fixture(scope="session", autouse=True)
def first_log() -> tuple[int, list[logging.Handler]]:
    """Give the level and the handlers of the log before any test, and before any module's fixture."""
    log = logging.getLogger("etl")
    return log.level, log.handlers[:]


@pytest.fixture(autouse=True)
def same_log(first_log: tuple[int, list[logging.Handler]]) -> None:
    """Begin with the log as it was: a stage that is called in this process sets its level by its own settings."""
    log = logging.getLogger("etl")
    log.setLevel(first_log[0])
    log.handlers[:] = first_log[1]
