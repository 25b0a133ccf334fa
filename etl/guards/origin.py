"""The guard over origins: runs and published tables belong to the sources and the data folder that made them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from etl.core.origin import DATA_FOLDER, foreign
from etl.guards.figures import OTHER, fingerprint
from etl.guards.guard import DOWNLOAD, LOAD, WHOLE_NIGHT, Finding, guard

Origin = Mapping[str, str]


@dataclass(frozen=True)
class Belongings:
    """What belongs to an origin, and whose the settings are. what: the beginning of a sentence, "The tables in …"."""

    what: str
    theirs: Origin
    ours: Origin
    name: str = WHOLE_NIGHT


@guard(
    DOWNLOAD,
    LOAD,
    worse=OTHER,
    stops="the data folder's runs, or the published tables, come from other sources or another data folder: a second"
    " company, a database that has moved, a data folder that was lost (exit code 2)",
)
def origin(seen: Belongings) -> Iterator[Finding]:
    """Find what belongs to others."""
    theirs, ours = seen.theirs, seen.ours
    if not foreign(theirs, ours):
        return
    parts = (*(f"from {name} {told}" for name, told in theirs.items()), *(f"to {n} {told}" for n, told in ours.items()))
    mine, others = dict(ours.items() - theirs.items()), dict(theirs.items() - ours.items())
    yield Finding(f"{seen.what} {_told(others)}, but these settings name {_told(mine)}.", fingerprint(*parts))


def _told(origin: Origin) -> str:
    parts = sorted(origin.items(), key=lambda part: part[0] == DATA_FOLDER)
    return ", ".join(f"the {name} {told}" if told else f"a new {name}" for name, told in parts)
