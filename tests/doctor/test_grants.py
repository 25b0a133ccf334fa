"""The statements for least privilege: run as they are printed, and the night run as the role that they made."""

import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from config.paths import ROOT
from etl.doctor.check import OK
from etl.load.bigquery.permissions import DATASETS, POWER_BI, PROJECT
from tests.called import etl
from tests.doctor.found import Patient, told
from tests.maria import Maria
from tests.night.company import Company as Small


def printed(patient: Patient, *options: str) -> str:
    """Give what the command prints."""
    done = etl("grants", patient.env, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def as_that_role(patient: Patient, text: str, source: str, role: str = "etl_reader") -> None:
    """Set what the last lines say."""
    patient.settings |= dict(re.findall(r"(SOURCE_\w+_PASSWORD)=(\S+)", text))
    patient.sources[source] = re.sub("//[^@/]*@", f"//{role}@", patient.sources[source])


@pytest.fixture
def sampled(tmp_path: Path, sample_source: str) -> Iterator[Patient]:
    """Give the sample company, whose source is at a role of its own's disposal until the test ends."""
    patient = Patient(tmp_path, {"cloud": sample_source}, {"WORKERS": "1", "TABLES_DIR": str(ROOT / "tables")})
    patient.settings["QUERIES_DIR"] = str(ROOT / "queries")
    yield patient
    _run(sample_source, "DROP OWNED BY etl_reader; DROP ROLE etl_reader")


def _run(url: str, text: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(text)


def test_the_sample_is_extracted_as_the_role_that_the_statements_make(sampled: Patient, sample_source: str) -> None:
    """Every table is read, the doctor finds a role that only reads, and nothing else can be read by it."""
    text = printed(sampled, "cloud")
    _run(sample_source, text)
    as_that_role(sampled, text, "cloud")
    assert {finding.level for finding in sampled.found("role", "source cloud")} == {OK}
    assert len(sampled.done().tables) == 13
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), closing(_connected(sampled)) as connection:
        connection.cursor().execute("SELECT * FROM pg_authid")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), closing(_connected(sampled)) as connection:
        connection.cursor().execute("SET transaction_read_only = off; DELETE FROM sales.channels")


def _connected(patient: Patient) -> psycopg2.extensions.connection:
    return psycopg2.connect(patient.sources["cloud"], password=patient.settings["SOURCE_CLOUD_PASSWORD"])


def test_mariadb_is_extracted_as_the_account_that_the_statements_make(tmp_path: Path, maria: Maria) -> None:
    """Of a view as well; a table that no query names is not to be read."""
    maria.sql(
        "CREATE OR REPLACE TABLE `order` (id INT)",
        "INSERT INTO `order` VALUES (1)",
        "CREATE OR REPLACE VIEW open_orders AS SELECT id FROM `order`",
    )
    patient = Patient(tmp_path, {"shop": maria.url()}, {"WORKERS": "1"})
    patient.query("a", "WITH each_one AS (SELECT id FROM `order`) SELECT id FROM each_one")
    patient.query("b", "SELECT id FROM shop.open_orders")
    text = printed(patient, "--role", "night")
    try:
        maria.sql(*filter(None, (line.partition(" -- ")[0] for line in text.splitlines() if line[:2] != "--")))
        as_that_role(patient, text, "shop", "night")
        assert {finding.level for finding in patient.found("role")} == {OK}, told(patient.found("role"))
        patient.done()
        assert (patient.table("a").rows, patient.table("b").rows) == (1, 1)
        patient.query("a", "SELECT id FROM wages")
        maria.sql("CREATE OR REPLACE TABLE wages (id INT)")
        assert "SELECT command denied" in patient.download().err
    finally:
        maria.sql("DROP USER night@'%'", "DROP VIEW open_orders", "DROP TABLE `order`", "DROP TABLE IF EXISTS wages")


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        (
            "mssql+pyodbc://sa:hunter2@host/shop",
            [
                "ALTER DATABASE [shop] SET ALLOW_SNAPSHOT_ISOLATION ON; -- all queries then read one snapshot",
                "GRANT SELECT ON [dbo].[Bills] TO [etl_reader];",
                "GRANT SELECT ON [hr].[Wages] TO [etl_reader];",
            ],
        ),
        (
            "oracle+oracledb://shop:hunter2@host/?service_name=x",
            ['GRANT READ ON "SHOP"."BILLS" TO "ETL_READER";', 'GRANT READ ON "HR"."Wages" TO "ETL_READER";'],
        ),
        (
            "sqlite:////srv/shop/it's.db",
            ["""chgrp etl_reader '/srv/shop/it'"'"'s.db' && chmod u=rw,g=r,o= '/srv/shop/it'"'"'s.db'"""],
        ),
    ],
    ids=["SQL Server", "Oracle", "SQLite"],
)
def test_other_databases_have_theirs(tmp_path: Path, url: str, lines: list[str]) -> None:
    """Names as the database folds them; the password that the settings have is not printed."""
    patient = Patient(tmp_path, {"shop": url.replace("'", "%27")})
    quoted = '"Wages"' if url.startswith("oracle") else "Wages"
    patient.query("a", f"SELECT b.id FROM Bills b JOIN hr.{quoted} w ON w.id = b.id")
    text = printed(patient)
    assert set(lines) <= set(text.splitlines()), text
    assert "hunter2" not in text


