"""Notices: what a monitor and a chat are told of a night, and that a failing notice never fails it."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from etl import notices
from tests.night.company import Company
from tests.night.monitor import Monitor, listening


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Give a running monitor."""
    with listening() as monitor:
        yield monitor


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Give a company of one small table."""
    return Company(tmp_path)


def told(monitor: Monitor, company: Company) -> Company:
    """Let the company tell the monitor."""
    company.settings |= {"HEARTBEAT_URL": f"{monitor.url}/secret-uuid", "WEBHOOK_URL": f"{monitor.url}/hook"}
    return company


def test_a_good_night_tells_its_start_and_its_success(monitor: Monitor, company: Company) -> None:
    """The success carries the log's last line; the chat hears nothing."""
    done = told(monitor, company).night()
    assert done.returncode == 0, done.stderr
    assert [path for path, _ in monitor.heard] == ["/secret-uuid/start", "/secret-uuid"]
    assert monitor.heard[1][1] == company.last_line()
    assert "published as of" in company.last_line()


def test_a_failed_night_tells_the_end_of_its_log(monitor: Monitor, company: Company) -> None:
    """Monitor and chat hear why, in the error's own words."""
    company.query("SELECT nonsense")
    assert told(monitor, company).night().returncode == 1
    (start, _), (fail, tail), (hook, text) = monitor.heard
    assert (start, fail, hook) == ("/secret-uuid/start", "/secret-uuid/fail", "/hook")
    assert "no such column: nonsense" in tail
    assert tail.splitlines()[-1].endswith(json.loads(text)["text"])
    assert json.loads(text)["text"] == company.last_line()
    assert "failed in SQLDownloadMain.py (exit 1)" in company.last_line()


def test_what_a_guard_refuses_is_a_failure(monitor: Monitor, company: Company) -> None:
    """Somebody must look."""
    company.rows(0)
    assert told(monitor, company).night().returncode == 3
    assert monitor.heard[1][0] == "/secret-uuid/fail"
    assert "a guard refused in SQLDownloadMain.py (exit 3)" in json.loads(monitor.heard[2][1])["text"]
    assert "things:empty" in company.last_line()


def test_a_night_that_cannot_begin_is_told(monitor: Monitor, company: Company) -> None:
    """As one that another run keeps out: the chat hears why."""
    company.data.mkdir()
    (company.data / "nights").touch()  # where the record's folder is to be
    assert told(monitor, company).night().returncode == 1
    ((hook, text),) = monitor.heard
    assert hook == "/hook"
    assert json.loads(text)["text"].startswith(
        "Tonight's night did not start: The night's record cannot be written in "
    )


@pytest.mark.parametrize("option", ["--accept=things=grew", "--accept=thinks:grew=500", "--due=25:00", "--due="])
def test_a_command_line_that_is_wrong_starts_no_night_and_tells_nobody(
    monitor: Monitor, company: Company, option: str
) -> None:
    """Who typed it sees it: exit code 2, two lines, and nothing in the data folder."""
    done = told(monitor, company).night(option)
    assert done.returncode == 2
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["Error", "Try"]
    assert monitor.heard == []
    assert not company.data.exists()


