"""Run a job: every way in turn, and again, so that a busy minute of the machine falls on all of them."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.equal import differing_rows
from benchmarks.job import Job, Result, Way
from benchmarks.measure import Measured, measure
from benchmarks.world import World


def run_job(job: Job, world: World, repeat: int, timeout: float, memory_mb: float) -> dict[str, Result]:
    """Measure each way `repeat` times; one that failed once is not tried again."""
    results = {way.name: Result(way.is_ours) for way in job.ways}
    for number in range(repeat):
        for way in job.ways:
            result = results[way.name]
            if result.error:
                continue
            measured = _run(way, world, number == 0, timeout, memory_mb)
            result.runs.append(measured)
            told = measured.error or f"{measured.wall:.2f} s, {measured.peak:,.0f} MB"
            print(f"{job.name} {number + 1}/{repeat}  {way.name}: {told}", file=sys.stderr, flush=True)
    return results


def _run(way: Way, world: World, first: bool, timeout: float, memory_mb: float) -> Measured:
    folder = world.folder / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    measured = measure(way.prepare(folder), folder, timeout, memory_mb)
    if first and way.sales and not measured.error:
        expected = world.star_files("fact_sales")
        differing = differing_rows("fact_sales", expected, way.sales(folder), Path(folder, "spill"))
        if differing:
            measured = replace(measured, error=f"its rows are others: {differing:,} stand on one side alone")
    shutil.rmtree(folder)
    return measured
