"""Upon which run the changes of a night are put, and from where on they are read where more was read meanwhile."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from etl.company.queries import Query
from etl.core.errors import EtlError
from etl.core.ground import ground
from etl.core.head import AskHead, Head
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import RawManifest
from etl.core.origin import origin_of
from etl.download.changes import Question, changed_since, in_order


@dataclass(frozen=True)
class Parent:
    """The run whose rows are published; None where all rows are to be read, and why.

    later: the runs that were extracted after it, which were refused, killed or undone.
    """

    raw: RawManifest | None
    why: str = ""
    later: Sequence[RawManifest] = ()

    def read_again(self, query: Query, found: Question) -> Question:
        """Return how to ask a query so that what a later run has read is read again, too.

        It may have read rows with older watermarks, for somebody asked for them: all, or those since a day.
        """
        if found.parent is None or found.parent.changes is None or found.since is None:
            return found
        known, least, name = {layer.run for layer in found.parent.changes.layers}, found.since, query.name
        for run in self.later:
            table = run.tables.get(name)
            layers = table.changes.layers if table and table.changes else ()
            new = [layer.since for layer in layers if layer.run not in known]
            if table and (None in new or not layers):
                return replace(found.full, why=f"run {run.run} had read them, and it is not what is published")
            least = min([least, *filter(None, new)], key=in_order)
        if least == found.since:
            return found
        log.info("download %s: it is read from %s on, as a run that is not what is published had read it", name, least)
        return replace(found, query=changed_since(query, least), since=least)


def parent_of(job: Job, ask: AskHead | None) -> Parent:
    """Return the run whose rows are published, as the warehouse says, if it is here and of these sources."""
    head = _asked(job, ask)
    found = ground(job.store, head)
    if found.why:
        return _none(found.why) if head and head.run else Parent(None, found.why)
    try:
        raw = job.store.raw.read(found.raw)
    except EtlError:
        return _none(f"the run {found.raw or 'that extracted what is published'} is not here any more")
    mine = origin_of(job.settings)
    if any(raw.origin.get(name, where) != where for name, where in mine.items()):
        return _none(f"the run {raw.run}, which is published, is of other sources")
    if not found.is_of(raw.watermarks):
        return _none(f"the run {raw.run} here is not the one of that name which is published")
    later = []
    for run in (each for each in job.store.raw.committed() if each > raw.run):
        with suppress(EtlError):
            later.append(job.store.raw.read(run))
    return Parent(raw, later=later)


def _none(why: str) -> Parent:
    log.warning("download: what changed since the last publish cannot be asked for: %s", why)
    return Parent(None, why)


def _asked(job: Job, ask: AskHead | None) -> Head | None:
    """Ask the warehouse; without it, what was published from here last has to do."""
    try:
        return ask(job.settings) if ask else None
    except EtlError as error:
        log.warning(
            "download: the warehouse does not say what is published, so changes are put upon what was published from"
            " here last. %s",
            error.message,
        )
        return None
