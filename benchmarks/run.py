"""Run a job: every way in turn, and again, so that a busy minute of the machine falls on all of them."""

import shutil
import sys
from dataclasses import dataclass, replace

from benchmarks.job import Job, Result, Way
from benchmarks.measure import Measured, measure
from benchmarks.world import World


@dataclass(frozen=True)
class Limits:
    """How often a way is run; above how many seconds it is slow; the seconds and MB at which a run is stopped."""

    repeat: int
    slow: float
    timeout: float
    memory_mb: float


def run_job(job: Job, world: World, limits: Limits) -> dict[str, Result]:
    """Measure each way as often as it may be run; one that failed, or is slow, is not run again."""
    results = {way.name: Result(way.is_ours) for way in job.ways}
    for number in range(limits.repeat):
        for way in job.ways:
            result = results[way.name]
            if result.error or (result.runs and result.runs[0].wall > limits.slow):
                continue
            measured = _run(way, world, number == 0, limits)
            result.runs.append(measured)
            told = measured.error or f"{measured.wall:.2f} s, {measured.peak:,.0f} MB"
            print(f"{job.name} {number + 1}/{limits.repeat}  {way.name}: {told}", file=sys.stderr, flush=True)
    return results


def _run(way: Way, world: World, first: bool, limits: Limits) -> Measured:
    folder = world.folder / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    measured = measure(way.prepare(folder), folder, limits.timeout, limits.memory_mb)
    if first and way.check and not measured.error and (wrong := way.check(folder)):
        measured = replace(measured, error=wrong)
    shutil.rmtree(folder)
    return measured
