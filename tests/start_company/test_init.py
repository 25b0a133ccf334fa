"""A new company's folder: what is in it works as it is, and nothing that was there is lost."""

import ast
import os
import re
import shlex
import sqlite3
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import config
from config.paths import ROOT
from etl import download, load, published, transform
from etl.commands import commands, main
from etl.core.cli import script
from etl.doctor.crontab import read_crontab
from etl.start_company.make import _quoted, make_company
from etl.start_company.source import new_source
from etl.testing import Company
from tests.called import called, etl
from tests.drawn import cells_of
from tests.powerbi.schemas import faults_of_schema


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ETL_ENV", raising=False)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a new company, whose name needs quoting, and whose source is a file."""
    folder = tmp_path_factory.mktemp("companies") / "my shop"
    with sqlite3.connect(folder.parent / "sales.db") as source:
        source.execute("CREATE TABLE orders (order_id INTEGER PRIMARY KEY, ordered_on TEXT)")
        source.execute("INSERT INTO orders VALUES (1, '2026-02-28')")
    source.close()
    done = called(main, ["etl", "init", str(folder), "--from", f"sqlite:///{folder.parent}/sales.db"])
    assert (done.returncode, done.stderr) == (0, "")
    assert "The source sales can be reached." in done.stdout
    assert f"Next: cd '{folder}'" in done.stdout
    return folder


def test_a_new_folder_has_all_that_a_company_is(shop: Path) -> None:
    """Its settings are nobody else's; the launcher can be started."""
    there = {str(path.relative_to(shop)) for path in shop.rglob("*") if path.is_file() and "MyShop" not in path.parts}
    assert there >= {
        "prod.env", "README.md", "crontab.txt", "requirements.txt", ".gitignore", "etl", "tables/dim_date.py",
        "tests/test_dim_date.py", "queries/README.md", "powerbi/report.toml", "powerbi/measures/trust.toml",
        "powerbi/pages/1_trust.toml",
    }  # fmt: skip
    assert stat.S_IMODE((shop / "prod.env").stat().st_mode) == 0o600
    assert os.access(shop / "etl", os.X_OK)
    assert config.load(shop / "prod.env").data_dir == shop / "data/prod"


def test_a_new_company_passes_its_own_checks(shop: Path) -> None:
    """Dictionary and Power BI project are written into its folder, its tests run, its files have the house's form."""
    env = shop / "prod.env"
    assert etl("docs", env).returncode == 0
    assert "dim_date" in (shop / "docs/dictionary.md").read_text()
    project = etl("powerbi", env)
    assert project.returncode == 0
    assert (shop / "powerbi/MyShop/MyShop.pbip").is_file()
    written = [path for path in (shop / "powerbi/MyShop").rglob("*") if path.is_file()]
    texts = {str(path): path.read_text() for path in written if path.suffix != ".tmdl"}
    assert faults_of_schema(texts) == []
    assert [path for path in written if not path.stat().st_size] == []  # Microsoft's own writer leaves such out
    launched = subprocess.run([shop / "etl", "test", "-q"], cwd="/", capture_output=True, text=True, check=False)
    assert launched.returncode == 0, launched.stdout + launched.stderr
    assert "2 passed" in launched.stdout
    assert not (shop / "__pycache__").exists()
    for command in (["format", "--check"], ["check", "--quiet", "--ignore=INP"]):
        checked = [sys.executable, "-m", "ruff", *command, "--config", ROOT / "pyproject.toml", shop / "tables"]
        assert subprocess.run(checked, capture_output=True, check=False).returncode == 0


def stage(run: Callable[..., None], env: Path) -> subprocess.CompletedProcess[str]:
    """Call a stage's script in this process."""
    return called(lambda: script(run, "Stage.py", "", ""), ["Stage.py", "--env", str(env)])


def test_a_night_without_a_query_says_what_is_next(shop: Path) -> None:
    """One sentence: the calendar alone is no reason to ask a source."""
    done = stage(download.run, shop / "prod.env")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: There is no query in {shop}/queries.\nTry: Write one there")


ORDERS = """-- Orders.
-- grain: one row per order
-- source: sales
-- key: order_id
-- types: ordered_on date

SELECT order_id, ordered_on FROM orders
"""
FACT_ORDER = '''"""Orders."""

import pandas as pd

from etl.contract import Fact, Integer, Key, natural_key, reference


class FactOrder(Fact):
    """One row per order."""

    order_id: Integer = natural_key("The number of the order.")
    date_key: Key = reference("dim_date", "The day of the order.", on="ordered_on")


def build(orders: pd.DataFrame) -> pd.DataFrame:
    """As they are."""
    return orders
'''


