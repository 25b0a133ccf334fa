"""The load stage: check the files, stage them, publish and prove them, and keep the receipt."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from etl.company.tables import contracts
from etl.contract.table import Contract
from etl.core.errors import DataError
from etl.core.folders import is_remote
from etl.core.head import Head
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import LoadedTable, Standing, StarChange, StarManifest
from etl.core.names import check_only, query_files
from etl.core.origin import origin_of, owner_of
from etl.core.runs import check_origin
from etl.core.standing import StarRows
from etl.core.warehouse import about
from etl.guards.accept import check_contracts, read_accept
from etl.guards.calendar import Calendar
from etl.guards.every import STAR
from etl.guards.guard import judged
from etl.guards.months import FEW
from etl.guards.owner import check_warehouse
from etl.guards.refusal import check_accept, settle
from etl.guards.rows import changed_rows
from etl.guards.star import Changed, StarSeen
from etl.load.anew import made_anew, planned
from etl.load.by_changes import Ways, told, ways
from etl.load.checked import check_file
from etl.load.handing_over import handed_over, staged
from etl.load.kept import keep_receipt, last_kept, manifest_of, where_to_look
from etl.load.leftovers import warn_of_leftovers
from etl.load.numbers import check_continued, check_numbers
from etl.load.open import open_warehouse
from etl.load.present import (
    check_one_night,
    check_one_snapshot,
    is_published,
    look,
    tell_of_missed,
    tell_of_unkept,
)
from etl.load.publishing import publish
from etl.load.warehouse import Handover, Warehouse
from etl.receipts.level import Level

SCRIPT = "LoadFilesBQ.py"


def load(job: Job) -> bool:
    """Publish a star run (or its tables named by --only) in one transaction; returns whether there was anything new."""
    star = job.store.star.read(job.from_run) if job.from_run else job.store.star.newest("TablesTransformMain.py")
    check_origin(star, origin_of(job.settings), job.store.star.folder)
    check_one_snapshot(star)
    chosen = _chosen(job, star)
    with open_warehouse(job.settings) as warehouse:
        every = list(contracts(job.settings.tables_dir).values())
        head, published = warehouse.head(), warehouse.published()
        accepted = check_warehouse(job, SCRIPT, head.run, head.origin, [(row.star_run, row.as_of) for row in published])
        changes = warehouse.changes(every, job.refill)
        anew = warehouse.to_refill(every, job.refill) if job.refill else []
        if not accepted and star.agrees_with != head.run:
            check_numbers(warehouse, star, chosen, job.store.star.path(star.run))
        if not accepted:
            check_continued(warehouse, published, star, chosen)
        tell_of_unkept(job, head.run)
        warn_of_leftovers(job, warehouse, star.tables)
        if job.only:
            check_one_night(published, star, chosen)
        looked = look(job, warehouse, [row for row in published if row.table not in anew], chosen)
        done = not looked.altered and not anew and is_published(published, star, chosen) and _is_kept(job, star, chosen)
        if done:
            log.info("load: star %s is published already, as of %s: there is nothing to do.", star.run, star.as_of)
        how = ways(star, chosen, published, looked, Level(job.settings.receipts), _hindrance(changes, accepted))
        if job.dry_run:
            _tell(changes, star, [] if done else chosen, how, job.store.star.path(star.run))
            if anew:
                print(warehouse.refill_sql([planned(star, c) for c in chosen if c.name in anew], every, head))
        if job.dry_run or done:
            return not done
        tell_of_missed(job, published, star)
        accepted |= _guarded(job, star, chosen)
        with job.store.loaded.working(job.run) as folder, _parquet_folder(job, folder) as parquet:
            handovers = handed_over(job, star, chosen, how, parquet)
            warehouse.check(job.run, handovers)
            warehouse.ensure(every, anew)
            staged(job, warehouse, star, handovers, how)
            if anew:
                handovers = made_anew(job, warehouse, handovers, anew, every, head)
            whole = partial(_whole, job, warehouse, star, chosen, parquet)
            after = _head(job, star, head)
            handovers, marks = publish(warehouse, handovers, (head, after), looked.marks, whole)
            manifest = manifest_of(job, star, handovers, marks).model_copy(
                update={"accepted": accepted, "altered": looked.altered, "standing": after.standing}
            )
            keep_receipt(job, manifest, folder, parquet)
    _tell_of_all(job, star, handovers)
    return True


def _head(job: Job, star: StarManifest, before: Head) -> Head:
    """Return the head as it is when a star is published. before: as it was."""
    told = {"parent": before.run, "star": star.run, "raw": str(star.made_from), "watermarks": star.watermarks}
    return Head(job.run, owner_of(job.settings, job.store.identity()), Standing(**told))


def _hindrance(changes: list[str], accepted: Mapping[str, str]) -> str:
    """Say why no table can be published by its changes, if that is so."""
    if accepted:
        return "what is published belonged to others"
    return "tables are prepared for their contracts first" if changes else ""


def _whole(
    job: Job, warehouse: Warehouse, star: StarManifest, chosen: list[Contract], parquet: Path, name: str
) -> Handover:
    """Hand a table over whole that cannot be published by its changes, and stage it."""
    handovers = handed_over(job, star, [contract for contract in chosen if contract.name == name], {}, parquet)
    warehouse.check(job.run, handovers)
    staged(job, warehouse, star, handovers, {})
    return handovers[0]


def _tell_of_all(job: Job, star: StarManifest, handovers: list[Handover]) -> None:
    """Say in the log what was published."""
    if all(handover.delta and not handover.delta.rows for handover in handovers):
        told = (star.run, len(handovers), job.seconds)
        log.info("load published star %s: nothing changed in its %d tables but as of when they are, in %.1f s", *told)
        return
    rows = f"{sum(handover.receipt.rows for handover in handovers):,}"
    log.info("load published star %s: %d tables, %s rows, in %.1f s", star.run, len(handovers), rows, job.seconds)


def _guarded(job: Job, star: StarManifest, chosen: list[Contract]) -> dict[str, str]:
    """Let the guards judge the star and compare it with what was published before; returns what a person let pass."""
    check_accept(job.settings, job.accept, SCRIPT)
    check_contracts(read_accept(job.accept), chosen)
    last_kept(job)  # which tells of a damaged one
    kept = job.store.loaded.kept()
    settings = job.settings
    cut = any(":window_start" in path.read_text(errors="replace") for path in query_files(settings.queries_dir))
    calendar = Calendar(settings.business_time_zone, settings.window_years, cut)
    seen = [
        StarSeen(
            contract=contract,
            table=star.tables[contract.name],
            kept=kept,
            calendar=calendar,
            changed_rows=partial(_changed_rows, job, star, contract),
            settings_file=job.settings_file,
        )
        for contract in chosen
    ]
    where = where_to_look(job, star, kept)
    return settle(job, SCRIPT, [replace(refusal, look=where) for refusal in judged(STAR, *seen)])


def _changed_rows(job: Job, star: StarManifest, contract: Contract, last: LoadedTable, changed: Changed) -> int | None:
    """Count the rows of some months that are not as they were published then; None where that cannot be told."""
    stars = [kept for kept in job.store.star.kept() if _built_in(kept, contract) == last.star.run]
    try:
        now, then = (StarRows(job.store.star.path(one.run), one.tables[contract.name]) for one in (star, stars[-1]))
        return changed_rows(contract, changed, now, then, FEW + 1)
    except (IndexError, OSError, pa.ArrowException):
        return None  # that star is kept no more, or its columns are others


def _built_in(star: StarManifest, contract: Contract) -> str | None:
    """Name the run that built a star's table."""
    return star.tables[contract.name].run if contract.name in star.tables else None


