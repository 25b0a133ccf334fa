"""The command that measures nights of changes, on a small company: nights that are of changes, and what is told."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks import changed, scale_of_changes, told
from benchmarks.chains import WEEKLY, Chains
from benchmarks.measure import Command, Measured
from benchmarks.nights import CHANGED, EMPTY, FULL, STAGES, Night
from etl import download, load, published, transform
from etl.core.cli import script
from tests.called import called
from tests.transform.house import in_this_process

RUNS = {"download": download.run, "transform": partial(transform.run, ask=published.ask), "load": load.run}


def measured_here(command: Command, folder: Path, timeout: float, memory_mb: float) -> Measured:
    """Run a stage in this process, which takes a second less than to start one of its own."""
    _, path, *options = map(str, command.arguments)
    [stage] = [stage for stage, name in STAGES.items() if Path(path).name == name]
    extracts = stage == "download"
    with in_this_process():
        run = partial(script, RUNS[stage], STAGES[stage], "A stage.", "none", extracts=extracts)
        ended = called(run, [path, *options], **command.environment)
    return Measured(1.0, 1.0, 1.0, 0.0, ended.stderr if ended.returncode else "", ended.stderr)


def test_a_small_company_is_measured(
    pytestconfig: pytest.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each night of changes is one, or the command fails; a table of bars and one of stages are in RESULTS.md."""
    assert pytestconfig.cache is not None
    monkeypatch.setattr("benchmarks.nights.measure", measured_here)
    monkeypatch.setattr("benchmarks.changed.adopt_orphans", lambda: None)
    monkeypatch.setattr("benchmarks.reads._COMPILED", pytestconfig.cache.mkdir("googlesql"))
    options = {"--contracts": "20000", "--rows": "250", "--nights": "1", "--sweeps": WEEKLY}
    line = ["changed", *(each for pair in options.items() for each in pair)]
    ended = called(changed.main, [*line, "--folder", str(tmp_path / "folder"), "--output", str(tmp_path / "output")])
    assert ended.returncode == 0, ended.stderr
    written = (tmp_path / "output" / "RESULTS.md").read_text(encoding="utf-8")
    assert ended.stdout.strip() in written
    figures = {line.split(" | ")[0]: line.split(" | ")[1] for line in written.splitlines() if " | " in line}
    assert figures["| … more than a night of nothing new: wall beside all rows"] == "0.00"
    assert 1 <= float(figures["| rows that it reads, times those that changed or lie within the lag"]) < 2
    counted = figures["| bytes that BigQuery counts beside the staged ones, times the partitions that changed"]
    assert 1 < float(counted) < 2.5
    for kind in (FULL, CHANGED, EMPTY):
        assert f"| {kind}: load" in figures


def test_larger_companies_are_reckoned_with_a_straight_line(tmp_path: Path) -> None:
    """What does not grow stays, and the rest grows with the contracts; the other sections of the file stay, too."""
    (tmp_path / "SCALE.md").write_text("# What larger companies take\n")
    scale_of_changes.write(chains(10_000_000, 36.0), chains(30_000_000, 72.0), 50_000, tmp_path)
    told.write_but_section(tmp_path / "SCALE.md", "# Written anew\n")
    written = (tmp_path / "SCALE.md").read_text(encoding="utf-8")
    assert written.startswith("# Written anew\n")
    assert "| stage 1, hours | 0.01 | 0.055 | 0.505 | 5 |" in written
    assert written.count("## A night of changes") == 1


def chains(contracts: int, seconds: float) -> Chains:
    """Give nights whose stages all take so long."""
    none: Any = None
    nights = [
        Night(kind, dict.fromkeys(STAGES, Measured(seconds, seconds, 1.0, 1.0)), 0, none, none)
        for kind in (FULL, CHANGED, EMPTY)
    ]
    return Chains(contracts, {WEEKLY: nights}, 1, 1, None)