def test_bigquerys_commands_are_those_of_a_shell_and_name_each_permission(tmp_path: Path) -> None:
    """Each line parses; the roles hold what a load uses (tests/load holds that list against its calls)."""
    more = {
        "WAREHOUSE": "bigquery",
        "BIGQUERY_PROJECT": "acme",
        "BIGQUERY_DATASET": "star",
        "DATA_DIR": "gs://bucket/etl",
    }
    patient = Patient(tmp_path, {"shop": "sqlite:////nowhere.db"}, more)
    patient.query("a", "SELECT 1 AS id")
    text = printed(patient, "bigquery")
    assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0
    commands = [shlex.split(line, comments=True) for line in text.splitlines()]
    granted = [
        part.partition("=")[2].split(",") for line in commands for part in line if part.startswith("--permissions=")
    ]
    assert granted == [list(PROJECT), list(DATASETS)]
    made = [line[-1] for line in commands if "mk" in line]
    assert made == ["acme:star", "acme:star_staging"]
    assert [line[4:5] for line in commands if "storage" in line] == [["gs://bucket"]] * 2
    given = [line[-1] for line in commands if "query" in line]
    assert given[0] == (
        "GRANT `projects/acme/roles/etlLoader` ON SCHEMA `acme.star` TO"
        ' "serviceAccount:etl-reader@acme.iam.gserviceaccount.com"'
    )


def test_power_bi_gets_an_account_that_reads_the_published_tables_alone(tmp_path: Path) -> None:
    """With the permissions of the driver that the model names, on the project that pays; only if there is a report."""
    more = {"WAREHOUSE": "bigquery", "BIGQUERY_PROJECT": "acme", "BIGQUERY_DATASET": "star"}
    patient = Patient(tmp_path, {"shop": "sqlite:////nowhere.db"}, more)
    patient.query("a", "SELECT 1 AS id")
    assert "powerbi" not in printed(patient, "bigquery")
    patient.settings |= {"REPORT_DIR": str(ROOT / "powerbi"), "POWERBI_BILLING_PROJECT": "payer"}
    lines = [shlex.split(line, comments=True) for line in printed(patient, "bigquery").splitlines()]
    (role,) = [line for line in lines if "powerBiReader" in line]
    assert f"--permissions={','.join(POWER_BI)}" in role
    assert "--project=payer" in role
    grants = [line[-1] for line in lines if "query" in line and "powerbi-reader" in line[-1]]
    assert grants == [
        'GRANT `roles/bigquery.dataViewer` ON SCHEMA `acme.star` TO "serviceAccount:powerbi-reader@acme.iam'
        '.gserviceaccount.com"'
    ]


UNITS = sorted((ROOT / "systemd").iterdir())


@pytest.fixture
def verified(tmp_path: Path) -> Callable[[str], str]:
    """Give what `systemd-analyze verify` says of the units, with the folder set as their first lines say."""
    (tmp_path / "data").mkdir()
    (tmp_path / "nightly.sh").write_text("#!/bin/sh\n")
    (tmp_path / "nightly.sh").chmod(0o755)

    def verify(name: str) -> str:
        for unit in UNITS:
            (tmp_path / unit.name).write_text(unit.read_text().replace("/srv/etl/app", str(tmp_path)))
        command = ["systemd-analyze", "verify", str(tmp_path / name)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr

    return verify


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_units_are_as_systemd_wants_them(unit: Path, verified: Callable[[str], str]) -> None:
    """By systemd's own check."""
    if not Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("there is no systemd-analyze")
    assert verified(unit.name) == ""


def test_the_timer_starts_the_night_when_the_crontab_does() -> None:
    """Both say the same hour, and --due says it, too."""
    timer, service = ((ROOT / f"systemd/etl-night.{kind}").read_text() for kind in ("timer", "service"))
    crontab = (ROOT / "crontab.txt").read_text()
    [hour] = re.findall(r"^OnCalendar=\*-\*-\* (\d\d:\d\d):00$", timer, re.MULTILINE)
    assert set(re.findall(r"--due (\d\S+)", service + crontab)) == {hour}


READ_ONLY = """
mount --make-rprivate /
mount -o remount,ro,bind /
for path in {paths}; do mount --bind "$path" "$path"; mount -o remount,rw,bind "$path"; done
if touch {app}/probe 2>/dev/null; then echo "the project can be written"; exit 9; fi
export TMPDIR={app}/data
exec {app}/nightly.sh --env prod.env
"""


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """Give a folder of the root's file system: the one for temporary files may be another, in memory."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


def test_a_night_writes_nowhere_but_where_the_service_lets_it(on_disk: Path) -> None:
    """With the file system read-only but what ReadWritePaths names; its folder for temporary files is of its own."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mount namespaces are not allowed here")
    company, app = Small(on_disk / "company"), on_disk / "app"
    (app / "data").mkdir(parents=True)
    (app / ".venv.lock").touch()
    for name in ("nightly.sh", "setup.sh"):
        shutil.copy(ROOT / name, app)
    for name in ("config", "etl", "sample", "requirements.txt", "constraints.txt", "locks", ".venv"):
        (app / name).symlink_to(ROOT / name)
    company.settings["DATA_DIR"] = str(app / "data")
    shutil.copy(company.env, app / "prod.env")
    service = (ROOT / "systemd/etl-night.service").read_text().replace("/srv/etl/app", str(app))
    [paths] = re.findall(r"^ReadWritePaths=(.*)$", service, re.MULTILINE)
    script = READ_ONLY.format(paths=paths, app=app)
    command = ["unshare", "--mount", "bash", "-ec", script]
    done = subprocess.run(command, cwd=app, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((app / "data/3_loaded").glob("2*"))
