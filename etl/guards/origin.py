"""The guard over origins: runs and published tables belong to the sources and the data folder that made them.

Another settings file that names the same data folder or warehouse is refused, until a person says that it is to go on
from there: because a database has moved, or because the data folder was lost.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from etl.core.errors import UsageError
from etl.core.job import Job
from etl.core.log import log
from etl.core.origin import DATA_FOLDER, foreign, owner_of
from etl.core.warehouse import about
from etl.guards.accept import fingerprint
from etl.guards.refusal import Refusal, accepting, standing

Origin = Mapping[str, str]


def check_folder(job: Job, script: str) -> None:
    """Refuse a data folder whose newest run was made from other sources. Raises UsageError."""
    folder = job.store.identity(make=False)
    theirs = {name: told for name, told in job.store.newest_origin().items() if name.startswith("source ")}
    _settle(
        job,
        script,
        theirs | {DATA_FOLDER: folder},
        owner_of(job.settings, folder),
        f"The runs in {job.store.folder} were made from",
        "Give each settings file a DATA_DIR of its own; if the source has only moved",
    )


def check_warehouse(
    job: Job, script: str, run: str, theirs: Origin, published: Iterable[tuple[str, datetime]]
) -> dict[str, str]:
    """Refuse to replace what another origin published. Raises UsageError; returns what a person let pass.

    run, theirs: the head's; published: the star run and the source's instant of each published table.
    """
    ours = owner_of(job.settings, job.store.identity(make=False))
    if run and not theirs:  # an older version published it: it is ours if the run is
        theirs = ours if job.store.built() & set(published) else {"run": run}
    return _settle(
        job,
        script,
        theirs,
        ours,
        f"The tables in {about(job.settings).address} were published from",
        "Give each settings file its own warehouse; if the data folder was lost, or these tables are to be replaced",
    )


def _settle(job: Job, script: str, theirs: Origin, ours: Origin, belongs: str, hint: str) -> dict[str, str]:
    if not foreign(theirs, ours):
        return {}
    parts = (*(f"from {name} {told}" for name, told in theirs.items()), *(f"to {n} {told}" for n, told in ours.items()))
    mine, others = dict(ours.items() - theirs.items()), dict(theirs.items() - ours.items())
    sentence = f"{belongs} {_told(others)}, but these settings name {_told(mine)}."
    refusal = Refusal("night", "origin", sentence, fingerprint(*parts))
    if standing(job, [refusal]):
        raise UsageError(f"{sentence} Nothing was touched.", f"{hint}: {accepting(job, script, [refusal])}")
    log.warning("accepted %s: %s", refusal.name, sentence)
    return {refusal.name: sentence}


def _told(origin: Origin) -> str:
    parts = sorted(origin.items(), key=lambda part: part[0] == DATA_FOLDER)
    return ", ".join(f"the {name} {told}" if told else f"a new {name}" for name, told in parts)
