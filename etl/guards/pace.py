"""The guard over a stage's time: a 50-minute job that is done in 10 has most likely not done its work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from etl.guards.figures import LESS
from etl.guards.guard import DOWNLOAD, TRANSFORM, Finding, guard

_LEAST_RUNS, _LEAST_SECONDS, _SHARE = 3, 60.0, 0.25


@dataclass(frozen=True)
class Pace:
    """How long a stage took (seconds). before: how long its last whole runs took; short ones say nothing."""

    name: str
    seconds: float
    before: Sequence[float]


@guard(
    DOWNLOAD,
    TRANSFORM,
    worse=LESS,
    stops="the stage took less than a quarter of its usual time, where that is a minute or more; of nights of all rows",
)
def fast(seen: Pace) -> Iterator[Finding]:
    """Find a stage that was suspiciously fast."""
    usual = median(seen.before) if len(seen.before) >= _LEAST_RUNS else 0.0
    if usual >= _LEAST_SECONDS and seen.seconds < usual * _SHARE:
        yield Finding(
            f"it took {seen.seconds:.0f} s; the last {len(seen.before)} runs took {usual:.0f} s in the median",
            f"{seen.seconds / 2:.0f}",  # the next try is not as long to the second
        )
