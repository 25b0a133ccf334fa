"""The guard over the disk: a night for which there is no room is not begun."""

import math
import shutil
from collections.abc import Sequence

from etl.core.folders import is_remote
from etl.core.job import Job
from etl.core.manifest import RawManifest
from etl.download.source import Plan
from etl.guards.refusal import Refusal

_SPACE_PER_RAW_BYTE = 2.5
"""What a night writes for a byte of raw CSV, at the most: the raw file, the star, Parquet, the embedded warehouse."""


def refusals(job: Job, plans: Sequence[Plan], before: Sequence[RawManifest]) -> list[Refusal]:
    """Judge the room on the disk; a bucket always has some. before: the runs that are kept, the oldest first.

    How large a table was last time is nearer to the truth than the planner's guess, which is for new ones alone.
    """
    if is_remote(job.store.folder):
        return []
    last = {name: table.bytes for run in before for name, table in run.tables.items()}
    guessed = {plan.query.name: plan.bytes or 0 for plan in plans if plan.query.name not in last}
    measured = sum(last.get(plan.query.name, 0) for plan in plans)
    needed = (measured + sum(guessed.values())) * _SPACE_PER_RAW_BYTE
    job.store.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(job.store.folder).free
    if needed <= free:
        return []
    sentence = f"the night needs about {_gigabytes(needed)} GB, and {job.store.folder} has {free / 1e9:.1f} GB free"
    if any(guessed.values()):
        most = max(guessed, key=lambda name: guessed[name])
        sentence += (
            f"; {_gigabytes(guessed[most] * _SPACE_PER_RAW_BYTE)} GB of it are the source's guess at the rows of"
            f" {most}, which was never extracted: it may be far too high (ANALYZE its tables)"
        )
    return [Refusal("night", "disk", f"{sentence}. Free space, or lower KEEP_RUNS", _gigabytes(needed))]


def _gigabytes(size: float) -> str:
    return f"{math.ceil(size / 1e8) / 10:.1f}"
