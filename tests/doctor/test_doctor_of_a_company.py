"""A company's own files, its machine, its notices: each fault said with its cure; and the command as a whole."""

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from etl.doctor import examine, machine
from etl.doctor.check import FAILURE, OK, WARNING, checks
from etl.doctor.company import Company, read_settings
from etl.doctor.examine import worst
from tests.called import etl
from tests.doctor.found import Patient, told
from tests.night.company import DIM_THING
from tests.reporting import write_report

SECRETS = ("hunter2", "d0ub1e-s3cret", "T0K3N0FAHEARTBEAT", "T0K3N0FAWEBHOOK")


@pytest.fixture
def company(tmp_path: Path) -> Patient:
    """Give a company with a source, a query and a table, of which all is well."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/dim_thing.py").write_text(DIM_THING)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("PRAGMA journal_mode = WAL")
        shop.execute("CREATE TABLE things (thing_id INTEGER, night INTEGER, name TEXT)")
    patient = Patient(tmp_path, {"shop": f"sqlite:///{tmp_path / 'shop.db'}"})
    patient.settings |= {"TABLES_DIR": str(tmp_path / "tables"), "WORKERS": "1"}
    patient.query("things", "SELECT thing_id, night, name FROM things", key="thing_id")
    return patient


def settings_of(company: Patient, **more: str) -> list[str]:
    """Examine the settings and what they name; gives what is not well."""
    company.settings |= more
    [part] = examine.examine(company.env, ["settings"])
    return [line for line in told([finding for _, finding in part.findings]) if not line.startswith(OK)]


def test_every_fault_of_the_settings_is_said(company: Patient) -> None:
    """One finding each, and the schedule is looked at all the same."""
    company.settings |= {"WINDOW_YEARS": "many", "BUSINESS_TIME_ZONE": "Mars/Olympus", "WEBHOK_URL": "x"}
    code, said = company.doctor()
    sentences = [each["sentence"] for each in said["findings"] if each["part"] == "settings"]  # type: ignore[union-attr]
    assert code == 2
    assert [each.split(":")[0].split(" ")[0] for each in sentences] == [
        "WEBHOK_URL",
        "BUSINESS_TIME_ZONE",
        "WINDOW_YEARS",
    ]
    assert "schedule" in {each["part"] for each in said["findings"]}  # type: ignore[union-attr]


def test_a_mode_hides_no_other_fault_and_a_url_that_no_driver_reads_is_one(company: Patient) -> None:
    """Each is a finding of the settings."""
    company.sources["shop"] = f"postgresql://etl:{SECRETS[0]}@host/shop?colour=red"
    [line] = settings_of(company)
    assert line.startswith("failure: SOURCE_SHOP_URL names colour, ")
    company.settings |= {"WINDOW_YEARS": "many"}
    file = company.env
    file.chmod(0o644)
    settings, faults = read_settings(file)
    assert settings is None
    assert [("others may read it" in f.sentence, "WINDOW_YEARS" in f.sentence) for f in faults] == [
        (True, False),
        (False, True),
    ]
    assert "chmod 600" in faults[0].cure


@pytest.mark.parametrize(
    ("of", "sql", "said"),
    [("dim_thin", "COUNT(*)", "which is no table or view"), ("dim_thing", "COUNT(thinq)", "thinq")],
)
def test_a_measure_that_cannot_be_asked_is_said(company: Patient, of: str, sql: str, said: str) -> None:
    """Before there is a night to show."""
    write_report(company.folder / "powerbi", of, sql, "1")
    [line] = settings_of(company, REPORT_DIR=str(company.folder / "powerbi"))
    assert line.startswith("failure: ")
    assert said in line


def test_every_faulty_query_and_table_is_said(company: Patient) -> None:
    """Each with its own cure, and none hides another."""
    company.file("bad", "SELECT 1\n")
    company.file("worse", "-- grain: x\n-- source: shop\n-- key: id\n")
    for name in ("dim_a", "dim_b"):
        (company.folder / f"tables/{name}.py").write_text("nothing = here\n")
    lines = settings_of(company)
    assert [re.split(r"[ :]", line)[2] for line in lines] == ["bad.sql", "worse.sql", "dim_a.py", "dim_b.py"]
    assert all(" | " in line and not line.endswith("| ") for line in lines)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "queries/things.sql",
            "-- T.\n-- grain: x\n-- source: other\n-- key: thing_id\nSELECT 1 AS thing_id\n",
            "OTHER_URL is not",
        ),
        ("tables/dim_thing.py", DIM_THING.replace("build(things", "build(thinks"), "asks for thinks"),
        (
            "tables/dim_thing.py",
            DIM_THING.replace("nullable=True", "nullable=True, pii='hash'"),
            "PSEUDONYM_KEY is not set",
        ),
        ("tables/dim_thing.corrections.toml", "[[correction]\n", "TOML"),
        (
            "tables/dim_thing.corrections.toml",
            '[[correction]]\nquery = "things"\nwhere = {thing_id = 1}\nset = {name = "x"}\n'
            'reason = "y"\nuntil = 2020-01-01\n',
            "expired on 2020-01-01",
        ),
    ],
)
def test_a_fault_of_a_file_is_said(company: Patient, file: str, text: str, said: str) -> None:
    """What the stages would refuse, by the stages' own words."""
    (company.folder / file).write_text(text)
    assert any(said in line and line.startswith(FAILURE) for line in settings_of(company))


