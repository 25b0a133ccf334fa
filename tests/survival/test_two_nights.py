"""Two nights at once: a night that lasts past the next one's start."""

import re
import subprocess
import time
from pathlib import Path

from config.paths import ROOT
from tests.night.company import DIM_THING, Company

WAITS = DIM_THING.replace(
    "    return things",
    """    import pathlib
    import time

    while not (pathlib.Path(__file__).parent / "go").exists():
        time.sleep(0.02)
    return things""",
)


def test_a_night_that_lasts_past_the_next_ones_start_is_the_one_that_counts(tmp_path: Path) -> None:
    """The second start gives way at once, with 75 and who holds the lock since when, and touches nothing."""
    company = Company(tmp_path)
    (tmp_path / "tables/dim_thing.py").write_text(WAITS)
    first = subprocess.Popen(company.command("--due", "00:00"), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    give_up = time.monotonic() + 60
    while not list(company.data.glob("2_star/.2*/keys")):
        assert first.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.02)
    records = {path: path.read_bytes() for path in company.data.glob("nights/*.json")}
    company.rows(30, night=2)
    second = company.night("--due", "00:00")
    assert second.returncode == 75
    error, advice = second.stderr.splitlines()
    holder = rf"Another run \(the night, process {first.pid}, since 20\S+\+00:00\)"
    assert re.fullmatch(rf"Error: {holder} holds {re.escape(str(company.data))}/lock\.", error)
    assert advice == "Try: Wait until it has ended."
    assert {path: path.read_bytes() for path in company.data.glob("nights/*.json")} == records
    (tmp_path / "tables/go").touch()
    _, said = first.communicate(timeout=60)
    assert first.returncode == 0, said
    assert company.published() == [(1, 10)]
    assert company.night("--due", "00:00").stdout.startswith("No night is due: ")
