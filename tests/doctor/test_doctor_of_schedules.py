"""Crontabs and timers: each fault, as cron would stumble over it, with its cure."""

from pathlib import Path

import pytest

from config import Settings
from config.paths import ROOT
from etl.doctor.check import FAILURE, checks
from etl.doctor.crontab import read_crontab
from etl.doctor.schedule import SeenSchedule
from tests.drawn import cells_of

NIGHT = "30 2 * * *  cd {folder} && ./nightly.sh --env prod.env --due 02:30"
GOOD = "PATH=/usr/local/bin:/usr/bin:/bin\n" + NIGHT + "\n"

FAULTS = """
| crontab | what is said | and tried |
| --- | --- | --- |
| 61 2 * * *  ./nightly.sh --env prod.env | Line 2: 61 is no minute. | Write * or 0 to 59 |
| 30 24 * * *  ./nightly.sh --env prod.env | Line 2: 24 is no hour. | Write * or 0 to 23 |
| 30 2 * foo *  ./nightly.sh --env prod.env | Line 2: foo is no month. | Write * or 1 to 12 |
| 30 2 * * 5-2  ./nightly.sh --env prod.env | Line 2: 5-2 is no day of the week. | Write * or 0 to 7 |
| @nightly ./nightly.sh --env prod.env | cron does not know @nightly. | @daily |
| 30 2 * * | Line 2 has fewer than five times. | 30 2 * * * |
| 30 2 * * * | Line 2 has no command. | 30 2 * * * |
| 30 2 * * *  ./nightly.sh --env prod.env >$(date +%F) | cron takes % for the end of the command. | Write \\% |
| 30 2 * * *  root ./nightly.sh --env prod.env | Line 2 names the user root | crontab crontab.txt |
| 30 2 * * *  cd /nowhere && ./nightly.sh --env a.env | there is no folder /nowhere. | Set ETL= |
| 30 2 * * *  cd /tmp && ./nightly.sh --env a.env | there is no nightly.sh in /tmp. | Set ETL= |
| 30 2 * * *  cd {folder} && ./nightly.sh | names no settings file: it runs the sample company. | Add --env |
| 30 2 * * *  cd {folder} && ./nightly.sh --env x.env | there is no settings file {folder}/x.env. | after --env |
| 30 2 * * *  cd {folder} && ./nightly.sh --env prod.env --due 02:00 | and its --due is 02:00 | Write the same |
| 30 2 * * *  true | has no line that runs nightly.sh. | crontab.txt |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with settings and a nightly.sh."""
    for name in ("prod.env", "nightly.sh"):
        (tmp_path / name).touch()
    return tmp_path


def found(folder: Path, crontab: str, check: str = "crontab") -> list[str]:
    """Write a crontab beside the settings, and give what a check finds."""
    (folder / "crontab.txt").write_text(crontab.replace("{folder}", str(folder)))
    [one] = [one for one in checks("schedule") if one.name == check]
    given = {"warehouse": "duckdb", "business_time_zone": "UTC", "data_dir": folder, "queries_dir": folder / "queries"}
    settings = Settings(**given) if (folder / "queries").is_dir() else None
    seen = SeenSchedule(folder / "prod.env", settings, timers=(folder,))
    return [f"{finding.level}: {finding.sentence} | {finding.cure}" for finding in one.findings(seen)]


@pytest.mark.parametrize(("line", "said", "cure"), cells_of(FAULTS))
def test_a_fault_is_said_with_its_cure(folder: Path, line: str, said: str, cure: str) -> None:
    """By the file's name and the line's number; the line as it is delivered is well."""
    assert found(folder, GOOD) == [f"ok: {folder / 'crontab.txt'} is as cron wants it. | "]
    lines = found(folder, f"PATH=/usr/local/bin:/usr/bin:/bin\n{line}\n")
    assert any(said.replace("{folder}", str(folder)) in each and cure in each for each in lines), lines


