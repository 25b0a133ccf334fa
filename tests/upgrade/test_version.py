"""Each program tells the engine's version."""

import subprocess
import sys

import pytest

import etl
from config.paths import ROOT
from etl.core import manifest, nights

PROGRAMS = [["-m", "etl"], ["SQLDownloadMain.py"], ["TablesTransformMain.py"], ["LoadFilesBQ.py"]]


@pytest.mark.parametrize(
    "program", [*([sys.executable, *each] for each in PROGRAMS), ["./nightly.sh"]], ids=lambda program: program[-1]
)
def test_each_program_tells_the_version(program: list[str]) -> None:
    """The same one, on standard output, whatever company is meant."""
    done = subprocess.run([*program, "--version"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"etl {etl.__version__}\n", "")


def test_the_guide_tells_the_formats_that_are_written() -> None:
    """In its list of what is read from which version on."""
    guide = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    assert f"| `manifest.json`: `format` {manifest.FORMAT} " in guide
    assert f"| records of nights: `nights/*.json` | `format` {nights.FORMAT} |" in guide
