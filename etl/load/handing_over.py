"""What is handed to the warehouse: each table whole, or its changes, as Parquet checked against the star's receipt."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from etl.contract.table import Contract
from etl.core.folders import is_remote
from etl.core.job import Job
from etl.core.log import log, progress
from etl.core.manifest import StarChange, StarManifest
from etl.core.receipt import TableReceipt
from etl.core.warehouse import about
from etl.load.by_changes import Ways, proof, told
from etl.load.checks import check_receipt, mismatch
from etl.load.parquet import conversions, gathered, ready
from etl.load.warehouse import ADDED, REMOVED, Delta, Handover, Warehouse
from etl.receipts.arrow import add
from etl.receipts.level import Level


def handed_over(job: Job, star: StarManifest, chosen: Sequence[Contract], ways: Ways, target: Path) -> list[Handover]:
    """Check the star's Parquet, side by side, or make it of an older star's CSV, with the star's receipt.

    ways: how each table is published; target: the folder for what is made.
    """
    source = job.store.star.path(star.run)
    if not is_remote(target):
        target.mkdir(exist_ok=True)
    few = about(job.settings).file_is_job and not is_remote(target)  # a bucket's are one job
    changes = {name: way for name, way in ways.items() if isinstance(way, StarChange)}
    whole = [contract for contract in chosen if contract.name not in changes]
    # threads: what hashes and converts lets go of Python's lock
    with ThreadPoolExecutor(job.settings.workers) as executor, progress("convert", len(chosen)) as advance:
        under_way = {}
        for contract in sorted(whole, key=lambda c: -star.tables[c.name].rows):
            table = star.tables[contract.name]
            work = conversions(contract, table.files, source, target, few=few, superseded=table.superseded)
            under_way[contract.name] = [executor.submit(ready, part) for part in work]
        handovers = []
        for contract in chosen:
            if contract.name in under_way:
                files, receipts = zip(*(future.result() for future in under_way[contract.name]), strict=True)
                handovers.append(_whole(job, star, contract, files, add(list(receipts), contract.schema)))
            else:
                handovers.append(_changed(job, star, contract, changes[contract.name], source, target, few=few))
            advance(1)
    pa.default_memory_pool().release_unused()  # the warehouse needs the memory now
    return handovers


def _described(job: Job, star: StarManifest, contract: Contract, delta: Delta | None = None) -> Handover:
    table = star.tables[contract.name]
    return Handover(
        contract=contract,
        files=(),
        receipt=Level(job.settings.receipts).proof(table.receipt),
        star_run=table.run,
        as_of=table.as_of,
        rejected=table.all_rejected,
        delta=delta,
    )


def _whole(
    job: Job, star: StarManifest, contract: Contract, files: tuple[Path, ...], receipt: TableReceipt
) -> Handover:
    table, handover = star.tables[contract.name], replace(_described(job, star, contract), files=files)
    if receipt.proves:
        check_receipt(handover, receipt, "converted")
    elif receipt.rows != table.rows:
        raise mismatch(contract.name, "handed over", f"{table.rows:,} rows are {receipt.rows:,}")
    return handover


def _changed(
    job: Job, star: StarManifest, contract: Contract, change: StarChange, source: Path, target: Path, *, few: bool
) -> Handover:
    """Check the files of a table's changes."""
    files = {}
    for part, parquet, rows in (
        (REMOVED, change.removed, change.removed_rows),
        (ADDED, change.added, change.added_rows),
    ):
        place = target / f"{contract.name}.{part}.parquet"
        files[part] = gathered(contract, parquet, rows, source, place, few=few) if rows else ()
    delta = Delta(
        proof(contract, star.tables[contract.name], change, Level(job.settings.receipts)),
        files[REMOVED],
        change.removed_rows,
        files[ADDED],
        change.added_rows,
        change.partitions if contract.partition_by else (),
    )
    return _described(job, star, contract, delta)


def staged(job: Job, warehouse: Warehouse, star: StarManifest, handovers: Sequence[Handover], ways: Ways) -> None:
    """Let the warehouse stage tables, and tell of each what becomes of its rows."""
    with progress("stage", len(handovers)) as advance:
        for handover in handovers:
            began = time.monotonic()
            warehouse.stage(job.run, handover)  # and count its rows
            advance(1)
            megabytes, seconds = handover.bytes / 1e6, time.monotonic() - began
            name = handover.contract.name
            log.info("load %s: %s, %.1f MB staged in %.1f s", name, how(star, name, ways), megabytes, seconds)


def how(star: StarManifest, name: str, ways: Ways) -> str:
    """Say how a table is published, and why it is not by its changes where that might be expected."""
    table, way = star.tables[name], ways.get(name, "")
    if isinstance(way, StarChange):
        return told(table, way)
    return f"{table.rows:,} rows{f' (all of them: {way})' if way else ''}"
