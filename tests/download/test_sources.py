"""Sources that cannot be read, and that no secret of theirs is told to anybody."""

import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import PASSWORD
from tests.download.company import Company, Ended


def told(ended: Ended, code: int) -> str:
    """Check the form of a failure and give its sentences."""
    assert ended.code == code
    error, advice = ended.err.strip().splitlines()
    assert error.startswith("Error: ")
    assert error.endswith(".")
    assert advice.startswith("Try: ")
    return error + advice


@pytest.fixture
def one(company: Company) -> Company:
    """Give a company with one query."""
    company.query("one", "SELECT 1 AS id")
    return company


def test_a_password_with_any_character_opens_the_source(one: Company, guarded: str) -> None:
    """It is written percent-encoded, as in every URL."""
    one.sources["shop"] = guarded
    assert one.done().tables["one"].rows == 1


def test_a_wrong_password_is_a_sentence_about_the_setting(one: Company, guarded: str) -> None:
    """It names the source, the place and the setting, and repeats no password."""
    one.sources["shop"] = guarded.replace("guarded:", "guarded:wrong")
    message = told(one.download(), 1)
    assert "The source shop at postgresql://" in message
    assert "password authentication failed" in message
    assert "in SOURCE_SHOP_URL, or the password there or in SOURCE_SHOP_PASSWORD" in message
    assert "wrongse" not in message


def test_an_unknown_database_is_a_sentence_about_the_setting(one: Company, shop: str) -> None:
    """What the server said is repeated."""
    one.sources["shop"] = shop.replace("/shop?", "/shoe?")
    assert 'database "shoe" does not exist' in told(one.download(), 1)


@pytest.mark.parametrize(
    "url", ["postgresql://me:hidden@127.0.0.1:1/shop", "postgresql://me:hidden@/shop?host=/nowhere"]
)
def test_a_source_that_does_not_run_is_a_sentence(one: Company, url: str) -> None:
    """Exit code 1: a later try may succeed."""
    one.sources["shop"] = url
    message = told(one.download(), 1)
    assert "cannot be reached" in message
    assert "hidden" not in message


@pytest.mark.parametrize("url", ["hidden", "postgresql://me:hidden@host:port/x", "postgresql://me:hidden@h/x?bad=1"])
def test_what_is_no_url_is_a_sentence_that_does_not_repeat_it(one: Company, url: str) -> None:
    """For it holds a password, most likely."""
    one.sources["shop"] = url
    ended = one.download()
    assert ended.code in (1, 2)
    assert "SOURCE_SHOP_URL" in ended.err
    assert "hidden" not in ended.err
    assert "Traceback" not in ended.err


def test_a_source_that_is_not_set_is_named(one: Company) -> None:
    """Exit code 2, with the query that needs it and the setting that is missing."""
    one.query("two", "SELECT 1", source="Elsewhere")
    message = told(one.download(), 2)
    assert "two.sql reads the source elsewhere, but SOURCE_ELSEWHERE_URL is not set" in message


def test_a_missing_driver_is_a_sentence(one: Company) -> None:
    """It names the setting, and a file for drivers that no update of the engine overwrites."""
    one.sources["shop"] = "oracle+oracledb://me:hidden@localhost/shop"
    message = told(one.download(), 2)
    assert "SOURCE_SHOP_URL needs a database driver that is not installed" in message
    assert "requirements.txt beside the settings file" in message
    assert "docs/sources.md" in message
    assert "hidden" not in message


def test_a_faulty_settings_file_never_falls_back_to_the_sample(tmp_path: Path, one: Company) -> None:
    """Exit code 2 before anything is read or written."""
    missing = one.start("--env", str(tmp_path / "missing.env"))
    one.settings["KEEP_RUNS"] = "none"
    broken = one.download()
    _, err = missing.communicate(timeout=20)
    assert (missing.returncode, broken.code) == (2, 2)
    assert f"{tmp_path / 'missing.env'} does not exist" in err
    assert "KEEP_RUNS: " in broken.err
    assert not one.data.exists()


def everything_written(company: Company) -> str:
    """Read all that lies in the data folder."""
    return "".join(path.read_bytes().decode("latin-1") for path in company.data.rglob("*") if path.is_file())


@pytest.mark.parametrize("fails", [False, True])
def test_a_password_is_told_to_nobody(one: Company, guarded: str, fails: bool) -> None:
    """Not on the terminal, in the log, in a manifest, or to who lists processes; whether the run succeeds or fails."""
    one.sources["shop"] = guarded
    one.settings["LOG_LEVEL"] = "DEBUG"
    one.query("slow", "SELECT 1 AS id, pg_sleep(0.6)" + (", 1 / (g - 1) FROM generate_series(1, 1) g" if fails else ""))
    seen = ""
    with one.start() as process:
        while process.poll() is None:
            for name in ("cmdline", "environ"):
                with suppress(OSError):  # it may have ended meanwhile
                    seen += Path(f"/proc/{process.pid}/{name}").read_bytes().decode("latin-1")
            time.sleep(0.05)
        out, err = process.communicate()
    assert process.returncode == int(fails), err
    assert str(one.env) in seen
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "se%cret", "se%25cret"):
        assert secret not in out + err + seen
        assert secret.encode().decode("latin-1") not in everything_written(one)


def test_a_data_folder_that_is_a_file_is_a_sentence(one: Company) -> None:
    """It names the file and what to look at."""
    one.data.write_text("")
    message = told(one.download(), 1)
    assert f"{one.data}: File exists" in message
