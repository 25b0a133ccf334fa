"""`status`, `why` and `rejects`: what they print is what the manifests and files say."""

import json
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.paths import ROOT
from etl.core import nights
from etl.core.nights import NightRecord
from etl.core.runs import MANIFEST
from tests.called import etl
from tests.night.company import Company
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Give a company with a good night, one that a guard refused, and one that failed."""
    company = Company(tmp_path_factory.mktemp("company"))
    assert company.night().returncode == 0
    company.rows(500)
    assert company.night().returncode == 3
    company.query("SELECT nonsense")
    assert company.night().returncode == 1
    return company


def test_status_tells_every_night_stage_by_stage(company: Company) -> None:
    """When, how long, rows, outcome; why one failed; what is published. The newest is not, so the exit code is 1."""
    done = company.ended([sys.executable, "-m", "etl", "status", "--env", str(company.env)])
    assert done.returncode == 1, done.stderr
    (run,) = company.runs("3_loaded")
    assert run in done.stdout
    assert len(re.findall(r"LoadFilesBQ.py .* 11 .*done", done.stdout)) == 1
    assert "a guard refused (exit 3)" in done.stdout
    assert "failed (exit 1)" in done.stdout
    assert "no such column: nonsense" in done.stdout
    assert "things:grew" in done.stdout
    assert f", run {run}, star {run}." in done.stdout


def test_status_as_json_is_for_a_monitor(company: Company) -> None:
    """The same, for programs: every stage with its figures, instants in UTC, and whether all is well."""
    done = etl("status", company.env, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["good"]) == (1, False)
    good, refused, failed = told["nights"]
    assert (told["published"]["run"], told["published"]["is_ours"]) == (good["run"], True)
    assert datetime.fromisoformat(told["published"]["as_of"]).utcoffset() == timedelta(0)
    assert [(stage["stage"], stage["rows"]) for stage in good["stages"]] == [
        ("SQLDownloadMain.py", 10),
        ("TablesTransformMain.py", 11),
        ("LoadFilesBQ.py", 11),
    ]
    assert [night["exit_code"] for night in told["nights"]] == [0, 3, 1]
    assert "things:grew" in refused["said"]
    assert "nonsense" in failed["said"]


def test_status_tells_times_as_the_business_does(company: Company) -> None:
    """Whoever reads it at nine wants to see 04:30, and not 02:30."""
    record = nights.records(company.data)[0]
    began = record.stages[0].started.astimezone(ZoneInfo("Europe/Madrid"))
    done = etl("status", company.env)
    assert f"{began:%Y-%m-%d %H:%M:%S}" in done.stdout
    assert "began (Europe/Madrid)" in done.stdout


def test_status_of_the_newest_nights_only(company: Company) -> None:
    """--nights N."""
    done = etl("status", company.env, "--nights", "1")
    assert company.runs("3_loaded")[0] not in done.stdout.partition("Published")[0]


def test_status_marks_a_failure_that_is_over(tmp_path: Path) -> None:
    """One before a night that was published; a failed refresh only if that night's did not fail; never the newest."""
    company = Company(tmp_path)
    assert company.night().returncode == 0
    (good,) = company.runs("3_loaded")
    record = NightRecord.model_validate_json(nights.file_of(company.data, good).read_bytes())
    for run, code in [("20000101T000000Z", 1), ("20000102T000000Z", 4), ("20000103T000000Z", None)]:
        nights.write(company.data, record.model_copy(update={"run": run, "exit_code": code, "said": f"no {run}."}), 9)
    company.query("SELECT nonsense")
    assert company.night().returncode == 1
    told = etl("status", company.env).stdout.splitlines()
    assert "no 20000101T000000Z. (since then published)" in told
    assert "no 20000102T000000Z. (since then published)" in told
    assert "night 20000103T000000Z: it was killed (since then published)" in told
    assert [line for line in told if "since then" in line and "nonsense" in line] == []
    nights.write(company.data, record.model_copy(update={"exit_code": 4, "said": "no refresh."}), 9)
    told = etl("status", company.env).stdout.splitlines()
    assert "no 20000101T000000Z. (since then published)" in told
    assert "no 20000102T000000Z." in told
    assert "no refresh." in told


