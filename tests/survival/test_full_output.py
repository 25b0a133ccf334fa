"""Where there is no room for what a night prints: night.out lies on a disk too."""

import subprocess
from pathlib import Path

from config.paths import ROOT
from tests.night.company import Company


def test_an_output_that_has_no_room_fails_no_night(tmp_path: Path) -> None:
    """What is done is done, and the night's own log tells it."""
    company = Company(tmp_path)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(company.command(), cwd=ROOT, stdout=full, stderr=full, check=False, timeout=120)
    assert done.returncode == 0
    assert len(company.runs("3_loaded")) == 1
    assert "published as of" in company.last_line()


def test_a_refusal_that_has_no_room_keeps_its_exit_code(tmp_path: Path) -> None:
    """3 asks for a person, 1 does not."""
    company = Company(tmp_path)
    company.query("SELECT thing_id, night, name FROM things WHERE thing_id < 0")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(company.command(), cwd=ROOT, stderr=full, check=False, timeout=120)
    assert done.returncode == 3
    assert "a guard refused" in company.last_line()