def test_the_first_query_and_table_are_published(shop: Path) -> None:
    """With the calendar, in the company's folder alone."""
    env, files = shop / "prod.env", {"queries/orders.sql": ORDERS, "tables/fact_order.py": FACT_ORDER}
    try:
        for name, text in files.items():
            (shop / name).write_text(text)
        for run in (download.run, partial(transform.run, ask=published.ask), load.run):
            done = stage(run, env)
            assert done.returncode == 0, done.stderr
    finally:
        for name in files:
            (shop / name).unlink()
    asked = etl("sql", env, "SELECT date FROM fact_order JOIN dim_date USING (date_key)")
    assert "2026-02-28" in asked.stdout
    company = Company.of(config.load(env))  # with the types that this night found
    assert company.types["orders"] == {"order_id": pa.int64(), "ordered_on": pa.date32()}
    assert company._frame("orders", {}, "| order_id |\n|-|\n| 1 |")["ordered_on"].dtype == pd.ArrowDtype(pa.date32())
    assert (shop / "data/prod/warehouse.duckdb").is_file()


def test_the_crontab_runs_the_night_of_this_folder(shop: Path) -> None:
    """Its command works as cron runs it, up to the first sentence of the night; % is nowhere."""
    text = (shop / "crontab.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert read_crontab(text)[1] == []
    assert all(line.is_ours for line in read_crontab(text)[0])
    variables = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]+=", line))
    assert variables["COMPANY"] == str(shop)
    night = next(line for line in lines if line.startswith("30 2"))
    assert "%" not in night
    assert variables["ETL"] == str(ROOT)
    (stand_in := shop.parent / "nightly.sh").write_text('#!/bin/sh\necho "$PWD $*"\n')
    stand_in.chmod(0o755)
    command = night.split(maxsplit=5)[5]
    subprocess.run(["bash", "-c", command], env=variables | {"ETL": str(shop.parent)}, check=True)
    assert (shop / "night.out").read_text() == f"{shop} --env prod.env --due 02:30\n"


def test_the_readme_names_commands_that_there_are(shop: Path) -> None:
    """And files that are in the folder."""
    text = (shop / "README.md").read_text()
    assert set(re.findall(r"`\./etl (\w+)", text)) <= set(commands())
    assert {"test", "status", "docs", "powerbi"} <= set(re.findall(r"`\./etl (\w+)", text))


def test_nothing_that_is_there_is_overwritten(shop: Path, tmp_path: Path) -> None:
    """A company's folder gets what it lacks; any other one is refused."""
    mine = tmp_path / "mine"
    make_company(mine, None)
    for path in (mine / "tables/dim_date.py", mine / "README.md"):
        path.write_text("mine")
    (mine / "crontab.txt").unlink()
    (mine / "prod.env").rename(mine / "test.env")
    done = called(main, ["etl", "init", str(mine), "--from", "postgresql://me@host/d"])
    assert done.returncode == 0
    assert done.stdout.startswith(f"{mine}: crontab.txt added.\nLeft as they are: README.md, ")
    assert "add SOURCE_D_URL to them yourself" in done.stdout
    assert "--env test.env" in (mine / "crontab.txt").read_text()
    assert (mine / "tables/dim_date.py").read_text() == (mine / "README.md").read_text() == "mine"
    assert not (mine / "prod.env").exists()


@pytest.mark.parametrize("what", ["a file", "a full folder", "the program"])
def test_what_is_no_companys_folder_is_refused(what: str, tmp_path: Path) -> None:
    """Before anything is written."""
    folder = {"a file": tmp_path / "x", "a full folder": tmp_path, "the program": ROOT}[what]
    (tmp_path / "x").touch()
    done = called(main, ["etl", "init", str(folder)])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {folder} is ")
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_a_source_that_cannot_be_reached_is_told_and_the_folder_made(tmp_path: Path) -> None:
    """Without the password, which is in the settings alone."""
    url = "postgresql://etl:s3cr%40t-hidden@127.0.0.1:1/web-shop?sslmode=disable"
    done = called(main, ["etl", "init", str(tmp_path / "new"), "--from", url])
    assert (done.returncode, done.stderr) == (0, "")
    assert "The source web_shop cannot be read yet; the folder is made all the same." in done.stdout
    assert "\nTry: " in done.stdout
    assert "hidden" not in done.stdout
    text = (tmp_path / "new/prod.env").read_text()
    assert "SOURCE_WEB_SHOP_URL=postgresql://etl@127.0.0.1:1/web-shop?sslmode=disable\n" in text
    assert "SOURCE_WEB_SHOP_PASSWORD=s3cr@t-hidden\n" in text
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file() and b"hidden" in path.read_bytes()] == [
        tmp_path / "new/prod.env"
    ]


def test_a_driver_that_is_not_installed_is_told_with_the_command_that_installs_it(tmp_path: Path) -> None:
    """And is not told as a fault of the URL."""
    url = "mssql+pyodbc://etl@127.0.0.1:1/shop"
    if not new_source(url).lacking:
        pytest.skip("it is installed here")
    folder = tmp_path / "my shop"
    done = called(main, ["etl", "init", str(folder), "--from", url])
    assert (done.returncode, done.stderr) == (0, "")
    told = next(line for line in done.stdout.splitlines() if line.startswith("The source shop needs pyodbc, "))
    command = shlex.split(told.partition("names now: ")[2])
    assert command == [str(ROOT / "setup.sh"), "--env", f"{folder}/prod.env"]
    assert told.partition("names now: ")[2] in (folder / "README.md").read_text()
    assert "pyodbc" in (folder / "requirements.txt").read_text().split()


