"""What is kept of a publishing: the manifest in 3_loaded, by which the next load knows what is there."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from etl.core.errors import DataError, EtlError
from etl.core.folders import remove_tree
from etl.core.job import Job, peak_memory_mb
from etl.core.log import log
from etl.core.manifest import LoadedManifest, LoadedTable, StarManifest
from etl.core.origin import origin_of
from etl.guards.guard import THE_SOURCE
from etl.load.warehouse import Handover

_OF_ITS_FILES: Final[dict[str, Any]] = {"files": (), "change": None, "superseded": None, "gone": 0, "by_partition": {}}
"""What is not kept of a star's entry: what is told of its files, which are the star's."""


def last_kept(job: Job) -> LoadedManifest | None:
    """Read what was published last; a damaged receipt is no obstacle to a new one."""
    try:
        return job.store.loaded.newest("")
    except DataError as fault:
        if job.store.loaded.committed():
            log.warning("load: the guards cannot compare with the last night. %s", fault.message)
        return None


def where_to_look(job: Job, star: StarManifest, kept: Sequence[LoadedManifest]) -> str:
    """Say what a person looks at first whom a guard stopped: also at table files that are others than were published.

    kept: what was published before, oldest first.
    """
    made_from = kept[-1].made_from if kept else None
    if made_from in job.store.star.committed():
        with suppress(EtlError):
            then = job.store.star.read(str(made_from)).code
            if then and star.code and then != star.code:
                return f"what was changed in the table files since star {made_from}, and at {THE_SOURCE}"
    return THE_SOURCE


def keep_receipt(job: Job, manifest: LoadedManifest, folder: Path, parquet: Path) -> None:
    """Commit what was published; the star is the backup, so the Parquet goes."""
    try:
        remove_tree(parquet)
        job.store.loaded.commit(folder, manifest, job.settings.keep_runs)
    except OSError as error:
        raise DataError(
            f"The star {manifest.made_from} is published, but its receipt cannot be kept in {folder.parent}:"
            f" {error.strerror}.",
            "Free disk space or let this user write in that folder, then run LoadFilesBQ.py again.",
        ) from None


def manifest_of(job: Job, star: StarManifest, handovers: list[Handover], marks: Mapping[str, str]) -> LoadedManifest:
    """Write down what was published of a star; of the tables that --only left alone, what was kept of them.

    marks: by table, by what a later night sees that nobody has changed it.
    """
    last = last_kept(job) if job.only else None
    tables = dict(last.tables) if last else {}
    for handover in handovers:
        built = star.tables[handover.contract.name]
        tables[handover.contract.name] = LoadedTable(
            star=built.model_copy(update={"receipt": handover.receipt} | _OF_ITS_FILES),
            bytes=handover.bytes,
            mark=marks.get(handover.contract.name),
            columns=tuple(handover.contract.schema.names),
        )
    return LoadedManifest(
        run=job.run,
        stage="loaded",
        made_from=star.run,
        origin=star.origin | origin_of(job.settings),
        as_of=min(table.as_of for table in tables.values()),
        tables=dict(sorted(tables.items())),
        seconds=job.seconds,
        peak_memory_mb=peak_memory_mb(),
    )
