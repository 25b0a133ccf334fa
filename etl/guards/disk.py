"""The guard over the disk: a night for which there is no room is not begun."""

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.core.folders import is_remote
from etl.core.manifest import RawManifest
from etl.guards.figures import MORE
from etl.guards.guard import DOWNLOAD, WHOLE_NIGHT, Finding, guard

_SPACE_PER_RAW_BYTE = 2.5
"""What a night writes for a byte of raw CSV, at the most: the raw file, the star, Parquet, the embedded warehouse."""


@dataclass(frozen=True)
class Room:
    """Where a night is to write, and what. planned: the planner's guess at each query's bytes; None: it has none.

    before: the runs that are kept, the oldest first. How large a table was last time is nearer to the truth than the
    planner's guess, which is for new ones alone.
    """

    folder: Path
    planned: Mapping[str, int | None]
    before: Sequence[RawManifest]
    name: str = WHOLE_NIGHT


@guard(DOWNLOAD, worse=MORE, stops="the disk has less room than the night will need, by estimate")
def disk(seen: Room) -> Iterator[Finding]:
    """Find a disk that is too small; a bucket always has room."""
    if is_remote(seen.folder):
        return
    last = {name: table.bytes for run in seen.before for name, table in run.tables.items()}
    guessed = {name: size or 0 for name, size in seen.planned.items() if name not in last}
    measured = sum(last.get(name, 0) for name in seen.planned)
    needed = (measured + sum(guessed.values())) * _SPACE_PER_RAW_BYTE
    seen.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(seen.folder).free
    if needed <= free:
        return
    sentence = f"the night needs about {_gigabytes(needed)} GB, and {seen.folder} has {free / 1e9:.1f} GB free"
    if any(guessed.values()):
        most = max(guessed, key=lambda name: guessed[name])
        sentence += (
            f"; {_gigabytes(guessed[most] * _SPACE_PER_RAW_BYTE)} GB of it are the source's guess at the rows of"
            f" {most}, which was never extracted: it may be far too high (ANALYZE its tables)"
        )
    yield Finding(f"{sentence}. Free space, or lower KEEP_RUNS", _gigabytes(needed))


def _gigabytes(size: float) -> str:
    return f"{math.ceil(size / 1e8) / 10:.1f}"
