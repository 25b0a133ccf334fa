"""Making a data folder anew that was lost, of what the warehouse tells: whose it is, key maps, what is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etl.company.tables import contracts
from etl.contract.table import Contract
from etl.core.call import call
from etl.core.clock import date_at, told
from etl.core.errors import GuardError, UsageError
from etl.core.head import Head
from etl.core.job import Job, peak_memory_mb
from etl.core.manifest import LoadedManifest, StarManifest
from etl.core.origin import DATA_FOLDER, origin_of
from etl.core.warehouse import about
from etl.guards.owner import check_of_these_sources
from etl.load.open import open_warehouse
from etl.load.recalled import recalled
from etl.published import ask
from etl.refill import working
from etl.transform.hiding import key_of
from etl.transform.keys import KEYS, greatest_of, key_maps, write_key_map
from etl.transform.known import pseudonymised, published_keys

if TYPE_CHECKING:
    import pyarrow as pa

    from etl.load.warehouse import Published, Warehouse

NAME = "-m etl restore"

_LOST = (
    "What was extracted: the next night reads every query in full, and the guards of the download have no night before"
    " to compare with.",
    "The stars: `etl undo` has nothing to go back to until two nights were published from here.",
    "The rejected rows, and why rows were rejected or set aside; the logs of the nights.",
    "Members that are published no more: one that comes back gets a new key. No key is ever given twice.",
)
"""What no warehouse tells."""


def restore(settings_file: Path, accept: tuple[str, ...], *, dry_run: bool) -> None:
    """Commit what the warehouse tells of the newest publish, so that the next night goes on from there.

    Raises UsageError where nothing is published, or others published it, or it is known here; GuardError where
    something else is known here.
    """
    with working(settings_file, "etl restore", accept) as job:
        known = contracts(job.settings.tables_dir)
        with open_warehouse(job.settings) as warehouse:
            head = warehouse.head()
            if not head.run:
                raise UsageError(f"Nothing is published in {about(job.settings).address}.", "Run ./nightly.sh.")
            accepted = check_of_these_sources(job, NAME, head.origin)
            _check_here(job, head)
            rows = _there(warehouse, known, about(job.settings).address)
            loaded = recalled(job, warehouse, head, rows, known).model_copy(update={"accepted": accepted})
        maps = {} if job.store.star.committed() else _key_maps(job, list(known.values()))
        for line in _told(job, loaded, known, maps, dry_run=dry_run):
            print(line)
        if not dry_run:
            _commit(job, head, loaded, known, maps)
            print(f"Run the night next: {call('./nightly.sh', job.settings_file)}")


def _check_here(job: Job, head: Head) -> None:
    """Refuse where the data folder knows something of nights already."""
    folder, loaded = job.store.folder, job.store.loaded.committed()
    ours, theirs = job.store.identity(make=False), head.origin.get(DATA_FOLDER, "")
    other = bool(ours and theirs and ours != theirs)
    if loaded[-1:] == [head.run] and not other:
        raise UsageError(
            f"{folder} knows that run {head.run} published last: there is nothing to restore.",
            f"Look at what is published: {call('-m etl status', job.settings_file)}.",
        )
    cure = f"The next night goes on from what is published. To restore all the same, move {folder} away first."
    if loaded:
        raise GuardError(f"In {folder} run {loaded[-1]} published last, but in the warehouse run {head.run} did.", cure)
    if other:
        raise GuardError(f"{folder} is the data folder {ours}, but the data folder {theirs} published last.", cure)


def _there(warehouse: Warehouse, known: Mapping[str, Contract], address: str) -> list[Published]:
    """List what is published of the tables that have a table file. Raises UsageError where it is none."""
    rows = [row for row in warehouse.published() if row.table in known]
    there = warehouse.existing([row.table for row in rows]) if rows else ()
    if found := [row for row in rows if row.table in there]:
        return found
    raise UsageError(
        f"No table of these settings is published in {address}.", "Look at TABLES_DIR; or run ./nightly.sh."
    )


def _key_maps(job: Job, every: Sequence[Contract]) -> dict[str, pa.Table]:
    """Read the key maps of the published dimensions."""
    published, key = ask(job.settings), key_of(job.settings, every)
    dimensions = (each for each in every if each.is_dimension and each.name in published.star_runs)
    found = {each.name: published_keys(each, published, key) for each in dimensions}
    return {name: known for name, known in found.items() if known is not None}


def _told(
    job: Job, loaded: LoadedManifest, known: Mapping[str, Contract], maps: Mapping[str, pa.Table], *, dry_run: bool
) -> Iterator[str]:
    """Say what is restored, and what is not."""
    as_of = told(loaded.as_of, job.settings.business_time_zone)
    yield f"Run {loaded.run} published last, as of {as_of}, from the star {loaded.made_from}."
    yield f"{'Would restore' if dry_run else 'Restored'} in {job.store.folder}:"
    rows = sum(table.star.rows for table in loaded.tables.values())
    yield f"- what is published: {len(loaded.tables)} tables, {rows:,} rows, their receipts"
    for name, numbers in maps.items():
        yield f"- the keys of {name}: {numbers.num_rows:,} members; the next new one gets {greatest_of(numbers) + 1:,}"
    if watermarks := loaded.standing.watermarks:
        told_of = (f"{name} up to {mark.greatest}" for name, mark in watermarks.items() if mark.greatest)
        yield f"- how far queries were read by their changes: {', '.join(told_of)}"
    yield "- whose the published tables are: this data folder's. No other one may publish them from now on"
    yield "What does not come back:"
    for line in _LOST:
        yield f"- {line}"
    if stars := job.store.star.committed():
        yield f"The key maps are those of star {stars[-1]}, and up to what is published."
    for name in (each for each in loaded.tables if known[each].is_dimension and not stars and each not in maps):
        yield f"The members of {name} have another natural key by now, by which their keys cannot be told."
    if any(known[name].hashed for name in loaded.tables):
        yield "PSEUDONYM_KEY must be the one by which the tables were published, or all members get new keys."


def _commit(
    job: Job, head: Head, loaded: LoadedManifest, known: Mapping[str, Contract], maps: Mapping[str, pa.Table]
) -> None:
    """Write the folder's id and the key maps; at last what is published, by which a second call sees it done."""
    if not job.store.identity(make=False) and head.origin.get(DATA_FOLDER):
        job.store.identify(head.origin[DATA_FOLDER])
    if maps:
        _commit_keys(job, loaded, known, maps)
    with job.store.loaded.working(loaded.run) as folder:
        job.store.loaded.commit(folder, loaded, job.settings.keep_runs)


def _commit_keys(job: Job, loaded: LoadedManifest, known: Mapping[str, Contract], maps: Mapping[str, pa.Table]) -> None:
    """Commit a star of key maps alone: no stage takes it for one that could be published."""
    hashed = pseudonymised(b"", list(known.values()))["hashed"]
    run = str(loaded.made_from)
    with job.store.star.working(run) as folder:
        (folder / KEYS).mkdir()
        for name, numbers in maps.items():
            write_key_map(folder, known[name], numbers, None)
        star = StarManifest(
            run=run,
            stage="star",
            made_from=None,
            origin=origin_of(job.settings),
            as_of=loaded.as_of,
            tables={},
            seconds=job.seconds,
            peak_memory_mb=peak_memory_mb(),
            business_date=date_at(loaded.as_of, job.settings.business_time_zone).isoformat(),
            agrees_with=loaded.run,
            keys=key_maps(folder),
            hashed=hashed,
            restored=True,
        )
        job.store.star.commit(folder, star, job.settings.keep_runs)
