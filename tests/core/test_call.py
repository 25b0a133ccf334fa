"""Commands in hints: whoever copies one looks at the company that the run was about."""

import ast
import re
from pathlib import Path

import pytest

from config.paths import ROOT, SAMPLE_SETTINGS
from etl.core.call import completed
from etl.core.cli import outermost
from etl.core.errors import DataError

FILE = Path("my company.env")
ENV = "--env 'my company.env'"


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("Run ./nightly.sh first.", f"Run ./nightly.sh {ENV} first."),
        ("Run LoadFilesBQ.py again; it helps.", f"Run ./LoadFilesBQ.py {ENV} again; it helps."),
        ("SQLDownloadMain.py", f"./SQLDownloadMain.py {ENV}"),
        ("run .venv/bin/python TablesTransformMain.py.", f"run .venv/bin/python TablesTransformMain.py {ENV}."),
        (
            "`python -m etl rejects fact_sale` shows them",
            f"`.venv/bin/python -m etl rejects {ENV} fact_sale` shows them",
        ),
        ("Run python -m powerbi.", f"Run .venv/bin/python -m powerbi {ENV}."),
        (f"./nightly.sh {ENV} --accept a:b=1", f"./nightly.sh {ENV} --accept a:b=1"),
        (
            "Look at /srv/app/nightly.sh and at my-LoadFilesBQ.py.",
            "Look at /srv/app/nightly.sh and at my-LoadFilesBQ.py.",
        ),
        (
            "Run .venv/bin/pip install -r requirements-cluster.txt",
            "Run .venv/bin/pip install -r requirements-cluster.txt",
        ),
    ],
)
def test_a_command_names_the_settings_file(hint: str, shown: str) -> None:
    """Once; what is no command stays."""
    assert completed(hint, FILE) == shown
    assert completed(shown, FILE) == shown
    assert "--env" not in completed(hint.replace(f" {ENV}", ""), SAMPLE_SETTINGS)


def test_in_a_companys_folder_a_command_is_its_launchers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `etl init` made it; elsewhere, and for another company, the program is named by its path."""
    monkeypatch.delenv("ETL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    env, hint = tmp_path / "prod.env", "Run python -m etl rejects dim_a."
    env.write_text("WAREHOUSE=duckdb\n")
    assert completed(hint, env) == f"Run {ROOT}/etl.sh rejects --env {env} dim_a."
    assert completed("Run python -m powerbi.", env) == f"Run {ROOT}/etl.sh powerbi --env {env}."
    assert completed("Run ./nightly.sh.", env) == f"Run {ROOT}/nightly.sh --env {env}."
    (tmp_path / "etl").touch()
    assert completed(hint, env) == "Run ./etl rejects dim_a."
    assert completed("Run python -m powerbi.", env) == "Run ./etl powerbi."
    assert completed(hint, tmp_path / "other.env").endswith(f"--env {tmp_path}/other.env dim_a.")
    monkeypatch.setenv("ETL_ENV", str(tmp_path / "other.env"))
    assert completed(hint, tmp_path / "other.env") == "Run ./etl rejects dim_a."
    assert "--env" in completed(hint, env)


def hints() -> list[str]:
    """Collect the texts of the engine that tell a person to run something of ours."""
    found = []
    for file in set((ROOT / "etl").rglob("*.py")) - {ROOT / "etl/core/call.py"}:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += re.findall(r"\b[Rr]un ((?:\S+ )?\S*(?:-m etl \w+|\.py\b|nightly\.sh).*)", node.value)
    return found


def test_every_hint_of_the_engine_that_names_a_command_is_completed(capsys: pytest.CaptureFixture[str]) -> None:
    """However it was written; where errors are told, it is done."""
    assert len(hints()) > 10
    for hint in hints():

        def fail(text: str = hint) -> None:
            raise DataError("It failed.", f"Run {text}")

        assert outermost(fail, FILE) == 1
        assert ENV in capsys.readouterr().err, hint
