"""Extracting: each query into its CSV, and what the source says of it, with as many connections as it may have."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

from etl.core.errors import EtlError, joined
from etl.core.job import Job
from etl.core.log import log, progress
from etl.core.manifest import Block, RawTable
from etl.core.receipt import TableReceipt
from etl.core.retry import attempts, is_transient
from etl.download.source import Plan, SnapshotError, Source, told_without_values
from etl.download.writer import Written
from etl.receipts.arrow import without_personal
from etl.receipts.level import Extent, Level


@dataclass
class _Range:
    """A query or a range of it, extracted between two instants of the monotonic clock."""

    written: Written
    receipt: TableReceipt | None
    began: float
    ended: float


@dataclass
class _Extraction:
    """A query under way: the source's own word, unless it comes with the rows, and its ranges.

    newest: the greatest value of `-- newest:`, where no receipt tells it.
    """

    plan: Plan
    receipt: Future[TableReceipt | None] | None
    ranges: list[Future[_Range]]
    newest: Future[str | None] | None = None

    @property
    def futures(self) -> list[Future[Any]]:
        """All that has to be done."""
        return [future for future in (self.receipt, self.newest, *self.ranges) if future]


def extract(job: Job, sources: dict[str, Source], plans: list[Plan], folder: Path) -> dict[str, RawTable]:
    """Run the queries, the longest first, each source with as many connections as it may have."""
    tables: dict[str, RawTable] = {}
    ordered = sorted(plans, key=lambda plan: -(plan.bytes or 0))
    with ExitStack() as stack, progress("download", len(plans)) as advance:
        pools = {name: stack.enter_context(ThreadPoolExecutor(source.connections)) for name, source in sources.items()}
        owners: dict[Future[Any], _Extraction] = {}
        for plan in ordered:
            extraction = _begun(job, sources[plan.query.source], plan, folder, pools[plan.query.source])
            owners |= dict.fromkeys(extraction.futures, extraction)
        try:
            for future in as_completed(owners):
                if future.exception():
                    raise _faults_by_now(owners)
                extraction = owners[future]
                query = extraction.plan.query
                if query.name in tables or not all(one.done() for one in extraction.futures):
                    continue
                tables[query.name] = table = _table(job, sources[query.source], extraction)
                advance(1)
                told = f"{table.rows:,} rows, {table.bytes / 1e6:.1f} MB in {table.seconds:.1f} s"
                log.info("download %s: %s", query.name, told)
        except BaseException:
            for future in owners:
                future.cancel()
            for source in sources.values():
                source.stop()
            raise
    return tables


def _begun(job: Job, source: Source, plan: Plan, folder: Path, pool: ThreadPoolExecutor) -> _Extraction:
    file = plan.query.name
    if plan.reads_clock and not plan.ranges:
        both = pool.submit(_extract_range, job, source, plan, folder / f"{file}.csv", None, proven=True)
        return _Extraction(plan, None, [both])
    receipt = newest = None
    if _extent(job, source):
        receipt = pool.submit(_receipt, job, source, plan)  # beside the COPY, each on a core of the server
    elif plan.query.tolerance.newest:
        newest = pool.submit(_newest, job, source, plan, plan.query.tolerance.newest)
    names = [f"{file}.csv", *(f"{file}.{number:05}.csv" for number in range(1, len(plan.ranges)))]
    ranges = [
        pool.submit(_extract_range, job, source, plan, folder / name, where)
        for name, where in zip(names, plan.ranges or [None], strict=True)
    ]
    return _Extraction(plan, receipt, ranges, newest)


def _faults_by_now(futures: Iterable[Future[Any]]) -> BaseException:
    """Tell all that has failed before the others are stopped; what is no fault of input goes first."""
    faults = [fault for future in futures if future.done() and (fault := future.exception())]
    known = [fault for fault in faults if isinstance(fault, EtlError)]
    return joined(known) if len(known) == len(faults) else next(f for f in faults if f not in known)


def _receipt(job: Job, source: Source, plan: Plan) -> TableReceipt | None:
    """Let the source say what the query gives, as far as the setting RECEIPTS wants it."""
    extent = _extent(job, source)
    return _again(job, source, plan, lambda: _said(source, plan, extent)) if extent else None


def _newest(job: Job, source: Source, plan: Plan, column: str) -> str | None:
    return _again(job, source, plan, lambda: source.greatest(plan, column))


def _said(source: Source, plan: Plan, extent: Extent) -> TableReceipt | None:
    """Let the source say what a query gives, of personal data no value."""
    receipt = source.receipt(plan, extent)
    return receipt and without_personal(receipt, {c.name for c in plan.columns if c.personal})


def _extent(job: Job, source: Source) -> Extent | None:
    return Level(job.settings.receipts).extent(source.as_of)


def _extract_range(
    job: Job, source: Source, plan: Plan, path: Path, where: str | None, *, proven: bool = False
) -> _Range:
    """Extract a range. proven: with the source's word about it, out of the same transaction."""
    began, extent = time.monotonic(), _extent(job, source) if proven else None

    def work() -> tuple[TableReceipt | None, Written]:
        receipt = _said(source, plan, extent) if extent else None
        return receipt, source.extract(plan, _fresh(path), where).written

    receipt, written = _again(job, source, plan, work)
    return _Range(written, receipt, began, time.monotonic())


