"""Which settings file is meant by a call that names none: a forgotten --env never shows another company's figures."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.paths import ROOT, SAMPLE_SETTINGS
from etl.core import chosen as module
from etl.core.chosen import chosen
from etl.core.errors import UsageError
from tests.called import called
from tests.drawn import cells_of

SETTINGS = "# ours\nWAREHOUSE=duckdb\n"
SEVERAL = "Several companies' settings are here: "
UNSAID = "It is not said which company is meant: "

PLACES = """
| we are in       | files there                          | ETL_ENV      | meant                |
| --------------- | ------------------------------------ | ------------ | -------------------- |
| app             |                                      |              | sample               |
| app             | prod.env                             |              | sample               |
| app/docs        |                                      |              | sample               |
| app/shop        | prod.env                             |              | app/shop/prod.env    |
| app             | prod.env                             | prod.env     | app/prod.env         |
| shop            | prod.env                             |              | shop/prod.env        |
| shop            | prod.env, other.env=NAME=x           |              | shop/prod.env        |
| shop            | .env                                 |              | shop/.env            |
| shop            | prod.env=export WAREHOUSE = bigquery |              | shop/prod.env        |
| shop            | prod.env, test.env                   |              | several              |
| shop            | prod.env, test.env                   | test.env     | shop/test.env        |
| shop            | prod.env                             | /srv/a b.env | /srv/a b.env         |
| shop            | prod.env.txt, notes.env=# WAREHOUSE= |              | unsaid               |
| application     |                                      |              | unsaid               |
"""


@pytest.mark.parametrize(("folder", "files", "named", "meant"), cells_of(PLACES))
def test_the_same_company_is_meant_by_every_program(
    folder: str, files: str, named: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands' rule and that of nightly.sh are the same: ETL_ENV, the folder's one file, the sample at home."""
    here, app = tmp_path / folder, tmp_path / "app"
    for path in (app, here):
        path.mkdir(exist_ok=True)
    for file in filter(None, files.split(", ")):
        name, _, text = file.partition("=")
        (here / name).write_text(text or SETTINGS)
    monkeypatch.setattr(module, "ROOT", app)
    monkeypatch.chdir(here)
    monkeypatch.setenv("ETL_ENV", named)
    try:
        found = chosen()
        python = "sample" if found == SAMPLE_SETTINGS else str(found.absolute())
    except UsageError as error:
        python = error.message
    script = f'. "{ROOT}/setup.sh"; settings_file "{app}" ""'
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=False)
    shell = done.stderr.partition("\n")[0].removeprefix("Error: ") if done.returncode else done.stdout.strip()
    assert (shell or "sample") == python
    asked = {"several": f"{SEVERAL}prod.env, test.env.", "unsaid": f"{UNSAID}no settings file is in {here}"}
    assert python.startswith(asked[meant] if meant in asked else meant if meant == "sample" else str(tmp_path / meant))


def test_who_looks_at_the_sample_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with the settings file that may have been forgotten."""
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.delenv("ETL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    chosen()
    assert capsys.readouterr() == ("", "This is the sample company: neither --env nor ETL_ENV names a settings file.\n")
    (tmp_path / "prod.env").write_text(SETTINGS)
    chosen()
    assert "not that of prod.env: add --env prod.env for that." in capsys.readouterr().err


def test_a_command_asks_which_company_before_it_does_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, and a sentence; with ETL_ENV it goes on."""
    from etl.commands import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ETL_ENV", raising=False)
    asked = called(main, ["etl", "status"])
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr.startswith(f"Error: {UNSAID}")
    assert "Try: Add --env and its settings file" in asked.stderr
    given = called(main, ["etl", "status"], ETL_ENV="gone.env")
    assert given.stderr.startswith("Error: The settings file gone.env does not exist.")


@pytest.mark.parametrize("program", ["nightly.sh", "LoadFilesBQ.py"])
def test_the_night_and_its_scripts_ask_as_well(program: str, tmp_path: Path) -> None:
    """The sample company's night is never run by mistake from a company's folder."""
    for name in ("prod.env", "test.env"):
        (tmp_path / name).write_text(SETTINGS)
    command = [ROOT / program] if program.endswith(".sh") else [sys.executable, ROOT / program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {SEVERAL}prod.env")
    assert "--env prod.env" in done.stderr