def test_a_source_that_nobody_reads_is_a_warning(company: Patient) -> None:
    """It may be one that a query was to name."""
    company.sources["spare"] = company.sources["shop"]
    [line] = settings_of(company)
    assert line.startswith("warning: No query reads the source spare. | Remove SOURCE_SPARE_URL")


def machine_of(company: Patient) -> dict[str, list[str]]:
    """Examine the machine alone, for a disk or memory of some size; gives what is not well, by check."""
    [part] = examine.examine(company.env, ["machine"])
    found: dict[str, list[str]] = {}
    for name, finding in part.findings:
        found.setdefault(name, [])
        found[name] += told([finding]) if finding.level != OK else []
    return found


def test_a_disk_and_a_memory_are_held_against_the_estimate(company: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a night before, by what the source guesses: here a file of a petabyte, of which the disk has less."""
    assert machine_of(company) == {"folder": [], "space": [], "memory": [], "zones": []}
    settings, _ = read_settings(company.env)
    assert settings is not None
    seen = machine.SeenMachine(Company(company.env, settings), {"things": 10**15})
    found = {one.name: told(one.findings(seen)) for one in checks("machine")}
    assert found["space"][0].startswith("failure: The night needs about 2500000.0 GB, and ")
    assert found["memory"][0].startswith("warning: The machine has ")


def test_a_data_folder_of_another_company_is_refused(company: Patient) -> None:
    """By the guard of origins; the doctor, like the night, touches nothing."""
    company.done("--accept", "things:empty=0")
    with closing(sqlite3.connect(company.folder / "other.db")) as other, other:
        other.execute("CREATE TABLE things (thing_id INTEGER, night INTEGER, name TEXT)")
    company.sources["shop"] = f"sqlite:///{company.folder / 'other.db'}"
    [line] = machine_of(company)["folder"]
    assert line.startswith(FAILURE)
    assert "were made from the source shop" in line


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # which Apprise imports
def test_notices_are_looked_up_and_not_sent(company: Patient) -> None:
    """A name that does not resolve is a warning; whoever listens at one that does hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        company.settings |= {
            "HEARTBEAT_URL": f"http://localhost:{port}/{SECRETS[2]}",
            "WEBHOOK_URL": f"https://chat.invalid/{SECRETS[3]}",
            "NOTIFY_URLS": f"json://localhost:{port}/{SECRETS[2]} nobody://x/{SECRETS[3]}",
        }
        findings = company.part("notices")
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()
    said = [(name, finding.level) for name, finding in findings]
    assert said == [("heartbeat", OK), ("webhook", WARNING), ("apprise", WARNING), ("apprise", OK)]
    assert not any(secret in line for secret in SECRETS for line in told([finding for _, finding in findings]))


@pytest.fixture
def silent() -> Iterator[str]:
    """Give the address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_hangs_stops_nothing_else(company: Patient, silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is ended when its time is over, and the others are told; no secret is printed."""
    monkeypatch.setattr(examine, "SECONDS", 3.0)
    company.sources["hung"] = f"postgresql://etl:{SECRETS[0]}@{silent}/shop"
    company.settings |= {"HEARTBEAT_URL": f"https://hc.invalid/{SECRETS[2]}", "SOURCE_STALL_SECONDS": "600"}
    company.query("hung", "SELECT 1 AS id", source="hung")
    code, said = company.doctor("--only", "settings", "machine", "source hung", "schedule")
    assert (code, said["worst"]) == (2, FAILURE)
    found: dict[str, list[str]] = {}
    for each in said["findings"]:  # type: ignore[union-attr]
        found.setdefault(each["part"], []).append(each["sentence"])
    assert list(found) == ["settings", "machine", "source hung", "schedule"]
    assert found["source hung"] == ["Source hung did not answer within 3 seconds, and was looked at no further."]
    assert not any(secret in json.dumps(said) for secret in SECRETS)


def test_the_lines_for_people_name_each_cure(company: Patient) -> None:
    """The command with its settings file, ready to be copied; the exit code is by the worst."""
    with closing(sqlite3.connect(company.folder / "shop.db")) as shop, shop:
        shop.execute("INSERT INTO things VALUES (1, 'x', 'y')")
    done = etl("doctor", company.env, "--only", "source shop")
    assert done.returncode == 1
    assert re.search(
        r"\n  WARNING \S+things.sql: 1 row has .* in night: such rows are rejected.\n          Try: ", done.stdout
    )
    assert re.search(r"\n0 failures, 1 warning, \d+ ok, in [\d.]+ s.\n$", done.stdout)


def test_a_part_that_there_is_not_is_a_fault_of_the_command_line(company: Patient) -> None:
    """With what may have been meant."""
    done = etl("doctor", company.env, "--only", "source shopp")
    assert done.returncode == 2
    assert "Did you mean source shop?" in done.stderr


def test_nothing_found_at_all_is_no_good_news() -> None:
    """An examination without a finding has failed."""
    assert worst([]) == FAILURE