def test_status_tells_what_is_under_way(tmp_path: Path) -> None:
    """Who holds the lock, and since when."""
    company = Company(tmp_path)
    night = subprocess.Popen(company.command(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (company.data / "lock.holder").exists():
        time.sleep(0.01)
    done = etl("status", company.env)
    assert f"Under way: Another run (the night, process {night.pid}, since " in done.stdout
    night.terminate()
    night.wait(60)
    assert "Under way" not in etl("status", company.env).stdout


def test_status_before_the_first_night(tmp_path: Path) -> None:
    """It says that there is none, and what to run."""
    done = etl("status", Company(tmp_path).env)
    assert done.returncode == 1
    assert "Published: nothing is known. No run is committed" in done.stdout


def test_status_goes_on_where_a_manifest_is_damaged(tmp_path: Path) -> None:
    """The damaged one is named; the others are shown."""
    company = Company(tmp_path)
    company.night()
    (run,) = company.runs("2_star")
    (company.data / "2_star" / run / MANIFEST).write_text("{")
    done = etl("status", company.env)
    assert done.returncode == 0
    assert "is damaged" in done.stdout
    assert "LoadFilesBQ.py" in done.stdout


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a star of two sales, of which one is rejected, and one refers to nothing."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99", "8 5 1.00", "9 1 -1.00", "10 1 x\x1b[31m"))
    house.build()
    house.command()
    return house


def env(house: House) -> Path:
    """Give the settings file."""
    return house.folder / "house.env"


def test_why_tells_how_a_number_came_about(house: House) -> None:
    """The equation balances, the lineage goes down to the queries, the receipt is the manifest's."""
    done = etl("why", env(house), "fact_sale")
    assert done.returncode == 0, done.stderr
    table = house.star.tables["fact_sale"]
    assert f"built in run {house.star.run} from raw run {house.star.made_from}" in done.stdout
    numbers = [int(n.replace("−", "-").replace("= ", "")) for n in re.findall(r"│ +(−?=? ?\d+) │ [^o]", done.stdout)]
    handed, rejects = table.handed, [n for n in numbers if n < 0]
    assert handed + sum(rejects) == table.rows == 2
    assert "of these with the unknown member in shop_key: no such member" in done.stdout
    assert "query sales (4 rows of source house" in done.stdout
    assert "query shops" in done.stdout
    assert str(table.receipt.hash_sum) in done.stdout
    assert "What it cost." in done.stdout


def test_why_of_a_query_names_its_readers(house: House) -> None:
    """Which tables read it."""
    done = etl("why", env(house), "sales")
    assert "Read by: fact_sale." in done.stdout


@pytest.mark.parametrize("command", ["why", "rejects"])
def test_a_table_that_is_not_there_is_guessed(house: House, command: str) -> None:
    """Exit 2, and the nearest name."""
    done = etl(command, env(house), "fact_sail")
    assert done.returncode == 2
    assert "Did you mean fact_sale?" in done.stderr


def test_why_of_a_table_whose_file_is_gone_says_so(house: House) -> None:
    """The star still has it; neither its own name nor another one without a file is suggested."""
    (house.tables_dir / "fact_sale.py").unlink()
    done = etl("why", env(house), "fact_sale")
    assert done.returncode == 2
    said = f"Error: Star {house.star.run} has the table fact_sale, but {house.tables_dir} no longer has its file."
    assert done.stderr.splitlines() == [said, "Try: Choose: dim_shop, shops, sales."]
    assert "fact_sale" not in etl("why", env(house), "fact_sail").stderr


def test_rejects_are_shown_by_reason_with_examples(house: House) -> None:
    """With counts; what would disturb a terminal is escaped; how to correct them stands below."""
    done = etl("rejects", env(house), "fact_sale")
    assert done.returncode == 0, done.stderr
    assert "fact_sale in star" in done.stdout
    for reason, _ in house.rejects("fact_sale"):
        assert f"1 × {reason}" in done.stdout
    assert "\x1b" not in done.stdout
    assert "tables/fact_sale.corrections.toml" in done.stdout
    assert '"sale_id": 9' in done.stdout
    assert '"sale_id": 9' not in etl("rejects", env(house), "fact_sale", "--examples", "0").stdout


def test_rejects_of_all_tables_are_counted(house: House) -> None:
    """Without a table, an overview."""
    done = etl("rejects", env(house))
    assert re.search(r"fact_sale +│ +2 │", done.stdout)