def test_what_cron_lacks_is_said(folder: Path) -> None:
    """A PATH without the programs that nightly.sh calls; a last line that cron does not read."""
    [line] = found(folder, GOOD.replace("PATH=/usr/local/bin:/usr/bin:/bin", f"PATH={folder}"))
    assert "bash, flock, realpath, sha256sum is not on the PATH" in line
    [line] = found(folder, GOOD.rstrip("\n"))
    assert "no line break at its end" in line


def test_the_projects_own_crontab_is_well() -> None:
    """But for the folder, which everybody sets."""
    lines, faults = read_crontab((ROOT / "crontab.txt").read_text(encoding="utf-8"))
    assert faults == []
    assert [line.time for line in lines] == [(2, 30), (2, 30), None]
    assert {str(line.settings_file) for line in lines} == {"/srv/etl/app/prod.env"}
    assert {line.due for line in lines} == {(2, 30)}


def test_one_night_has_to_read_all_rows_of_what_is_read_by_its_changes(folder: Path) -> None:
    """Once a query has a watermark; a second line with --full is enough, and so is the service of a timer."""
    (folder / "queries").mkdir()
    (folder / "queries/orders.sql").write_text("-- Orders.\n-- key: id\nSELECT 1 AS id\n")
    assert found(folder, GOOD, "in_full") == []
    (folder / "queries/orders.sql").write_text("-- Orders.\n-- key: id\n-- watermark: at\nSELECT 1 AS id\n")
    [said] = found(folder, GOOD, "in_full")
    assert "orders are read by their changes" in said
    weekly = NIGHT.replace("* * *", "* * 0").replace(" --due", " --full --due")
    assert found(folder, GOOD + weekly + "\n", "in_full") == []
    (folder / "night.timer").write_text("[Timer]\nOnCalendar=*-*-* 02:30:00\n")
    service = (ROOT / "systemd/etl-night.service").read_text()
    (folder / "night.service").write_text(service)
    assert found(folder, GOOD, "in_full") == []


def test_a_timer_counts_as_a_schedule(folder: Path) -> None:
    """One whose service runs these settings; a path in it that is not there is a failure."""
    (folder / "night.timer").write_text("[Timer]\nOnCalendar=*-*-* 02:30:00\n")
    service = f"[Service]\nWorkingDirectory={folder}\nExecStart=\nExecStart={folder}/nightly.sh --env prod.env\n"
    (folder / "night.service").write_text(service)
    assert found(folder, GOOD, "started") == ["ok: night.timer starts the nights of these settings. | "]
    (folder / "night.service").write_text(service.replace(f"={folder}\n", "=/nowhere\n"))
    (folder / "night.timer").write_text("[Timer]\nPersistent=true\n")
    said = found(folder, GOOD, "started")[1:]
    assert [line.partition(":")[0] for line in said] == [FAILURE, FAILURE]
    assert "night.service: WorkingDirectory names /nowhere" in said[0]
    assert "night.timer has no OnCalendar" in said[1]


def test_nights_that_nothing_starts_are_a_warning(folder: Path) -> None:
    """With the command that installs the crontab, which is there."""
    [line] = found(folder, GOOD, "started")
    assert line.startswith("warning: Nothing starts the nights of prod.env")
    assert line.endswith(f"| crontab {folder / 'crontab.txt'}")


def test_the_installed_crontab_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `crontab -l` prints, here a program that prints the file: other settings than these are none of ours."""
    program = folder / "bin/crontab"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat {folder}/installed\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    installed = folder / "installed"
    installed.write_text(GOOD.replace("{folder}", str(folder)))
    said = found(folder, GOOD, "started")
    assert said[0] == "ok: The installed crontab starts the nights of these settings. | "
    installed.write_text(GOOD.replace("{folder}", str(folder)).replace("prod.env", "other.env"))
    assert found(folder, GOOD, "started")[0].startswith("warning: Nothing starts the nights of prod.env")
