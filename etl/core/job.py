"""What a stage is asked to do."""

import resource
import time
from dataclasses import dataclass, field

from config import Settings
from etl.core.runs import Store


@dataclass(frozen=True)
class Job:
    """One call of a stage. only: tables, none meaning all; from_run: None meaning the newest committed one."""

    settings: Settings
    store: Store
    run: str
    only: tuple[str, ...] = ()
    from_run: str | None = None
    dry_run: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the stage has been at work."""
        return round(time.monotonic() - self.started, 3)


def peak_memory_mb() -> int:
    """Give the most memory (MB of 10^6 bytes) that this process has had resident at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000
