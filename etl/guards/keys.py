"""The guard over natural keys: members that cannot be recognized would get other surrogate keys."""

from collections.abc import Iterator
from dataclasses import dataclass

from etl.guards.figures import OTHER, fingerprint
from etl.guards.guard import TRANSFORM, WHOLE_NIGHT, Finding, guard


@dataclass(frozen=True)
class NaturalKey:
    """A dimension's natural key that cannot be converted. was, now: columns with their types; members: so far."""

    name: str
    was: str
    now: str
    members: int


@dataclass(frozen=True)
class OtherKey:
    """Pseudonyms under another key than those of the last star. was, now: the keys' fingerprints."""

    was: str
    now: str
    columns: tuple[str, ...]
    name: str = WHOLE_NIGHT


@guard(
    TRANSFORM,
    worse=OTHER,
    stops="PSEUDONYM_KEY is another one: every pseudonym would be another, and so every surrogate key found by one",
)
def pseudonyms(seen: OtherKey) -> Iterator[Finding]:
    """Find it always: whoever shows a key here has compared it."""
    yield Finding(
        f"PSEUDONYM_KEY is another one than that of the last star: every pseudonym in {', '.join(seen.columns)}"
        " would be another, and members that are found by one would get other surrogate keys. Bring the old key"
        " back; only if it is lost or known to others, go on with the new one",
        fingerprint(f"was {seen.was}", f"is {seen.now}"),
        look="PSEUDONYM_KEY in the settings",
    )


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
        " it, and all would get other surrogate keys (if a column only has another name, say so: renamed_from=)",
        fingerprint(seen.name, f"was {seen.was}", f"is {seen.now}"),
        look=f"what was changed in the table file {seen.name}.py",
    )