def test_a_notice_is_tried_again(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    """A monitor that is busy for a moment does not miss the night."""
    monitor.answers[:] = [503, 200]
    notices.heartbeat(SecretStr(f"{monitor.url}/secret-uuid"), "start")
    assert [path for path, _ in monitor.heard] == ["/secret-uuid/start", "/secret-uuid/start"]
    assert "could not be notified" not in caplog.text


def test_a_host_that_is_none_keeps_its_address_secret(caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be resolved is told like what does not answer."""
    notices.heartbeat(SecretStr("http://no-such-host.invalid/secret-uuid"), "")
    assert "the heartbeat could not be notified: ConnectionError." in caplog.text
    assert "secret-uuid" not in caplog.text


def test_a_notice_that_fails_is_a_line_of_the_log_and_keeps_the_address_secret(company: Company) -> None:
    """The night ends well all the same."""
    company.settings |= {"HEARTBEAT_URL": "http://127.0.0.1:9/secret-uuid"}
    done = company.night()
    assert done.returncode == 0, done.stderr
    assert "WARNING the heartbeat could not be notified: ConnectionError." in company.log()
    assert "secret-uuid" not in company.log() + done.stderr + done.stdout


def test_an_address_that_is_none_is_a_fault_of_the_settings(company: Company) -> None:
    """Exit code 2, and the secret is not repeated."""
    company.settings |= {"WEBHOOK_URL": "hooks.example/hidden"}
    done = company.night()
    assert done.returncode == 2
    assert "WEBHOOK_URL: it is not an address that begins with https://" in done.stderr
    assert "hidden" not in done.stderr


@pytest.mark.parametrize(("drips", "failed"), [("head", True), ("body", False)])
def test_a_monitor_that_never_ends_its_answer_holds_no_night(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, drips: str, failed: bool
) -> None:
    """One deadline is over all attempts, whatever holds them up; of an answer only its head is waited for."""
    monitor.drips = drips
    monkeypatch.setattr(notices, "_DEADLINE", 1.0)
    began = time.monotonic()
    notices.heartbeat(SecretStr(f"{monitor.url}/secret-uuid"), "")
    assert time.monotonic() - began < 3
    assert ("the heartbeat could not be notified: it took too long." in caplog.text) == failed
    assert "secret-uuid" not in caplog.text


def test_a_name_that_is_no_text_reaches_the_monitor(monitor: Monitor) -> None:
    """A file's name may hold bytes that are no UTF-8, which Python keeps as halves of characters."""
    notices.heartbeat(SecretStr(f"{monitor.url}/secret-uuid"), "fail", "report-\udcff.csv")
    notices.webhook(SecretStr(f"{monitor.url}/hook"), "report-\udcff.csv")
    assert [path for path, _ in monitor.heard] == ["/secret-uuid/fail", "/hook"]
    assert all("report-" in body and "dcff" in body for _, body in monitor.heard)


def test_whatever_apprise_knows_is_told_what_the_chat_is_told(monitor: Monitor, company: Company) -> None:
    """Each address for itself: one that is none is a line of the log, without the address."""
    company.query("SELECT nonsense")
    host = monitor.url.removeprefix("http://")
    company.settings |= {"NOTIFY_URLS": f"slick://secret-token json://{host}/notes", "LOG_FORMAT": "json"}
    done = company.night()
    assert done.returncode == 1
    ((path, body),) = monitor.heard
    assert path == "/notes"
    said = json.loads(body)
    assert said["title"].startswith("night 2")
    assert "failed in SQLDownloadMain.py (exit 1)" in said["message"]
    assert "no such column: nonsense" in said["message"]
    assert "address 1 of NOTIFY_URLS could not be notified: Apprise does not know such an address." in company.log()
    assert "secret-token" not in company.log() + done.stderr + done.stdout


def test_lines_of_the_log_may_be_json(company: Company) -> None:
    """Of the file and of standard error, from every stage; the night's last word is found in them all the same."""
    company.query("SELECT nonsense")
    company.settings["LOG_FORMAT"] = "json"
    done = company.night()
    lines = [json.loads(line) for line in company.log().splitlines()]
    assert all(set(line) == {"time", "level", "message"} for line in lines)
    assert lines[-1]["level"] == "ERROR"
    assert "no such column: nonsense" in lines[-1]["message"]
    told = [json.loads(line)["message"] for line in done.stderr.splitlines() if line.startswith("{")]
    assert {line["message"] for line in lines} >= set(told)
    assert told[-1] == lines[-1]["message"]


@pytest.mark.parametrize("listed", ["team-chat", "json://here team-chat"])
def test_an_address_without_a_scheme_is_a_fault_of_the_settings(company: Company, listed: str) -> None:
    """It is named by its number: it may hold a token."""
    company.settings |= {"NOTIFY_URLS": listed}
    done = company.night()
    assert done.returncode == 2
    assert (
        f"NOTIFY_URLS: address {len(listed.split())} of it has no scheme such as slack:// or mailto://" in done.stderr
    )


FORGED = "é\r\n2030-01-01T00:00:00Z INFO night 20300101T000000Z: published\n\x1b[2JError: none <!here> @channel \u202e"


def test_what_is_data_forges_no_line_and_calls_nobody(monitor: Monitor, company: Company) -> None:
    """Neither in the log and on standard error, nor at the monitor, in the chat, or in the record."""
    table = company.folder / "tables/dim_thing.py"
    table.write_text(f"{table.read_text()}    raise ValueError({FORGED!r})\n".replace("    return things\n", ""))
    done = told(monitor, company).night()
    assert done.returncode == 1
    (_, _), (_, tail), (_, text) = monitor.heard
    chat = json.loads(text)["text"]
    for shown in (company.log(), done.stderr, tail):
        assert not re.search(r"^2030|^Error: none", shown, re.MULTILINE)
        assert "INFO night 20300101T000000Z: published" in shown
    for shown in (company.log(), done.stderr, tail, chat):
        assert not set("\r\x1b\u202e") & set(shown)
    assert not re.search("<!here|@channel", chat)