def _fresh(path: Path) -> Path:
    """Remove what an attempt that was cut has left."""
    path.unlink(missing_ok=True)
    return path


T = TypeVar("T")


def _again(job: Job, source: Source, plan: Plan, work: Callable[[], T]) -> T:
    """Do again what was cut off, while the snapshot still lives: it costs a table or a range, and not the night."""
    try:
        for attempt in attempts(lambda error: _passes(error) and source.alive(), job.settings.source_patience):
            with attempt, told_without_values(plan.query):
                return work()
    except EtlError as fault:
        if _passes(fault) and source.alive():
            fault.transient = False  # patience is at its end: a new snapshot would not help
        raise
    raise AssertionError("an attempt returns or raises")


def _passes(error: Exception) -> bool:
    return is_transient(error) and not isinstance(error, SnapshotError)


def _table(job: Job, source: Source, extraction: _Extraction) -> RawTable:
    extent = _extent(job, source)
    plan, ranges = extraction.plan, [one.result() for one in extraction.ranges]
    receipt = extraction.receipt.result() if extraction.receipt else ranges[0].receipt
    newest = extraction.newest.result() if extraction.newest else None
    for one in _empty(ranges):
        one.written.path.unlink()
    seconds = round(max(one.ended for one in ranges) - min(one.began for one in ranges), 3)
    return raw_table(job.run, plan, source, [one.written for one in ranges], seconds).model_copy(
        update={
            "receipt": receipt,
            "slice": extent.slice if extent and receipt and receipt.hash_sum else None,
            "newest": {} if newest is None else {str(plan.query.tolerance.newest): newest},
        }
    )


def _empty(ranges: Sequence[_Range]) -> Sequence[_Range]:
    """Give the ranges whose files no block names, for they have no rows; of a table without any, the first stays."""
    return [one for one in ranges[not any(one.written.rows for one in ranges) :] if not one.written.rows]


def raw_table(run: str, plan: Plan, source: Source, ranges: Sequence[Written], seconds: float) -> RawTable:
    """Return the manifest's entry of a query that was read, as far as its files tell it: no receipt is in it.

    ranges: the finished CSV of each, in their order; seconds: that the reading took.
    """
    first, *others = ranges
    blocks = [*first.blocks, *(block for other in others for block in _blocks_of(other))]
    query = plan.query
    return RawTable(
        run=run,
        source=query.source,
        as_of=source.as_of.astimezone(UTC),
        query_sha256=query.sha256,
        file=first.path.name,
        bytes=sum(written.bytes for written in ranges),
        rows=sum(written.rows for written in ranges),
        columns=plan.columns,
        blocks=tuple(block for block in blocks if block.rows) or first.blocks,
        key=query.key,
        survivor=query.survivor,
        group_by=query.group_by,
        seconds=seconds,
    )


def _blocks_of(written: Written) -> Iterator[Block]:
    return (block.model_copy(update={"file": written.path.name}) for block in written.blocks)
