"""Where nobody gets what a night prints: night.out lies on a disk too, streams are closed, readers go away."""

import shlex
import subprocess
from pathlib import Path

from config.paths import ROOT
from tests.night.company import Company
from tests.night.test_dashboard_of_a_night import with_report


def test_an_output_that_has_no_room_fails_no_night(tmp_path: Path) -> None:
    """What is done is done, and the night's own log tells it."""
    company = Company(tmp_path)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(company.command(), cwd=ROOT, stdout=full, stderr=full, check=False, timeout=120)
    assert done.returncode == 0
    assert len(company.runs("3_loaded")) == 1
    assert "published as of" in company.last_line()


HOSTILE = {
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONIOENCODING": "ascii",
    "PYTHONSAFEPATH": "1",
    "PYTHONPATH": str(ROOT),
    "LC_ALL": "C",
    "TERM": "dumb",
}


def test_streams_without_an_end_and_a_strange_environment_fail_no_night(tmp_path: Path) -> None:
    """Not even without a home; the night is published, with its dashboard, and its exit code says so."""
    company = with_report(Company(tmp_path))
    command = f"{shlex.join(company.command())} <&- 2>&- | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=HOSTILE, check=False, timeout=120)
    assert done.returncode == 0
    assert "published as of" in company.last_line()
    assert (company.data / "dashboard.html").exists()


def test_a_refusal_that_has_no_room_keeps_its_exit_code(tmp_path: Path) -> None:
    """3 asks for a person, 1 does not."""
    company = Company(tmp_path)
    company.query("SELECT thing_id, night, name FROM things WHERE thing_id < 0")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(company.command(), cwd=ROOT, stderr=full, check=False, timeout=120)
    assert done.returncode == 3
    assert "a guard refused" in company.last_line()
