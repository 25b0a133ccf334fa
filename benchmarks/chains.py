"""Chains of nights of one company, and what is asked of them: medians, rows, bytes."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

from benchmarks.company import SAMPLE
from benchmarks.job import Result
from benchmarks.nights import CHANGED, FULL, MONTHS, Night, rows_since, run_nights, sample_nights
from benchmarks.reads import FAULTS, ChangeReads, read_of_changes
from benchmarks.world import World
from benchmarks.worlds import Sizes, describe_world
from etl.company.tables import contracts as contracts_of
from etl.core.runs import Store

WEEKLY, NIGHTLY = "weekly", "nightly"
"""How often the keys of all rows are compared."""
ALL = "all three stages"


@dataclass(frozen=True)
class Asked:
    """What is to be run. rows: that change before each of so many `nights`, drawn by a seed.

    timeout: seconds after which a stage is stopped; sweeps: how often all keys are compared, a chain of nights each.
    """

    rows: int
    seed: int
    nights: int
    timeout: float
    sweeps: tuple[str, ...] = (WEEKLY, NIGHTLY)


@dataclass(frozen=True)
class Chains:
    """The nights of a company of so many contracts, by how often all keys were compared.

    read, expected: the rows that nights of changes read, and those whose watermark says that they changed.
    reads: what BigQuery reads for the night whose changes lie in two months, or for the only one of changes; None where
    that could not be counted.
    """

    contracts: int
    nights: dict[str, list[Night]]
    read: int
    expected: int
    reads: ChangeReads | None

    def of(self, kind: str, sweep: str = WEEKLY) -> list[Night]:
        """Return the nights of a kind."""
        return [night for night in self.nights.get(sweep, ()) if night.kind == kind]

    @cached_property
    def results(self) -> dict[str, Result]:
        """What each kind of night took, stage by stage, and as a whole."""
        found: dict[str, Result] = {}
        for sweep, nights in self.nights.items():
            for night in nights:
                for stage, measured in {**night.stages, ALL: night.whole}.items():
                    found.setdefault(way(night.kind, stage, sweep), Result(True)).runs.append(measured)
        return found

    def figure(self, name: str, kind: str, stage: str = ALL, sweep: str = WEEKLY) -> float:
        """Return a median: wall, cpu, peak."""
        return self.results[way(kind, stage, sweep)].figure(name)

    def copied(self) -> float:
        """Return how long a night of changes copies the DuckDB file."""
        return median(night.copied for night in self.of(CHANGED))

    def swept(self) -> tuple[float, float]:
        """Return how long the keys of all rows were read, and how long the rows themselves of the same queries."""
        keys = self.of(CHANGED, NIGHTLY)
        names = [name.removesuffix(".sweep") for name in keys[0].extracted if name.endswith(".sweep")]
        whole = [sum(night.extracted[name] for name in names) for night in self.of(FULL, NIGHTLY)]
        return median(night.swept for night in keys), median(whole)


def way(kind: str, stage: str, sweep: str = WEEKLY) -> str:
    """Name what was measured, for readers."""
    return f"{kind}{', all keys compared' if sweep == NIGHTLY else ''}: {stage}"


def run_chains(source: Path, folder: Path, contracts: int, asked: Asked) -> Chains:
    """Fill a company on the running server of `source`, unless it is there, and run its nights in a folder."""
    nights: dict[str, list[Night]] = {}
    read = expected = 0
    reads = None
    company = describe_world(SAMPLE, source, Sizes(contracts, 0), folder)
    for sweep in asked.sweeps:
        world = sample_nights(company, sweep)
        for night in run_nights(world, asked.rows, asked.seed, asked.nights, asked.timeout):
            nights.setdefault(sweep, []).append(night)
            if night.kind == CHANGED and sweep == asked.sweeps[0]:
                read += sum(night.read.values())
                expected += rows_since(world, night)
            if night.kind == (MONTHS if asked.nights > 1 else CHANGED):
                reads = _reads(world, night) or reads
    return Chains(contracts, nights, read, expected, reads)


def _reads(world: World, night: Night) -> ChangeReads | None:
    folder = Store(world.folder / "data").star.path(night.star.run)
    try:
        return read_of_changes(night.star, folder, contracts_of(world.company.tables))
    except FAULTS as fault:
        print(f"not counted: {fault}", file=sys.stderr, flush=True)
        return None
