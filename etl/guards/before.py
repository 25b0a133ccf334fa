"""What tonight is compared with: last night, and a week before, so that no table creeps away a little each night."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from etl.core.manifest import LoadedTable, Manifest, RawTable

_WEEK = timedelta(days=6, hours=12)
"""A night may begin some hours earlier than the one a week before."""

T = TypeVar("T", RawTable, LoadedTable)


def since_accepted(kept: Sequence[Manifest[T]], table: str, labels: Collection[str]) -> list[T]:
    """Return a table's entries in the kept runs, the newest first, back to the last that a person let pass.

    kept: the manifests, oldest first; labels: "table:guard" of the guards that judge by these entries.
    """
    found: list[T] = []
    for manifest in reversed(kept):
        if table in manifest.tables:
            found.append(manifest.tables[table])
            if any(label in manifest.accepted for label in labels):
                break
    return found


def last_and_week(entries: Sequence[T], as_of: datetime) -> list[T]:
    """Return of a table's entries, the newest first, last night's and that of a week before, or else the oldest."""
    ages = [as_of - entry.as_of for entry in entries]
    week = next((place for place, age in enumerate(ages) if age >= _WEEK), len(entries) - 1)
    return [entry for place, entry in enumerate(entries) if place in (0, week)]
