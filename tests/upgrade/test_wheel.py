"""`pip install .` gives a command `etl`, which does all that `python -m etl` does, from any folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import etl
from config.paths import ROOT
from etl.doctor.crontab import read_crontab
from tests.night.company import Company


class Installed:
    """The engine as pip puts it into a folder, and a place to work in that is no clone."""

    def __init__(self, folder: Path) -> None:
        self.site, self.elsewhere = folder / "site", folder / "elsewhere"
        self.elsewhere.mkdir()
        clone = folder / "clone"
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        names = [name for name in tracked.decode().split("\0") if name and (ROOT / name).is_file()]
        self.names = [name for name in names if name.partition("/")[0] in ("etl", "config")]
        for name in [*self.names, *(name for name in names if "/" not in name or name.startswith("powerbi/"))]:
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(self.site)]
        self._run(sys.executable, "-m", "pip", "install", *options, str(clone))

    def _run(self, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
        done = subprocess.run(
            command,
            cwd=self.elsewhere,
            env=kept | {"PYTHONPATH": str(self.site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def etl(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Call the command."""
        return self._run(str(self.site / "bin" / "etl"), *arguments, code=code)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Give an installed engine."""
    return Installed(tmp_path_factory.mktemp("installed"))


def test_an_installed_engine_has_every_file_that_it_reads(installed: Installed) -> None:
    """Templates, styles and scripts as well as code; of the sample company nothing."""
    lacking = {name for name in installed.names if not (installed.site / name).is_file()}
    assert lacking == {"config/sample.env"}
    assert not {path.name for path in installed.site.iterdir()} & {"queries", "tables", "sample", "data"}


def test_the_command_tells_its_version_and_its_commands(installed: Installed) -> None:
    """By its own name, which is not that of a module."""
    assert installed.etl("--version").stdout == f"etl {etl.__version__}\n"
    shown = installed.etl("--help").stdout
    assert shown.startswith("usage: etl ")
    assert "night" in shown


def test_without_settings_an_installed_engine_says_what_it_lacks(installed: Installed) -> None:
    """The sample company is of a clone; nobody is sent to a file that is not there."""
    said = installed.etl("status", code=2).stderr
    assert said.startswith("Error: It is not said which company is meant")
    assert said.endswith("Try: Add --env and its settings file\n")
    sample = str(installed.site / "config/sample.env")
    assert installed.etl("status", "--env", sample, code=2).stderr == (
        f"Error: The settings file {sample} is the sample company's, which comes only with a clone of the project.\n"
        "Try: Name a company's settings file: --env FILE\n"
    )


def test_a_new_companys_schedule_calls_the_command(installed: Installed) -> None:
    """A variable of cron's that is called in quotes holds the program, and no argument."""
    installed.etl("init", "shop")
    schedule = (installed.elsewhere / "shop/crontab.txt").read_text(encoding="utf-8")
    assert f"\nETL={sys.prefix}/bin/etl\n" in schedule
    assert '{ "$ETL" night --env prod.env --due 02:30 ' in schedule
    lines, faults = read_crontab(schedule)
    assert '{ "$ETL" night --env prod.env --full --due 02:30 ' in schedule
    assert (len(lines), faults) == (3, [])
    assert all(line.is_ours for line in lines)


def test_a_night_and_a_look_at_it_work_from_any_folder(installed: Installed, tmp_path: Path) -> None:
    """All three stages, each a process; hints name the command that is there."""
    company = Company(tmp_path / "company")
    before = set(installed.site.iterdir())
    said = installed.etl("sql", "--env", str(company.env), "SELECT 1", code=1).stderr
    assert f"Try: Run {sys.executable} -m LoadFilesBQ --env {company.env} first.\n" in said
    installed.etl("night", "--env", str(company.env))
    assert company.published() == [(1, 10)]
    shown = installed.etl("sql", "--env", str(company.env), "SELECT count(*) AS things FROM dim_thing").stdout
    assert "11" in shown
    assert set(installed.site.iterdir()) == before
