"""What is compared: a job, the ways to do it, the bars that ours is to clear."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from benchmarks.measure import Command, Measured

STOPPED = "stopped"
"""How the error of a run begins that was ended because it took too much: what it took by then is the least."""


@dataclass(frozen=True)
class Way:
    """A way to do a job.

    prepare: makes ready what is not timed, in an empty folder, and gives the command; check: says what is wrong with
    what it made there, or nothing; note: what a reader must know.
    """

    name: str
    prepare: Callable[[Path], Command]
    check: Callable[[Path], str] | None = None
    note: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether it is ours and not a peer's."""
        return self.name.startswith("ours")


@dataclass
class Result:
    """The runs of a way."""

    is_ours: bool
    runs: list[Measured] = field(default_factory=list)

    @property
    def error(self) -> str:
        """Why it failed, if it did; a way that failed once is not tried again."""
        return next((run.error for run in self.runs if run.error), "")

    @property
    def counts(self) -> bool:
        """Whether its figures may be compared: of a peer that was stopped they are the least, to its advantage."""
        return bool(self.runs) and (not self.error or (not self.is_ours and self.error.startswith(STOPPED)))

    def figure(self, name: str) -> float:
        """Return the median of a figure: wall, cpu, peak, written."""
        return median(float(getattr(run, name)) for run in self.runs)

    def spread(self) -> tuple[float, float]:
        """Return the least and the longest wall time."""
        walls = [run.wall for run in self.runs]
        return min(walls), max(walls)


Results = Mapping[str, Result]


@dataclass(frozen=True)
class Bar:
    """What a figure has to reach: `ours` / `beside`, or `ours` alone (MB, seconds), at most or at least `limit`.

    limit: None where none is set and the value is told only; figure: of `ours` and of `beside`; factor: what the value
    is divided by.
    """

    name: str
    limit: float | None
    figure: str = ""
    ours: str = ""
    beside: str | None = None
    least: bool = False
    factor: float = 1.0

    def value(self, results: Results) -> float | None:
        """Compute it; None where a way failed."""
        ways = [self.ours] + ([self.beside] if self.beside else [])
        if not all(way in results and results[way].counts for way in ways):
            return None
        value = results[self.ours].figure(self.figure)
        if self.beside:
            value /= max(results[self.beside].figure(self.figure), 1e-9)
        return value / self.factor

    def met(self, value: float | None) -> bool:
        """Return whether it is reached; what has no limit is, if it is there."""
        return value is not None and (
            self.limit is None or (value >= self.limit if self.least else value <= self.limit)
        )


@dataclass(frozen=True)
class Told(Bar):
    """A bar whose value is counted or given, and not measured by running anything."""

    value_: float = 0.0

    def value(self, results: Results) -> float | None:
        """Return it."""
        return self.value_


@dataclass(frozen=True)
class Job:
    """A job. name: as in --jobs; title: for readers; told: what else they are told."""

    name: str
    title: str
    ways: tuple[Way, ...]
    bars: tuple[Bar, ...]
    told: str = ""

    def of_bars(self) -> "Job":
        """Return the job without the ways that no bar is about."""
        named = {name for bar in self.bars for name in (bar.ours, bar.beside)}
        return replace(self, ways=tuple(way for way in self.ways if way.name in named))
