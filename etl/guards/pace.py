"""The guard over a stage's time: a 50-minute job that is done in 10 has most likely not done its work."""

from collections.abc import Sequence
from statistics import median

from etl.guards.refusal import Refusal

_LEAST_RUNS, _LEAST_SECONDS, _SHARE = 3, 60.0, 0.25


def refusals(stage: str, seconds: float, before: Sequence[float]) -> list[Refusal]:
    """Judge how long a stage took (seconds). before: how long its last whole runs took; short ones say nothing."""
    usual = median(before) if len(before) >= _LEAST_RUNS else 0.0
    if usual < _LEAST_SECONDS or seconds >= usual * _SHARE:
        return []
    told = f"it took {seconds:.0f} s; the last {len(before)} runs took {usual:.0f} s in the median"
    return [Refusal(stage, "fast", told, figure=f"{seconds / 2:.0f}")]  # the next try is not as long to the second
