"""Who runs queries: what every question of a report is put to."""

from collections.abc import Callable
from functools import cache
from typing import Protocol, runtime_checkable

import pyarrow as pa

Read = Callable[[str], pa.Table]
"""Runs a query and returns its rows."""


@runtime_checkable
class Keeping(Protocol):
    """Whoever runs queries, and keeps the rows of one for others."""

    def keep(self, sql: str) -> str:
        """Return the name of a relation of a query's rows."""


def keeper(read: object) -> Callable[[str], str] | None:
    """Return what keeps the rows of each query once, by the reader of queries; None where that keeps nothing."""
    return cache(read.keep) if isinstance(read, Keeping) else None
