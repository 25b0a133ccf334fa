"""Secrets of the settings: a URL that programs read differently is refused, and a password needs no encoding."""

import os
import shlex
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy.engine import make_url

import config
from config import SettingsError, redacted
from config.paths import url_seen_from
from config.urls import database_fault, passwords_in, web_fault
from etl.core.errors import UsageError
from etl.core.origin import described, libpq_options, read_url
from tests.config.test_settings import POWER_BI, faults, no_settings_in_the_environment, written
from tests.drawn import cells_of

__all__ = ["no_settings_in_the_environment"]

BACKENDS = ("postgresql", "postgres", "mysql+pymysql", "mssql+pyodbc", "oracle")

PASSWORDS = [
    *("Summer@Rain2030", "Summer/Rain2030", "Summer?Rain2030", "Sum@mer/Rain2030"),
    *("50%Rain", "%Rain", "Rain@", "/Rain@2030", "12/Rain@x"),
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_password_that_could_be_read_in_two_ways_is_refused(tmp_path: Path, backend: str, password: str) -> None:
    """Before anything is tried, without any part of it; the cure is said. Written in hexadecimal, it is taken."""
    url = f"{backend}://reader:{password}@db.internal:5432/shop"
    message = faults(written(tmp_path, SOURCE_SHOP_URL=url))
    assert "an @, / or # in the password is written %40, %2F, %23" in message
    assert "SOURCE_SHOP_PASSWORD" in message
    assert "Rain" not in message
    assert "reader" not in message
    right = url.replace(password, quote(password, safe=""))
    assert database_fault(right) == ""
    assert read_url("shop", right).password == password


@pytest.mark.parametrize("password", ["a#b", "a:b", "a b", "$x{y}", "a&b=c;d", "'", "€", "a+b"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_password_that_everybody_reads_alike_is_taken(backend: str, password: str) -> None:
    """As libpq and SQLAlchemy do."""
    url = f"{backend}://reader:{password}@db.internal:5432/shop"
    assert database_fault(url) == ""
    assert read_url("shop", url).password == password
    assert described(read_url("shop", url)).endswith("://db.internal:5432/shop")


WEB = """
| address                                                  | taken |
| -------------------------------------------------------- | ----- |
| https://hooks.example/services/T0/B0/x                   | yes   |
| https://x.webhook.office.com/w/1-2@3-4/Incoming/5        | yes   |
| http://127.0.0.1:8080/hook                               | yes   |
| http://[::1]:8080/hook                                   | yes   |
| https://user:p%40ss@host.example/hook                    | yes   |
| https://user:p@ss@host.example/hook                      |       |
| https://user:p/ss@host.example/hook                      |       |
| https://user:p#ss@host.example/hook                      |       |
| https://user:p?ss@host.example/hook                      |       |
| https://user:12/ss@host.example/hook                     |       |
| https://user:p@ss/x@host.example/hook                    |       |
| ftp://host/x                                             |       |
| https:///hook                                            |       |
"""


@pytest.mark.parametrize(("address", "taken"), cells_of(WEB))
@pytest.mark.parametrize("name", ["HEARTBEAT_URL", "WEBHOOK_URL"])
def test_web_addresses_are_judged_likewise(tmp_path: Path, name: str, address: str, taken: str) -> None:
    """A part of a password would be looked up as a host."""
    assert (web_fault(address) == "") == bool(taken)
    if not taken:
        message = faults(written(tmp_path, **{name: address}))
        assert f"  {name}: it is not an address" in message
        assert "ss" not in message.split(f"{name}: ")[1].replace("password", "").replace("address", "")


@pytest.mark.parametrize(
    "name", ["BIGQUERY_ENDPOINT", "POWERBI_SERVICE", "POWERBI_SIGN_IN", "POWERBI_FABRIC", "DATA_DIR"]
)
def test_other_addresses_take_no_password(tmp_path: Path, name: str) -> None:
    """Nor is it repeated."""
    scheme = "s3" if name == "DATA_DIR" else "https"
    message = faults(written(tmp_path, **POWER_BI | {name: f"{scheme}://someone:hidden@host"}))
    assert f"  {name}: " in message
    assert "hidden" not in message


LIBPQ = """
| URL                                                | as libpq's parameters                                |
| -------------------------------------------------- | ---------------------------------------------------- |
| postgres://me@h/d                                  | user=me host=h dbname=d                              |
| postgresql+psycopg2://me@h:5/d                     | user=me host=h port=5 dbname=d                       |
| postgresql://h1:1,h2:2/d                           | host=h1,h2 port=1,2 dbname=d                         |
| postgresql://me@[::1]:5/d                          | user=me host=::1 port=5 dbname=d                     |
| postgresql://?service=shop                         | service=shop                                         |
| postgresql:///d?host=/run/pg&port=5                | host=/run/pg port=5 dbname=d                         |
| postgresql://%2Frun%2Fpg/d                         | host=/run/pg dbname=d                                |
| postgresql://h/d?options=-c%20search_path%3Dsales  | host=h dbname=d options=-c·search_path=sales         |
| postgresql://h/d?sslmode=require&connect_timeout=5 | host=h dbname=d sslmode=require connect_timeout=5    |
| host=h port=5 user=me password='p w' dbname=d      | user=me password=p·w host=h port=5 dbname=d          |
| postgresql://a%20b:p%2B%40@h/odd%20name            | user=a·b password=p+@ host=h dbname=odd·name         |
"""


@pytest.mark.parametrize(("url", "parameters"), cells_of(LIBPQ))
def test_what_libpq_takes_we_take(tmp_path: Path, url: str, parameters: str) -> None:
    """Nothing is lost on the way, and what names the database holds neither user nor password."""
    file = written(tmp_path, SOURCE_SHOP_URL=f'"{url}"')
    read = read_url("shop", config.load(file).sources["shop"].get_secret_value())
    wanted = dict(part.replace("·", " ").split("=", 1) for part in parameters.split(" "))
    assert libpq_options(read) == wanted
    told = described(read)
    assert told.startswith("postgresql://")
    assert "me" not in told.replace("name", "")
    assert "p+" not in told


@pytest.mark.parametrize("url", ["postgresql://me:hidden@h/d?hdden=1", "postgresql://me@h/d?host=h:1", "hidden=1"])
def test_what_libpq_does_not_take_is_a_sentence(url: str) -> None:
    """Exit code 2, with the form to write; the parameter that is wrong is named."""
    with pytest.raises(UsageError) as caught:
        read_url("shop", url)
    assert "SOURCE_SHOP_URL" in caught.value.message
    assert "h1:5432,h2:5432" in caught.value.hint
    assert "me:hidden" not in caught.value.message
    assert ("names hdden, which is not a parameter" in caught.value.message) == ("hdden" in url)


ODD = "p@s/s#w?o%r:d' \"\\€"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_password_of_its_own_needs_no_encoding(tmp_path: Path, backend: str) -> None:
    """From a line of its own, from a file, from the environment: the same password."""
    url, holder = f"{backend}://reader@db.internal/shop", tmp_path / "password"
    holder.write_text(f"{ODD}\n", encoding="utf-8")
    quoted = "'" + ODD.replace("\\", "\\\\").replace("'", "\\'") + "'"
    for more in ({"SOURCE_SHOP_PASSWORD": quoted}, {"SOURCE_SHOP_PASSWORD_FILE": str(holder)}):
        settings = config.load(written(tmp_path, SOURCE_SHOP_URL=url, **more))
        assert read_url("shop", settings.sources["shop"].get_secret_value()).password == ODD
        assert ODD not in repr(settings) + settings.model_dump_json()


def test_every_secret_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins over it; both in one place, a file that is not there, is open or empty are faults."""
    holder = tmp_path / "secret"
    holder.write_text("https://hook.example/x\n")
    named = {f"{name}_FILE": str(holder) for name in ("HEARTBEAT_URL", "WEBHOOK_URL")}
    settings = config.load(written(tmp_path, **named))
    for url in (settings.heartbeat_url, settings.webhook_url):
        assert url and url.get_secret_value() == "https://hook.example/x"
    monkeypatch.setenv("HEARTBEAT_URL", "https://hook.example/y")
    assert str(config.load(written(tmp_path, **named)).heartbeat_url) == "**********"
    monkeypatch.delenv("HEARTBEAT_URL")
    both = written(tmp_path, WEBHOOK_URL="https://h.example", WEBHOOK_URL_FILE=str(holder))
    assert "WEBHOOK_URL and WEBHOOK_URL_FILE are both set: leave one out" in faults(both)
    gone = written(tmp_path, WEBHOOK_URL_FILE=str(tmp_path / "none"))
    assert f"WEBHOOK_URL_FILE: {tmp_path / 'none'} cannot be read: No such file" in faults(gone)
    file = written(tmp_path, SOURCE_SHOP_URL="mysql://me@h/d", SOURCE_SHOP_PASSWORD_FILE=str(holder))
    for mode, text, said in [(0o644, "x", "others may read"), (0o600, "\n", "is empty")]:
        holder.write_text(text)
        holder.chmod(mode)
        assert said in faults(file)


def test_a_password_is_given_once_and_for_a_database(tmp_path: Path) -> None:
    """Who sets two does not know which one counts."""
    twice = written(tmp_path, SOURCE_SHOP_URL="mysql://me:hidden@h/d", SOURCE_SHOP_PASSWORD="hidden")
    message = faults(twice)
    assert "SOURCE_SHOP_URL holds a password besides SOURCE_SHOP_PASSWORD: leave one out" in message
    assert "hidden" not in message
    alone = faults(written(tmp_path, SOURCE_SHOP_PASSWORD="hidden"))
    assert "SOURCE_SHOP_URL must be set when SOURCE_SHOP_PASSWORD is" in alone
    nobody = faults(written(tmp_path, SOURCE_SHOP_URL="mysql://h/d", SOURCE_SHOP_PASSWORD="hidden"))
    assert "SOURCE_SHOP_URL names no user for the password in SOURCE_SHOP_PASSWORD" in nobody
    for url in ("postgresql://h/d?user=me", "host=h dbname=d user=me"):  # where libpq has another place for it
        file = written(tmp_path, SOURCE_SHOP_URL=f"'{url}'", SOURCE_SHOP_PASSWORD='"it\'s\\\\"')
        read = read_url("shop", config.load(file).sources["shop"].get_secret_value())
        assert (read.username, read.password) == ("me", "it's\\")


SECRET_LINES = {
    "SOURCE_SHOP_URL": "postgresql://me:hidden@host/shop",
    "SOURCE_LITE_URL": "mysql:///shop?user=me&password=hidden",
    "SOURCE_KEYS_URL": "host=h password=hidden",
    "HEARTBEAT_URL": "https://hc.example/uuid",
    "WEBHOOK_URL": "https://hooks.example/x",
}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666])
@pytest.mark.parametrize("name", SECRET_LINES)
def test_a_file_with_a_secret_that_others_may_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    """Naming the secret and what to run."""
    file = written(tmp_path, **{name: f'"{SECRET_LINES[name]}"'})
    assert config.load(file)
    file.chmod(mode)
    with pytest.raises(SettingsError) as caught:
        config.load(file)
    assert f"holds secrets ({name}), and others may read it (mode {mode:04o})" in caught.value.message
    assert caught.value.hint == f"chmod 600 {file}"


def test_a_command_that_is_told_can_be_copied_for_a_path_with_blanks(tmp_path: Path) -> None:
    """It is quoted."""
    (tmp_path / "my shop").mkdir()
    file = written(tmp_path / "my shop", SOURCE_SHOP_URL=f'"{SECRET_LINES["SOURCE_SHOP_URL"]}"')
    file.chmod(0o644)
    with pytest.raises(SettingsError) as caught:
        config.load(file)
    assert shlex.split(caught.value.hint) == ["chmod", "600", str(file)]
    assert "hidden" not in caught.value.message


def test_a_file_without_a_secret_may_be_read_by_all(tmp_path: Path) -> None:
    """A URL without a password is none; nor is the name of the file that holds one."""
    holder = tmp_path / "password"
    holder.write_text("hidden")
    urls = {"SOURCE_A_URL": "postgresql://me@host/shop", "SOURCE_B_URL": "sqlite:////var/a@b.db"}
    file = written(tmp_path, **urls, SOURCE_A_PASSWORD_FILE=str(holder))
    file.chmod(0o644)
    assert set(config.load(file).sources) == {"a", "b"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_owner_may_be_read_by_our_group(tmp_path: Path) -> None:
    """As an administrator hands one to a service."""
    file = written(tmp_path, SOURCE_SHOP_URL="postgresql://me:hidden@host/shop")
    os.chown(file, 12345, -1)
    file.chmod(0o640)
    assert config.load(file)
    file.chmod(0o644)
    assert "others may read it" in faults(file)


MISSPELT = """
| name                 | meant                |
| -------------------- | -------------------- |
| SOURCE_PATIENSE      | SOURCE_PATIENCE      |
| source_shop_ulr      | SOURCE_SHOP_URL      |
| SOURCE_SHOP_PASWORD  | SOURCE_SHOP_PASSWORD |
| KEEP_RUN             | KEEP_RUNS            |
| HEARTBEAT_URl_FIEL   | HEARTBEAT_URL_FILE   |
| COLOUR               |                      |
"""


@pytest.mark.parametrize(("name", "meant"), cells_of(MISSPELT))
def test_a_misspelt_setting_gets_the_nearest_name(tmp_path: Path, name: str, meant: str) -> None:
    """Where one is near."""
    line = faults(written(tmp_path, **{name: "1"})).splitlines()[1].strip()
    assert line == f"{name.upper()} is not a setting" + (f". Did you mean {meant}?" if meant else "")


def test_a_line_that_begins_with_a_secret_is_not_repeated(tmp_path: Path) -> None:
    """As a URL whose setting's name was left out."""
    message = faults(written(tmp_path, "WAREHOUSE=duckdb\npostgresql://me:hidden@h/d?sslmode=require\n"))
    assert "a line begins with a name that is not a setting's" in message
    assert "hidden" not in message.lower()


FORMS = ["{p}", "{q}", "password={p}", '"{p}"', "({q})", "x{p}y", "path/{p}/more"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("password", ["S3cret!word", "s/e%c@ret w'ord", 'back\\slash"quote', "päss€wort1"])
def test_a_secret_is_starred_in_whatever_form_a_driver_repeats_it(tmp_path: Path, password: str, form: str) -> None:
    """As it is, percent-encoded, quoted."""
    quoted = quote(password, safe="")
    config.load(written(tmp_path, SOURCE_SHOP_URL=f"mysql://me:{quoted}@h/d"))
    for text in (password, repr(password)[1:-1], password.replace("'", "''")):
        shown = redacted.redact(f"the driver said {form.format(p=text, q=quoted)}, and more")
        assert text not in shown
        assert quoted not in shown
        assert shown.startswith("the driver said ")
        assert shown.endswith(", and more")


def test_a_common_word_is_starred_only_where_it_stands_alone(tmp_path: Path) -> None:
    """So that what is said stays readable; very short ones where they stand as passwords do; users after that word."""
    config.load(written(tmp_path, SOURCE_A_URL="mysql://root:sales@h/sales", SOURCE_B_URL="mysql://etl:x@h/b"))
    said = "fact_sales, SOURCE_SALES_URL of 'sales' for user 'root'@'h' by python -m etl, 1 x 2, etl:x@h"
    wanted = "fact_sales, SOURCE_SALES_URL of '***' for user '***'@'h' by python -m etl, 1 x 2, etl:***@h"
    assert redacted.redact(said) == wanted
    config.load(written(tmp_path))
    assert redacted.redact(said) == said


def test_passwords_are_found_wherever_a_url_keeps_them() -> None:
    """In its user's place, among its parameters, in an ODBC text, in libpq's keywords."""
    odbc = quote("DRIVER={x};UID=me;PWD=hidden", safe="")
    for url in (
        "mysql://me:hidden@h/d",
        "mysql://h/d?passwd=hidden",
        f"mssql+pyodbc:///?odbc_connect={odbc}",
        "host=h password='hidden'",
    ):
        assert passwords_in(url) == ["hidden"], url
    assert passwords_in("postgresql://me@h/d?sslmode=require") == []
    assert make_url("mysql://me:hidden@h/d").password == "hidden"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("file:inbox", "file:{home}/inbox"),
        ("file:inbox?encoding=latin-1", "file:{home}/inbox?encoding=latin-1"),
        ("file:/srv/inbox", "file:/srv/inbox"),
        ("file:///srv/inbox", "file:/srv/inbox"),
    ],
)
def test_a_folder_of_files_is_seen_from_the_settings(tmp_path: Path, given: str, meant: str) -> None:
    """It holds no password, and is no faulty URL."""
    assert url_seen_from(tmp_path, given) == meant.format(home=tmp_path)
    assert (database_fault(given), passwords_in(given)) == ("", [])
