"""The guard over natural keys: members that cannot be recognized would get other surrogate keys."""

from collections.abc import Iterator
from dataclasses import dataclass

from etl.guards.figures import OTHER, fingerprint
from etl.guards.guard import TRANSFORM, Finding, guard


@dataclass(frozen=True)
class NaturalKey:
    """A dimension's natural key that cannot be converted. was, now: columns with their types; members: so far."""

    name: str
    was: str
    now: str
    members: int


@guard(
    TRANSFORM,
    worse=OTHER,
    stops="a natural key has other columns, or a type its values cannot be converted to: every member would get another"
    " surrogate key",
    needs=lambda contract: contract.is_dimension,
)
def keys(seen: NaturalKey) -> Iterator[Finding]:
    """Find it always: whoever shows a natural key here could not convert it."""
    yield Finding(
        f"its natural key was {seen.was} and is {seen.now} now: its {seen.members:,} members cannot be recognized by"
        " it, and all would get other surrogate keys",
        fingerprint(seen.name, f"was {seen.was}", f"is {seen.now}"),
    )
