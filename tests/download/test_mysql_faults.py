"""MariaDB as a source that fails: it refuses, hangs, is cut, and nothing of it is waited for in vain."""

import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.download.company import Company
from tests.download.test_mysql import DRIVERS
from tests.maria import Maria

SLOW = "SELECT id, SLEEP(0.05) AS slept FROM hundred"


@pytest.fixture
def company(tmp_path: Path, maria: Maria) -> Company:
    """Give a company with a query that takes five seconds."""
    maria.end_sessions()
    maria.sql(
        "CREATE OR REPLACE TABLE hundred (id INT PRIMARY KEY)", "INSERT INTO hundred SELECT seq FROM seq_1_to_100"
    )
    company = Company(tmp_path, {"shop": maria.url()}, {"RECEIPTS": "off"})
    company.query("slow", SLOW)
    return company


def reading(company: Company, maria: Maria, process: subprocess.Popen[str]) -> int:
    """Wait until the query runs; gives its session."""
    end = time.monotonic() + 30
    while not (found := maria.sessions("%SLEEP(0.05)%")) or not list(company.store.raw.folder.glob(".*/slow.csv")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[0]


REFUSED = {
    "wrong password": (("etl:secret", "etl:wrong"), "refused us: Access denied for user"),
    "no such account": (("etl:secret", "nobody:x"), "refused us: Access denied"),
    "no such database": (("/shop", "/shoe"), "refused us: "),
    "unknown option": (("/shop", "/shop?colour=red"), "SOURCE_SHOP_URL cannot be used: its driver says "),
    "faulty option": (("/shop", "/shop?connect_timeout=soon"), "SOURCE_SHOP_URL cannot be used: its driver says "),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_refusal_is_a_sentence_and_tried_once(company: Company, maria: Maria, driver: str, what: str) -> None:
    """Trying again would lock the account, and helps nothing."""
    (old, new), said = REFUSED[what]
    company.sources["shop"] = maria.url(driver).replace(old, new)
    company.settings["SOURCE_PATIENCE"] = "60"
    before = int(maria.sql("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1])
    ended = company.download()
    tried = int(maria.sql("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1]) - before - 1
    assert ended.code in (1, 2)
    assert tried <= 1
    error, advice = ended.err.strip().splitlines()
    assert said in error
    assert "SOURCE_SHOP_URL" in error + advice
    assert ("SOURCE_SHOP_PASSWORD" in advice) == (what in ("wrong password", "no such account"))
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_cut_connection_is_made_again_without_a_traceback(company: Company, maria: Maria, driver: str) -> None:
    """While rows come, which a driver would read to the end; a second table's turn comes on the dead connection."""
    company.sources["shop"] = maria.url(driver)
    company.query("slow", "SELECT seq AS id, REPEAT('x', 2000) AS body FROM seq_1_to_14000")
    company.query("zzz", "SELECT id FROM hundred")
    company.settings |= {"SOURCE_PATIENCE": "30", "SOURCE_MEGABYTES_PER_SECOND": "15"}
    with company.start() as process:
        while not [file for file in company.store.raw.folder.glob(".*/slow.csv") if file.stat().st_size > 1000]:
            assert process.poll() is None, process.communicate()
        maria.sql(*(f"KILL {session}" for session in maria.sessions("%")))
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "trying again" in err
    assert "Traceback" not in err
    assert company.table("slow").rows == 14_000


def test_a_killed_query_is_run_again(company: Company, maria: Maria) -> None:
    """In a new snapshot: the server's word that somebody interrupted it is no fault of the query."""
    company.query("slow", SLOW.replace("0.05", "0.02") + " WHERE id <= 25")
    company.settings |= {"SOURCE_PATIENCE": "30", "RECEIPTS": "rows"}

    def end_it() -> None:
        while not (found := maria.sessions("%SLEEP(0.02)%")):
            time.sleep(0.02)
        maria.sql(f"KILL QUERY {found[0]}")

    with ThreadPoolExecutor(1) as killer:
        ending = killer.submit(end_it)
        ended = company.download()
        ending.result(1)
    assert ended.code == 0, ended.err
    assert "trying again" in ended.err
    assert company.table("slow").rows == 25


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_server_that_hangs_is_given_up(company: Company, maria: Maria, driver: str) -> None:
    """After SOURCE_STALL_SECONDS and a question over another connection; the lock is free again."""
    company.sources["shop"] = maria.url(driver)
    company.settings["SOURCE_STALL_SECONDS"] = "1"
    with company.start() as process:
        reading(company, maria, process)
        with maria.stopped():
            _, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "nothing has come for" in err
    assert "Traceback" not in err
    company.query("slow", "SELECT id FROM hundred")
    assert company.done().tables["slow"].rows == 100


def test_a_query_on_which_the_server_is_at_work_is_left_alone(company: Company, maria: Maria) -> None:
    """However long it says nothing, for a sort or a sum takes its time."""
    company.settings["SOURCE_STALL_SECONDS"] = "1"
    company.query("slow", "SELECT COUNT(*) AS id, SUM(SLEEP(0.03)) AS slept FROM hundred")
    assert company.done().tables["slow"].rows == 1


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_night_that_waits_for_a_server_that_hangs_can_be_ended(company: Company, maria: Maria, driver: str) -> None:
    """By one SIGTERM, in an instant; whoever comes next finds the lock free."""
    company.sources["shop"] = maria.url(driver)
    with company.start() as process:
        reading(company, maria, process)
        with maria.stopped():
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            _, err = process.communicate(timeout=30)
            assert time.monotonic() - began < 8
    assert process.returncode == 130, err
    assert "Traceback" not in err
    company.query("slow", "SELECT id FROM hundred")
    assert company.done().tables["slow"].rows == 100


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_server_that_says_nothing_is_not_waited_for(
    company: Company, maria: Maria, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a connection, as the kernel does for it, and no word follows."""
    company.sources["shop"] = maria.url(driver)
    monkeypatch.setattr("etl.download.generic.source._CONNECT_SECONDS", 1)
    with maria.stopped():
        began = time.monotonic()
        ended = company.download()
        assert time.monotonic() - began < 8
    assert ended.code == 1
    assert "cannot be reached: it did not answer within 1 seconds" in ended.err


def test_a_table_that_is_altered_before_it_is_read_begins_again(company: Company, maria: Maria) -> None:
    """MariaDB asks for it itself: "please retry transaction"."""
    from etl.company.queries import read_query
    from etl.core.errors import SourceError
    from etl.core.origin import read_url
    from etl.download.generic.source import GenericSource
    from etl.download.source import Limits

    query = read_query(company.query("slow", "SELECT id FROM hundred"), {"shop": "mysql"})
    limits = Limits(connections=1, lock_seconds=5, stall_seconds=60, statement_seconds=0, bytes_per_second=0)
    with GenericSource("shop", read_url("shop", maria.url()), limits, {}) as source:
        maria.sql("ALTER TABLE hundred ADD COLUMN more INT, ALGORITHM = COPY")
        with pytest.raises(SourceError, match="retry transaction") as caught:
            plan = source.plan(query)
            source.extract(plan, company.folder / "slow.csv", None)
    assert caught.value.transient