def test_what_is_no_url_is_refused_without_repeating_it(tmp_path: Path) -> None:
    """It may hold a password."""
    done = called(main, ["etl", "init", str(tmp_path / "new"), "--from", "postgresql://me:hid@den/x@host/d"])
    assert done.returncode == 2
    assert "What --from gives is no database's URL" in done.stderr
    assert "hid" not in done.stderr.replace("which", "")
    assert not (tmp_path / "new").exists()


SOURCES = """
| URL                             | name  | as the settings have it            | drivers                          |
| ------------------------------- | ----- | ---------------------------------- | -------------------------------- |
| postgresql://me@host/Shop-1     | shop_1 | postgresql://me@host/Shop-1       |                                  |
| mysql://me:x@host/shop          | shop  | mysql+pymysql://me@host/shop       | PyMySQL==                        |
| mariadb://me@host/shop          | shop  | mariadb+pymysql://me@host/shop     | PyMySQL==                        |
| mysql+mysqldb://me@host/shop    | shop  | mysql+mysqldb://me@host/shop       | mysqlclient                      |
| duckdb:////srv/a/big.duckdb     | big   | duckdb:////srv/a/big.duckdb        | duckdb-engine==, pytz==          |
| sqlite:////srv/a/shop.db        | shop  | sqlite:////srv/a/shop.db           |                                  |
| host=db dbname=sales user=me    | sales | host=db dbname=sales user=me       |                                  |
| file:/srv/a/inbox?encoding=x    | inbox | file:/srv/a/inbox?encoding=x       | duckdb-engine, pytz, python-cal  |
| postgresql://host               | shop  | postgresql://host                  |                                  |
| postgresql://host/пра           | shop  | postgresql://host/пра              |                                  |
"""


@pytest.mark.parametrize(("url", "name", "written", "drivers"), cells_of(SOURCES))
def test_a_url_is_read_for_name_and_driver(url: str, name: str, written: str, drivers: str) -> None:
    """The name is one that settings take; a driver has the version that is tested."""
    source = new_source(url)
    assert (source.name, source.url) == (name, written)
    wanted = drivers.split(", ") if drivers else []
    assert all(line.startswith(start) for line, start in zip(source.drivers, wanted, strict=True))


def test_a_relative_file_is_seen_from_where_the_command_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not from the new folder."""
    monkeypatch.chdir(tmp_path)
    assert new_source("sqlite:///shop.db").url == f"sqlite:///{tmp_path}/shop.db"
    assert new_source("file:inbox").url == f"file:{tmp_path}/inbox"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    password=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1).filter(str.strip)
)
def test_any_password_arrives_as_it_is(tmp_path: Path, password: str) -> None:
    """Percent-encoded in the URL, quoted in the settings."""
    source = new_source(f"postgresql://me:{quote(password, safe='')}@host/shop")
    assert source.password == password
    file = tmp_path / "a.env"
    file.touch(0o600)
    file.write_text(
        f"WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=UTC\nSOURCE_SHOP_URL={source.url}\n"
        f"SOURCE_SHOP_PASSWORD={_quoted(source.password)}\n",
        encoding="utf-8",
    )
    assert new_source(config.load(file).sources["shop"].get_secret_value()).password == password


def test_the_measures_of_trust_are_the_samples(shop: Path) -> None:
    """Once improved, improved for all."""
    ours = tomllib.loads((ROOT / "powerbi/measures/6_trust.toml").read_text())["measure"]
    theirs = tomllib.loads((shop / "powerbi/measures/trust.toml").read_text())["measure"]
    assert theirs == [measure for measure in ours if measure["name"] != "Last Sale"]


def test_the_calendar_is_the_samples(shop: Path) -> None:
    """Column by column, and so is what is said of each day."""
    calendars = [ast.parse((folder / "tables/dim_date.py").read_text()) for folder in (ROOT, shop)]
    classes = [next(node for node in tree.body if isinstance(node, ast.ClassDef)) for tree in calendars]
    columns = [[ast.dump(node) for node in each.body if isinstance(node, ast.AnnAssign)] for each in classes]
    builds = [node for tree in calendars for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert columns[0] == columns[1]
    assert ast.dump(builds[0].body[-1]) == ast.dump(builds[1].body[-1])


def test_the_launcher_survives_a_folder_with_blanks(shop: Path) -> None:
    """What it starts is quoted."""
    program = shlex.split((shop / "etl").read_text().splitlines()[-1])[1]
    assert program == str(ROOT / "etl.sh")
