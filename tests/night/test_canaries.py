"""Canaries: secrets and personal data are planted, and searched for in all that a company gives away."""

import sqlite3
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.paths import ROOT
from tests.called import etl
from tests.night.company import Company
from tests.night.monitor import Monitor, listening
from tests.night.test_dashboard_of_a_night import with_report

DIM_THING = '''"""People."""

import logging
import warnings

import pandas as pd

from etl.contract import Date, Dimension, Integer, Key, Text, attribute, natural_key, surrogate_key


class DimThing(Dimension, rejects=1.0):
    """One row per person."""

    thing_key: Key = surrogate_key()
    code: Text = natural_key("The number of the identity card.", pii=True)
    name: Text = attribute("The whole name.", nullable=True, unknown="Unknown", pii=True)
    email: Text = attribute("The address.", nullable=True, pii=True)
    phone: Integer = attribute("The telephone.", nullable=True, pii=True)
    born: Date = attribute("The birthday.", nullable=True, pii=True)
    town: Text = attribute("The town.", nullable=True)


def build(things: pd.DataFrame) -> pd.DataFrame:
    print(things["email"], flush=True)
    logging.warning("what about %s?", things["email"].iloc[0])
    warnings.warn(f"what about {things['email'].iloc[0]}?")
    things["name"] = things.pop("given") + " " + things.pop("family")
    rows = things["town"]
    things["_reject"] = ("no such address: " + things["email"]).where(rows == "nowhere")
    things["_set_aside"] = (things["name"] + " moved away").where(rows == "away")
    return things
'''
PERSONAL = ("CANARYid", "CANARYgiven", "CANARYfamily", "CANARYmail", "5550001", "1907-03-0", "CANARYborn")
SECRETS = ("CANARYpass", "CANARY%40pass", "CANARY@pass", "CANARYheart", "CANARYhook")
ROWS = [
    ("town", "5550001001", "1907-03-01"),
    ("nowhere", "5550001002", "1907-03-02"),
    ("away", "5550001003", "1907-03-03"),
    ("elsewhere", "5550001004", "CANARYborn"),  # which is no date, and rejected
]


def people(folder: Path) -> Company:
    """Make a company of people, each of whose texts is a canary."""
    company = with_report(Company(folder))
    (company.folder / "tables/dim_thing.py").write_text(DIM_THING)
    header = (
        "-- People.\n-- grain: one row per person\n-- source: shop\n-- key: code\n-- types: phone bigint, born date\n"
    )
    columns = "code, given, family, email, phone, born, town"
    (company.folder / "queries/things.sql").write_text(f"{header}SELECT {columns} FROM people\n")
    with closing(sqlite3.connect(company.folder / "shop.db")) as shop, shop:
        shop.execute(f"CREATE TABLE people ({columns})".replace("phone", "phone INTEGER"))
        shop.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (f"CANARYid{n}", f"CANARYgiven{n}", f"CANARYfamily{n}", f"CANARYmail{n}@x", phone, born, town)
                for n, (town, phone, born) in enumerate(ROWS)
            ],
        )
    return company


@dataclass
class GivenAway:
    """What a company has given away in a night: texts by where they were, and the company."""

    company: Company
    texts: dict[str, str]
    code: int


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GivenAway]:
    """Run a night under the usual umask of a login, and look at all that comes of it."""
    company = people(tmp_path_factory.mktemp("canaries") / "company")
    with listening() as monitor:
        company.settings |= {
            "HEARTBEAT_URL": f"{monitor.url}/CANARYheart",
            "WEBHOOK_URL": f"{monitor.url}/CANARYhook",
            "SOURCE_OTHER_URL": "mysql://CANARYuser:CANARY%40pass@db.internal/other",
            "LOG_LEVEL": "DEBUG",
        }
        yield given_away(company, monitor)


def given_away(company: Company, monitor: Monitor) -> GivenAway:
    """Run a night; gives what it and the commands that look at it have said, written and called."""
    texts = {}
    with subprocess.Popen(
        company.command(), cwd=ROOT, umask=0o022, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            texts |= {f"process {path.parent.name}": _text(path) for path in Path("/proc").glob("[0-9]*/cmdline")}
            time.sleep(0.2)
        texts["standard output"], texts["standard error"] = process.communicate()
    texts |= {f"told {number}": text for number, (_, text) in enumerate(monitor.heard)}
    for path in company.data.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".log", ".html", ".holder", ".txt"):
            texts[str(path.relative_to(company.data))] = _text(path)
    for command in (("status",), ("why", "dim_thing"), ("why", "things"), ("rejects",), ("rejects", "dim_thing")):
        done = etl(command[0], company.env, *command[1:])
        texts[" ".join(command)] = done.stdout + done.stderr
    return GivenAway(company, texts, process.returncode)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:  # a process that ended meanwhile
        return ""


def test_no_canary_leaves_in_a_good_night(night: GivenAway) -> None:
    """Neither on a terminal, in logs, records, manifests, notices, the dashboard, nor in the list of processes."""
    assert night.code == 0, night.texts["standard error"]
    assert {"dashboard.html", "told 0", "standard error"} <= set(night.texts)
    assert len([name for name in night.texts if name.endswith("manifest.json")]) == 3
    for canary in (*PERSONAL, *SECRETS):
        assert [name for name, text in night.texts.items() if canary in text] == [], canary


def test_what_is_no_canary_is_told(night: GivenAway) -> None:
    """Reasons are counted without their values; towns, which nobody marked, are shown."""
    shown = night.texts["rejects dim_thing"]
    assert "1 × no such address: ***" in shown
    assert "1 set aside: *** moved away" in shown
    assert "2 × " not in shown
    assert '"town": "nowhere"' in shown
    assert '"email": "***"' in shown
    assert "elsewhere" in shown
    assert "town" in night.texts["why dim_thing"]


def test_a_person_may_look_at_personal_data(night: GivenAway) -> None:
    """Who asks for it gets it."""
    shown = etl("rejects", night.company.env, "dim_thing", "--show-personal").stdout
    assert "CANARYmail1@x" in shown
    assert "CANARYborn" in shown


def test_what_a_night_writes_is_its_owners(night: GivenAway) -> None:
    """Whatever the umask."""
    paths = [night.company.data, *night.company.data.rglob("*")]
    assert len(paths) > 15
    assert [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_no_canary_leaves_in_a_bad_night(tmp_path: Path) -> None:
    """What went wrong is told, and where a person finds the rest, which is the owner's alone."""
    company = people(tmp_path / "company")
    table = company.folder / "tables/dim_thing.py"
    text = 'raise ValueError(f"who is {things.email[0]}?")\n    return things'
    table.write_text(table.read_text().replace("return things", text))
    with listening() as monitor:
        company.settings |= {"HEARTBEAT_URL": f"{monitor.url}/CANARYheart", "WEBHOOK_URL": f"{monitor.url}/CANARYhook"}
        given = given_away(company, monitor)
    (kept,) = [name for name in given.texts if name.endswith("dim_thing.error.txt")]
    assert given.code == 1
    assert "who is CANARYmail0@x?" in given.texts.pop(kept)
    assert stat.S_IMODE((company.data / kept).stat().st_mode) == 0o600
    assert "build failed: ValueError (its text may hold personal data, so it is not shown)." in given.texts["told 2"]
    for canary in (*PERSONAL, *SECRETS):
        assert [name for name, text in given.texts.items() if canary in text] == [], canary
