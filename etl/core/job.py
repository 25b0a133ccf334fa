"""What a stage is asked to do. Imports nothing heavy, so that --help answers at once."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from config import Settings
    from etl.core.runs import Store


@dataclass(frozen=True)
class Job:
    """One call of a stage. only: tables, none meaning all; from_run: None meaning the newest committed one.

    accept: what a person lets pass, as "table:guard=figure" (etl.guards.accept); refresh: whether a publish is to be
    followed by a refresh of the Power BI dataset; refill: published tables that may be made anew; full: whether all
    rows are to be extracted, also of queries of which the changes would do; since: the day from which on changes are
    to be extracted, None meaning from where the published run ends.
    """

    settings: Settings
    store: Store
    run: str
    only: tuple[str, ...] = ()
    from_run: str | None = None
    dry_run: bool = False
    accept: tuple[str, ...] = ()
    settings_file: Path | None = None
    refresh: bool = True
    refill: tuple[str, ...] = ()
    full: bool = False
    since: date | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the stage has been at work."""
        return round(time.monotonic() - self.started, 3)


def peak_memory_mb() -> int:
    """Return the most memory (MB of 10^6 bytes) that this process has had resident at once."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the process that started this one, if that was larger
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return next((int(line.split()[1]) * 1024 // 1_000_000 for line in lines if line.startswith("VmHWM:")), 0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000
