"""Extracting: each query into its CSV, and what the source says of it, with as many connections as it may have."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

from etl.core.errors import EtlError, joined
from etl.core.job import Job
from etl.core.log import log, progress
from etl.core.manifest import RawTable, TableReceipt
from etl.core.receipt_sql import SLICES
from etl.core.retry import attempts, is_transient
from etl.download.source import Extent, Plan, Source
from etl.download.writer import RawWriter


def extract(job: Job, sources: dict[str, Source], plans: list[Plan], folder: Path) -> dict[str, RawTable]:
    """Run the queries, the longest first, each source with as many connections as it may have."""
    tables: dict[str, RawTable] = {}
    ordered = sorted(plans, key=lambda plan: -(plan.bytes or 0))
    with ExitStack() as stack, progress("download", len(plans)) as advance:
        pools = {name: stack.enter_context(ThreadPoolExecutor(source.connections)) for name, source in sources.items()}
        futures: list[Future[Any]] = []
        receipts: list[Future[Any]] = []
        for plan in ordered:
            source, pool = sources[plan.query.source], pools[plan.query.source]
            receipts.append(pool.submit(_receipt, job, source, plan))  # beside the COPY, each on a core of the server
            futures.append(pool.submit(_extract_one, job, source, plan, folder, receipts[-1]))
        try:
            for future in as_completed(receipts + futures):
                if future.exception():
                    raise _faults_by_now(receipts + futures)
                if future in receipts:
                    continue
                name, table = future.result()
                tables[name] = table
                advance(1)
                log.info(
                    "download %s: %s rows, %.1f MB in %.1f s", name, f"{table.rows:,}", table.bytes / 1e6, table.seconds
                )
        except BaseException:
            for future in receipts + futures:
                future.cancel()
            for source in sources.values():
                source.stop()
            raise
    return tables


def _faults_by_now(futures: list[Future[Any]]) -> BaseException:
    """Tell all that has failed before the others are stopped; what is no fault of input goes first."""
    faults = [fault for future in futures if future.done() and (fault := future.exception())]
    known = [fault for fault in faults if isinstance(fault, EtlError)]
    return joined(known) if len(known) == len(faults) else next(f for f in faults if f not in known)


def _receipt(job: Job, source: Source, plan: Plan) -> TableReceipt | None:
    """Let the source say what the query gives, as far as the setting RECEIPTS wants it."""
    level = job.settings.receipts
    if level == "off":
        return None
    extent = Extent(level != "columns", _slice(job, source))
    return _again(job, source, lambda: source.receipt(plan, extent))


def _slice(job: Job, source: Source) -> int | None:
    """Choose the slice of the keys whose rows are hashed: another one each night; None where all are."""
    return source.as_of.toordinal() % SLICES if job.settings.receipts == "rows" else None


def _extract_one(
    job: Job, source: Source, plan: Plan, folder: Path, receipt: Future[TableReceipt | None]
) -> tuple[str, RawTable]:
    began = time.monotonic()
    name = plan.query.name
    writer = _again(job, source, lambda: source.extract(plan, _fresh(folder / f"{name}.csv")))
    seconds = round(time.monotonic() - began, 3)
    return name, _table(job, source, plan, writer, receipt.result(), seconds)


def _fresh(path: Path) -> Path:
    """Remove what an attempt that was cut has left."""
    path.unlink(missing_ok=True)
    return path


T = TypeVar("T")


def _again(job: Job, source: Source, work: Callable[[], T]) -> T:
    """Do again what was cut off, while the snapshot still lives: it costs a table, and not the night."""
    try:
        for attempt in attempts(lambda error: is_transient(error) and source.alive(), job.settings.source_patience):
            with attempt:
                return work()
    except EtlError as fault:
        if source.alive():
            fault.transient = False  # patience is at its end: a new snapshot would not help
        raise
    raise AssertionError("an attempt returns or raises")


def _table(
    job: Job, source: Source, plan: Plan, writer: RawWriter, receipt: TableReceipt | None, seconds: float
) -> RawTable:
    return RawTable(
        run=job.run,
        source=plan.query.source,
        as_of=source.as_of.astimezone(UTC),
        query_sha256=plan.query.sha256,
        file=f"{plan.query.name}.csv",
        bytes=writer.length,
        rows=writer.rows,
        columns=plan.columns,
        blocks=tuple(writer.blocks),
        key=plan.query.key,
        survivor=plan.query.survivor,
        group_by=plan.query.group_by,
        seconds=seconds,
        receipt=receipt,
        slice=_slice(job, source) if receipt and receipt.row_hash else None,
    )
