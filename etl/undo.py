"""Going back: what was published before is published again, by a load of its star."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from etl import load
from etl.core.errors import UsageError
from etl.core.head import Head
from etl.core.job import Job
from etl.core.manifest import LoadedManifest
from etl.load.open import open_warehouse
from etl.refill import working


def undo(settings_file: Path, run: str | None, accept: tuple[str, ...], *, dry_run: bool, refresh: bool) -> None:
    """Publish what was there before the newest publish, or what a run published; the next night stands on that.

    Whoever undoes an undo is where he was. Keys of members never go back. Raises UsageError where there is nothing to
    go back to, or its star is kept no more.
    """
    with working(settings_file, "etl undo", accept) as job:
        with open_warehouse(job.settings) as warehouse:
            head = warehouse.head()
        before = _chosen(job, run) if run else _before(job, head)
        star = str(before.made_from)
        if star not in _stars(job):
            raise UsageError(
                f"Run {before.run} published the star {star}, which is kept no more in {job.store.star.folder}.",
                f"Name another one: {_listed(job)}. KEEP_RUNS says how many are kept.",
            )
        as_of = f"{before.as_of:%Y-%m-%d %H:%M:%S} UTC"
        print(f"Run {head.run} published last. Going back to run {before.run}, as of {as_of}.")
        load.run(replace(job, from_run=star, dry_run=dry_run, refresh=refresh))


def _before(job: Job, head: Head) -> LoadedManifest:
    """Return what was published before the newest publish, of another star."""
    kept = job.store.loaded.kept()
    last = next((each.made_from for each in kept if each.run == head.run), head.standing.star)
    if not last:
        raise UsageError(
            f"What run {head.run} published last has left no receipt here, so it is not known what was there before."
            if head.run
            else "Nothing is published yet.",
            f"Name the run: {_listed(job)}." if kept else "Run ./nightly.sh first.",
        )
    for each in reversed(kept):
        if each.run < head.run and each.made_from != last:
            return each
    raise UsageError(
        f"Nothing is kept of what was published before run {head.run}.", "KEEP_RUNS says how many runs are."
    )


def _chosen(job: Job, run: str) -> LoadedManifest:
    """Read what a run published."""
    if run not in job.store.loaded.committed():
        raise UsageError(f"No run {run} has published anything that is kept.", f"Choose one of: {_listed(job)}.")
    return job.store.loaded.read(run)


def _stars(job: Job) -> set[str]:
    """Name the stars that can be published: of a restored one there are the key maps alone."""
    return {star.run for star in job.store.star.kept() if not star.restored}


def _listed(job: Job) -> str:
    """Name the runs to which one can go back."""
    stars = _stars(job)
    return ", ".join(each.run for each in job.store.loaded.kept() if each.made_from in stars) or "there is none"
