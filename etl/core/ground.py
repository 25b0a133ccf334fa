"""Upon what a night stands: the run that is published, as the warehouse itself says, if it was published from here.

What is kept here of publishing is a copy of that, for when the warehouse does not answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from etl.core.head import Head
from etl.core.manifest import LoadedManifest, Watermark
from etl.core.origin import DATA_FOLDER
from etl.core.runs import Store


@dataclass(frozen=True)
class Ground:
    """What is published: its star, the run that extracted its rows; "" where that is not known here, and why.

    watermarks: as in `Standing`; nothing where the warehouse does not tell.
    """

    star: str = ""
    raw: str = ""
    why: str = ""
    watermarks: Mapping[str, Watermark] = field(default_factory=dict)

    def is_of(self, found: Mapping[str, Watermark]) -> bool:
        """Whether what is here under that name is what was published: names of runs alone tell little."""
        return all(found.get(name) == told for name, told in self.watermarks.items())


def ground(store: Store, head: Head | None) -> Ground:
    """Return upon what tonight's changes are put. head: of the warehouse; None where it was not asked."""
    kept = store.loaded.kept()
    if head is None:
        return _kept(kept[-1]) if kept else Ground(why="nothing of it was published yet")
    if not head.run:
        return Ground(why="nothing is published")
    mine, standing = store.identity(make=False), head.standing
    if head.origin.get(DATA_FOLDER, mine) == mine:
        for each in kept:
            if each.run == head.run:
                return _kept(each, standing.watermarks)
        if standing.star:  # it was killed before it left a receipt
            return Ground(standing.star, standing.raw, watermarks=standing.watermarks)
    return Ground(why=f"run {head.run} published last, and not from here")


def _kept(loaded: LoadedManifest, watermarks: Mapping[str, Watermark] | None = None) -> Ground:
    raw = max((table.star.raw_run for table in loaded.tables.values()), default="")
    return Ground(str(loaded.made_from), raw, watermarks=watermarks or {})
