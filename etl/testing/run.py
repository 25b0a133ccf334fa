"""Running the tests of a company: what its night would refuse before it begins, then pytest."""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

import config
from config import Settings
from config.paths import ROOT
from etl.core.chosen import VARIABLE
from etl.core.errors import ContractError, UsageError
from etl.dashboard.rehearse import rehearse
from etl.docs.company import read_company
from etl.download.stage import needed_sources

_NOTHING_FOUND, _WRONG_CALL = 5, 4
"""Exit codes of pytest."""

_ONE = {"tables": "table", "queries": "query", "measures": "measure", "pages": "page"}


def run_tests(settings_file: Path, arguments: Sequence[str]) -> int:
    """Check a company's files against each other, then run its tests; returns the exit code.

    arguments: pytest's. Raises ContractError where a file is at fault, UsageError where there are no tests.
    """
    settings = config.load(settings_file)
    told = _checked(settings)
    if settings.has_report and _power_bi(settings_file):
        return ContractError.exit_code
    print(told, flush=True)
    folder = tests_of(settings)
    if not any(folder.rglob("test_*.py")):
        raise UsageError(
            f"There is no test in {folder}.",
            "Write one, test_dim_date.py for tables/dim_date.py; docs/tables.md shows how.",
        )
    os.environ[VARIABLE] = str(settings_file.absolute())  # for the fixture, and whatever the tests start
    code = _pytest(settings.tables_dir.parent, folder, arguments)
    return UsageError.exit_code if code in (_NOTHING_FOUND, _WRONG_CALL) else code


def tests_of(settings: Settings) -> Path:
    """Return the folder of a company's tests, beside its tables; that of the sample is a part of the engine's."""
    home = settings.tables_dir.parent
    return home / "tests" / "tables" if home == ROOT else home / "tests"


def _checked(settings: Settings) -> str:
    """Read the company's files as its night does, and say what is there."""
    company = read_company(settings)
    if settings.sources:  # who tests elsewhere may have none of their secrets there
        needed_sources(settings, list(company.queries.values()))
    counts = {"tables": len(company.tables), "queries": len(company.queries)}
    if company.report:
        rehearse(company.report, company.contracts)
        counts |= {"measures": len(company.report.measures), "pages": len(company.report.pages)}
    told = ", ".join(f"{count} {what if count != 1 else _ONE[what]}" for what, count in counts.items())
    return f"{settings.tables_dir.parent}: the files fit together ({told})."


def _power_bi(settings_file: Path) -> int:
    """Check what Power BI would be given, its DAX above all; returns the exit code of the program that makes it."""
    command = [sys.executable, "-P", "-m", "powerbi", "--env", str(settings_file.absolute()), "--dry-run"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, check=False).returncode


def _pytest(home: Path, folder: Path, arguments: Sequence[str]) -> int:
    """Run pytest as a process of its own, in which nothing of ours has been imported yet."""
    if find_spec("pytest") is None:
        raise UsageError("pytest is not installed here.", f"pip install -r {quote(str(ROOT / 'requirements.txt'))}")
    named = [argument for argument in arguments if Path(argument.partition("::")[0]).exists()]
    options = ["-p", "etl.testing.plugin", f"--rootdir={home}", "--import-mode=importlib"]
    command = [sys.executable, "-P", "-m", "pytest", *options, *arguments, *([] if named else [str(folder)])]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, check=False).returncode
