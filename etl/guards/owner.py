"""Whose the data folder and the warehouse are: another settings file that names them is refused.

Until a person says that it is to go on from there: because a database has moved, or because the data folder was lost.
"""

from collections.abc import Iterable
from datetime import datetime

from etl.core.call import call
from etl.core.errors import UsageError
from etl.core.job import Job
from etl.core.log import log
from etl.core.origin import DATA_FOLDER, owner_of
from etl.core.warehouse import about
from etl.guards.origin import Belongings, Origin, origin
from etl.guards.refusal import accepting, standing


def check_folder(job: Job, script: str) -> None:
    """Refuse a data folder whose newest run was made from other sources. Raises UsageError."""
    folder = job.store.identity(make=False)
    theirs = {name: told for name, told in job.store.newest_origin().items() if name.startswith("source ")}
    seen = Belongings(
        f"The runs in {job.store.folder} were made from",
        theirs | {DATA_FOLDER: folder},
        owner_of(job.settings, folder),
    )
    _settle(job, script, seen, "Give each settings file a DATA_DIR of its own; if the source has only moved")


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
        Belongings(f"The tables in {about(job.settings).address} were published from", theirs, ours),
        f"If the data folder was lost, restore it: {call('-m etl restore', job.settings_file)}. Else give each settings"
        " file its own warehouse; or, if these tables are to be replaced",
    )


def check_of_these_sources(job: Job, script: str, theirs: Origin) -> dict[str, str]:
    """Refuse to take over what was published from other sources, whatever data folder it belongs to.

    theirs: the head's origin. Raises UsageError; returns what a person let pass.
    """
    ours = owner_of(job.settings, "")
    theirs, ours = ({n: told for n, told in each.items() if n != DATA_FOLDER} for each in (theirs, ours))
    seen = Belongings(f"The tables in {about(job.settings).address} were published from", theirs, ours)
    return _settle(
        job, script, seen, "Name the settings file that they were published by; if the source has only moved"
    )


def _settle(job: Job, script: str, seen: Belongings, hint: str) -> dict[str, str]:
    refusals = origin.refusals(seen)
    for refusal in standing(job, refusals):
        raise UsageError(f"{refusal.sentence} Nothing was touched.", f"{hint}: {accepting(job, script, [refusal])}")
    for refusal in refusals:
        log.warning("accepted %s: %s", refusal.name, refusal.sentence)
    return {refusal.name: refusal.sentence for refusal in refusals}