def _is_kept(job: Job, star: StarManifest, chosen: list[Contract]) -> bool:
    """Whether the receipt of a publishing is there: a run that was killed after it has left none."""
    last = last_kept(job)
    kept = {name: table.star.run for name, table in last.tables.items()} if last else {}
    return all(kept.get(contract.name) == star.tables[contract.name].run for contract in chosen)


def _chosen(job: Job, star: StarManifest) -> list[Contract]:
    """Return the contracts of what is to be published, dimensions first."""
    known = contracts(job.settings.tables_dir)
    lacking = sorted(set(known) - set(star.tables))
    if lacking:
        raise DataError(
            f"The star {star.run} has no {', '.join(lacking)}, for which there is a table file.",
            "Run TablesTransformMain.py first.",
        )
    check_only(job.only, known, "table")
    return sorted((known[name] for name in job.only or known), key=lambda contract: not contract.is_dimension)


def _tell(changes: list[str], star: StarManifest, chosen: list[Contract], how: Ways, folder: Path) -> None:
    for contract in chosen:
        table = star.tables[contract.name]
        files = [each for file in table.files for each in file.both]
        files += [*([table.superseded] if table.superseded else []), *(table.change.files if table.change else ())]
        for each in files:
            check_file(folder / each.name, each)
    for change in changes:
        print(f"would change: {change}")
    for contract in chosen:
        table, way = star.tables[contract.name], how[contract.name]
        if isinstance(way, StarChange):
            print(f"would publish {contract.name} by its changes: {told(table, way)} of star {star.run}")
        else:
            print(f"would publish {contract.name}: {table.rows:,} rows of star {star.run}{f' ({way})' if way else ''}")


@contextmanager
def _parquet_folder(job: Job, folder: Path) -> Iterator[Path]:
    """Say where the Parquet goes: beside the run, in a bucket only where the warehouse reads it there."""
    if about(job.settings).reads_buckets or not is_remote(folder):
        yield folder / "parquet"
        return
    shutil.rmtree(job.store.local / ".parquet", ignore_errors=True)  # by a run that was killed
    try:
        yield job.store.local / ".parquet"
    finally:
        shutil.rmtree(job.store.local / ".parquet", ignore_errors=True)
