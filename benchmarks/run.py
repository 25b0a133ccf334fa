"""Run jobs: every way in turn, so that a busy minute of the machine falls on all; again, while there is time."""

import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from benchmarks.job import Job, Result, Way
from benchmarks.measure import Measured, measure
from benchmarks.world import World


@dataclass(frozen=True)
class Limits:
    """How often a way is run; above how many seconds a peer is run once; when the time is over; when a run is stopped.

    ends: by the monotonic clock: what would not be done by then is not run again.
    """

    repeat: int
    slow: float
    ends: float
    timeout: float
    memory_mb: float


@dataclass(frozen=True)
class Running:
    """A job under way, with the world that it is run in."""

    job: Job
    world: World
    results: dict[str, Result]

    def seconds(self, limits: Limits) -> float:
        """Return how long another round takes, a third more than it did; nothing where none is to be."""
        walls = [result.runs[0].wall for result in self._again(limits).values()]
        return sum(walls) * 4 / 3

    def round(self, limits: Limits) -> None:
        """Run each way once that may be run again: none that failed, and no slow peer."""
        again = self._again(limits)
        for way in self.job.ways:
            result = self.results[way.name]
            if result.runs and way.name not in again:
                continue
            measured = _run(way, self.world, not result.runs, limits)
            result.runs.append(measured)
            told = measured.error or f"{measured.wall:.2f} s, {measured.cpu:.2f} s of CPU, {measured.peak:,.0f} MB"
            print(f"{self.job.name} {len(result.runs)}  {way.name}: {told}", file=sys.stderr, flush=True)

    def _again(self, limits: Limits) -> dict[str, Result]:
        return {
            name: result
            for name, result in self.results.items()
            if result.runs and not result.error and (result.is_ours or result.runs[0].wall <= limits.slow)
        }


def begin(job: Job, world: World, limits: Limits) -> Running:
    """Run each way of a job once."""
    running = Running(job, world, {way.name: Result(way.is_ours) for way in job.ways})
    running.round(limits)
    return running


def repeat(running: list[Running], limits: Limits) -> None:
    """Run all jobs again, the short ones first, as often as may be and as there is time."""
    for _ in range(1, limits.repeat):
        for each in sorted(running, key=lambda one: one.seconds(limits)):
            if time.monotonic() + each.seconds(limits) < limits.ends:
                each.round(limits)


def _run(way: Way, world: World, first: bool, limits: Limits) -> Measured:
    folder = world.folder / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    measured = measure(way.prepare(folder), folder, limits.timeout, limits.memory_mb)
    if first and not measured.error and (wrong := _checked(way, folder)):
        measured = replace(measured, error=wrong)
    shutil.rmtree(folder)
    return measured


def _checked(way: Way, folder: Path) -> str:
    """Return what is wrong with what a way made; what cannot be read is."""
    try:
        return way.check(folder) if way.check else ""
    except duckdb.Error as error:
        return f"what it made cannot be compared: {error}"
