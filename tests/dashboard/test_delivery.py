"""Handing the dashboard on: a copy for others to read, and a mail with the file attached."""

from pathlib import Path

import pytest

from config import Settings
from etl import notices
from etl.dashboard.delivery import handed_on
from tests.night.mail import serving

DRAWN = "<!doctype html>\n<title>Income é €</title>\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give the settings of a company whose dashboard was drawn."""
    made = Settings(warehouse="duckdb", data_dir=tmp_path / "data", business_time_zone="UTC")
    made.dashboard_file.parent.mkdir()
    made.dashboard_file.write_text(DRAWN, encoding="utf-8")
    return made


def test_a_copy_is_for_others_to_read(settings: Settings, tmp_path: Path) -> None:
    """In a folder under its own name, or under another one; a mode that a person gave it stays."""
    (tmp_path / "www").mkdir()
    for target, file in (("www", "www/dashboard.html"), ("www/income.html", "www/income.html")):
        assert handed_on(settings.model_copy(update={"dashboard_copy_to": tmp_path / target})) == []
        assert (tmp_path / file).read_text(encoding="utf-8") == DRAWN
        assert (tmp_path / file).stat().st_mode & 0o777 == 0o644
    (tmp_path / "www/income.html").chmod(0o640)
    assert handed_on(settings.model_copy(update={"dashboard_copy_to": tmp_path / "www/income.html"})) == []
    assert (tmp_path / "www/income.html").stat().st_mode & 0o777 == 0o640


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # which Apprise imports
def test_a_mail_has_the_file_attached(settings: Settings) -> None:
    """As it is, byte by byte; the text says what to do with it."""
    with serving() as server:
        told = Settings(**settings.model_dump() | {"dashboard_mail_to": server.address})
        assert handed_on(told) == []
    (mail,) = server.received
    assert mail["To"] == "board@example.com"
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("dashboard.html", DRAWN.encode())
    text = mail.get_body(("plain",))
    assert text is not None
    assert "open the attached file in any browser" in text.get_content()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # which Apprise imports
def test_what_cannot_be_handed_on_is_told(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence each: a folder that is gone, a server that is away, a service without files, and none at all.

    Only the server may be there the next time; the others are faults of the settings.
    """
    monkeypatch.setattr(notices, "_TIMES", 1)
    gone = tmp_path / "gone" / "income.html"
    with serving() as server:
        address = server.address
    listed = f"{address} json://127.0.0.1:9/ xmpp://here nobody://here"
    told = Settings(**settings.model_dump() | {"dashboard_mail_to": listed, "dashboard_copy_to": gone})
    faults = handed_on(told)
    messages = [fault.message for fault in faults]
    assert messages[0] == f"It could not be copied to {gone}: No such file or directory."
    assert messages[1] == "Address 1 of DASHBOARD_MAIL_TO (E-Mail) could not be notified."
    assert (
        messages[-1] == "Address 4 of DASHBOARD_MAIL_TO could not be notified: Apprise does not know such an address."
    )
    assert [(fault.exit_code, fault.transient) for fault in faults] == [
        (2, False),
        (1, True),
        (1, True),
        (2, False),
        (2, False),
    ]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # which Apprise imports
def test_who_got_the_file_does_not_get_it_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One recipient is refused, and tried again; the others have theirs from the first time on."""
    monkeypatch.setattr(notices, "_TIMES", 2)
    with serving() as server:
        server.refused.add("gone@example.com")
        listed = server.address.replace("board@", "ceo@example.com,gone@example.com,board@")
        (fault,) = handed_on(Settings(**settings.model_dump() | {"dashboard_mail_to": listed}))
        assert fault.message == "Address 1 of DASHBOARD_MAIL_TO (E-Mail) could not be notified."
        assert sorted(mail["To"] for mail in server.received) == ["board@example.com", "ceo@example.com"]
        assert server.refusals == 2


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # which Apprise imports
def test_a_mail_with_copies_is_sent_once(settings: Settings) -> None:
    """Which of its recipients were refused is not known, so that nobody is sent it again."""
    with serving() as server:
        server.refused.add("gone@example.com")
        listed = f"{server.address}&cc=gone@example.com"
        assert len(handed_on(Settings(**settings.model_dump() | {"dashboard_mail_to": listed}))) == 1
        assert [mail["To"] for mail in server.received] == ["board@example.com"]


def test_a_place_that_cannot_even_be_looked_at_is_told(settings: Settings, tmp_path: Path) -> None:
    """The night is published by then, and does not fail of it."""
    place = tmp_path / ("n" * 300)
    (fault,) = handed_on(settings.model_copy(update={"dashboard_copy_to": place}))
    assert fault.message == f"It could not be copied to {place}: File name too long."
