"""A night that is killed at a certain call, in this process: from then on nothing is changed on the disk.

tests/survival kills processes for real, at any moment; here it has to be one of few moments, and fast.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from etl.core.runs import Runs
from etl.load.duckdb.warehouse import DuckDBWarehouse
from tests.download.company import Ended

_LASTING = ("mkdir", "link", "rename", "replace", "rmdir", "unlink", "remove")
"""What changes a disk: cleaning up, after a kill, does not happen."""


class _KillError(BaseException):
    """What no handler catches."""


@dataclass(frozen=True)
class Kill:
    """At which call a stage is killed, before it or when it is done. stage: which one; of: the runs' folder, if any."""

    stage: int
    owner: type[Any]
    method: str
    after: bool
    of: str = ""


EARLY = tuple(
    Kill(stage, Runs, "commit", after, of) for stage, of in enumerate(("1_raw", "2_star")) for after in (False, True)
)
"""In stage 1 or 2: without a run, or with one that no other stage has seen yet."""

BEFORE = (Kill(2, DuckDBWarehouse, "stage", True), Kill(2, DuckDBWarehouse, "publish", False))
"""In stage 3, before the warehouse's commit."""

AFTER = (Kill(2, DuckDBWarehouse, "publish", True), Kill(2, Runs, "commit", False, "3_loaded"))
"""In stage 3, when the warehouse has committed, and the data folder does not know."""


def killed(kill: Kill, run: Callable[[], Ended]) -> None:
    """Run a stage that is killed. Raises AssertionError where it came to its end before."""
    with ExitStack() as dead:
        try:
            with _armed(kill, dead):
                ended = run()
        except _KillError:
            return
    raise AssertionError(f"{kill} was not reached: {ended.err}")


@contextmanager
def _armed(kill: Kill, dead: ExitStack) -> Iterator[None]:
    """Let a call end everything. dead: holds what is so from then on, until the stage is unwound."""
    real = getattr(kill.owner, kill.method)

    def die() -> None:
        for name in _LASTING:
            dead.enter_context(mock.patch.object(os, name))
        raise _KillError

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        is_meant = not kill.of or Path(self.folder).name == kill.of
        if is_meant and not kill.after:
            die()
        found = real(self, *arguments, **named)
        if is_meant:
            die()
        return found

    with mock.patch.object(kill.owner, kill.method, call):
        yield
