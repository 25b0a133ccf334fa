"""Data of a newer version of the program: it is told, with the cure, and nothing is touched."""

import json
import runpy
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.paths import ROOT
from etl import __version__
from etl.core import manifest, nights
from tests.night.company import Company
from tests.survival.kills import STAGES

NEWEST = {
    "1_raw": "1_raw/2*/manifest.json",
    "2_star": "2_star/2*/manifest.json",
    "3_loaded": "3_loaded/2*/manifest.json",
    "nights": "nights/2*.json",
}
COMMANDS = [[stage] for stage in STAGES] + [["etl/__main__.py", "night"], ["etl/__main__.py", "status"]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Give a company with a published night."""
    company = Company(tmp_path_factory.mktemp("company"))
    assert company.night().returncode == 0
    company.rows(20, night=2)
    return company


@pytest.fixture(params=NEWEST)
def newer(company: Company, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Give the file of one folder that a newer version has written."""
    (file,) = company.data.glob(NEWEST[request.param])
    ours = file.read_bytes()
    told = json.loads(ours)
    file.write_text(json.dumps(told | {"format": told["format"] + 1, "something": "new", "engine": "99.0.0"}))
    yield file
    file.write_bytes(ours)


@pytest.fixture
def _signals() -> Iterator[None]:
    """Put the handlers back that the outermost frame of a command sets."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def files(folder: Path) -> dict[str, bytes]:
    """Read all that lies there."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[-1])
def test_data_of_a_newer_version_are_left_alone(
    company: Company,
    newer: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Stages, night and status: exit code 1, one sentence that names the file, and what to do."""
    before = files(company.data)
    monkeypatch.setattr(sys, "argv", [*command, "--env", str(company.env)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / command[0]), run_name="__main__")
    assert ended.value.code == 1
    known = nights.FORMAT if newer.parent.name == "nights" else manifest.FORMAT
    assert capsys.readouterr().err.splitlines() == [
        f"Error: {newer} was written by a newer version of this program"
        f" (99.0.0, format {known + 1}; this is {__version__}, which reads formats up to {known}).",
        "Try: Update this program; nothing was touched.",
    ]
    assert files(company.data) == before
