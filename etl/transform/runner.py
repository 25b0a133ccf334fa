"""Working a plan off: steps whose needs are met go to the workers, blocks of a stream side by side."""

from collections import Counter, defaultdict
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any

from etl.company.plan import Plan, Step
from etl.core.counts import Counts
from etl.core.log import Advance, log, progress
from etl.core.manifest import ParquetFile
from etl.receipts.raw import check_raw
from etl.transform.context import Context, blocks_of, portions
from etl.transform.files import Built
from etl.transform.groups import check_order
from etl.transform.members import Call, Rows, numbered
from etl.transform.seen_members import numbered_versions
from etl.transform.streams import check_unique, yielding
from etl.transform.work import BlockDone, build_whole, stream_block


@dataclass
class Result:
    """A table's parts, in the order of its rows."""

    parts: list[Built]

    @property
    def counts(self) -> Counts:
        """What became of the rows of all parts."""
        return sum((part.counts for part in self.parts), Counts())


@dataclass
class Worked:
    """A plan worked off: each table's result, the rows of each correction, the most memory (MB) that a worker took.

    asked: by table, what its functions asked of the night; kept: the files that are kept, by what they are of.
    """

    results: dict[str, Result]
    corrected: Counter[str]
    peak_memory_mb: int
    asked: dict[str, set[str]] = field(default_factory=dict)
    kept: dict[str, list[ParquetFile]] = field(default_factory=dict)


def _pieces(context: Context, step: Step) -> int:
    """Count the pieces of work of a step: blocks of a stream, or portions of a table."""
    if step.stream:
        return blocks_of(context, step.stream)
    if step.members:
        return 1
    return portions(context, context.tables[step.tables[0]])


def run_plan(context: Context, plan: Plan, executor: Executor) -> Worked:
    """Work the plan off."""
    work = sum(_pieces(context, step) for step in plan.steps.values())
    with progress("transform", work) as advance:
        runner = _Runner(context, plan, executor, advance)
        runner.run()
    return Worked(
        {name: runner.results[name] for name in plan.tables},
        runner.corrected,
        runner.peak_memory_mb,
        runner.asked,
        runner.kept,
    )


@dataclass
class _Numbering:
    """A dimension's members being numbered: what is to be done, and what is under way, in that order."""

    steps: Generator[list[Call], list[Any], list[Built]]
    under_way: list[Future[Any]] = field(default_factory=list)


class _Runner:
    """The state of one plan under way."""

    def __init__(self, context: Context, plan: Plan, executor: Executor, advance: Advance) -> None:
        self.results: dict[str, Result] = {}
        self.corrected: Counter[str] = Counter()
        self.peak_memory_mb = 0
        self.asked: defaultdict[str, set[str]] = defaultdict(set)
        self.kept: defaultdict[str, list[ParquetFile]] = defaultdict(list)
        self._context, self._plan, self._executor, self._advance = context, plan, executor, advance
        self._waiting = dict(plan.before)
        self._under_way: dict[Future[Any], Step] = {}
        self._blocks: dict[str, dict[int, BlockDone]] = {}
        self._again: set[str] = set()
        self._rows: defaultdict[str, list[Rows]] = defaultdict(list)
        self._numbering: dict[str, _Numbering] = {}

    def run(self) -> None:
        self._submit_ready()
        while self._under_way:
            done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in done:
                step = self._under_way.pop(future)
                if step.stream:
                    self._block_done(step, future.result())
                elif step.members:
                    future.result()  # the first that failed tells why
                    if step not in self._under_way.values():
                        self._number(step, [each.result() for each in self._numbering[step.name].under_way])
                else:
                    self._table_done(step, *future.result())

    def _submit_ready(self) -> None:
        for name in [name for name, needs in self._waiting.items() if not needs]:
            del self._waiting[name]
            step = self._plan.steps[name]
            self._blocks[name] = {}
            if step.members and not step.stream:
                rows = sorted(self._rows.pop(step.members), key=lambda each: each.number)
                is_seen = self._context.tables[step.members].contract.is_seen
                numbering = numbered_versions if is_seen else numbered
                self._numbering[name] = _Numbering(numbering(self._context, step.members, rows))
                self._number(step, None)
                continue
            for number in range(_pieces(self._context, step)):
                if step.stream:
                    self._submit(step, stream_block, self._context, step, number, frozenset())
                else:
                    self._submit(step, build_whole, self._context, step.tables[0], number)

    def _submit(self, step: Step, work: Any, *arguments: Any) -> Future[Any]:
        future = self._executor.submit(work, *arguments)
        self._under_way[future] = step
        return future

    def _number(self, step: Step, results: list[Any] | None) -> None:
        """Go on numbering a dimension's members, with what the workers returned; None to begin with."""
        numbering = self._numbering[step.name]
        try:
            calls = numbering.steps.send(results)  # type: ignore[arg-type]  # None begins it
            while not calls:
                calls = numbering.steps.send([])
            numbering.under_way = [self._submit(step, *call) for call in calls]
        except StopIteration as end:
            self.results[str(step.members)] = Result(end.value)
            self._corrected(sum((part.corrected for part in end.value), Counter()))
            self._advance(1)
            self._finish(step)

    def _table_done(self, step: Step, built: Built, peak: int) -> None:
        self.peak_memory_mb = max(self.peak_memory_mb, peak)
        parts = self.results.setdefault(built.table, Result([])).parts
        parts.append(built)
        self._corrected(built.corrected)
        self._advance(1)
        if step not in self._under_way.values():
            parts.sort(key=lambda part: part.file.name)
            for part in parts:
                self.asked[part.table] |= part.asked
                self.kept[part.table] += [part.kept] if part.kept else []
            self._finish(step)

    def _block_done(self, step: Step, block: BlockDone) -> None:
        self.peak_memory_mb = max(self.peak_memory_mb, block.peak_memory_mb)
        self._blocks[step.name][block.number] = block
        self._advance(0 if step.name in self._again else 1)
        if step not in self._under_way.values():
            self._stream_done(step)

    def _stream_done(self, step: Step) -> None:
        """All blocks are there: see to keys over all of them, streaming those again that hold a row too many."""
        done = [self._blocks[step.name][number] for number in sorted(self._blocks[step.name])]
        raw = self._context.raw_table(str(step.stream))
        check_raw(raw, [block.raw for block in done])
        for layer, places in raw.layers():
            check_order((done[place].edges for place in places), layer.file, raw.group_by)
        out = {} if step.name in self._again else yielding(self._context, step, done, self._executor)
        if out:
            self._again.add(step.name)
            for number, positions in out.items():
                self._submit(step, stream_block, self._context, step, number, positions)
            return
        self._corrected(sum((block.corrected for block in done), Counter()))
        for part in done[0].built:
            self._corrected(part.corrected)
        for block in done:
            for name, asked in block.asked.items():
                self.asked[name] |= asked
            for name, file in block.kept.items():
                self.kept[name].append(file)
        if step.members:
            self._rows[step.members] += [block.rows for block in done if block.rows]
        for name in step.tables:
            check_unique(self._context, step, name, done, self._executor)
            self.results[name] = Result([part for block in done for part in block.built if part.table == name])
        self._finish(step)

    def _corrected(self, counts: Counter[str]) -> None:
        """Keep the rows of each correction; every reader of a query counts the same ones."""
        self.corrected |= counts

    def _finish(self, step: Step) -> None:
        for name in step.tables:
            parts = self.results[name].parts
            rows = sum(part.receipt.rows for part in parts)
            rejected = self.results[name].counts.all_rejected
            seconds = sum(part.seconds for part in parts)
            log.info("transform %s: %s rows, %s rejected, %.1f s of work", name, f"{rows:,}", f"{rejected:,}", seconds)
        for needs in self._waiting.values():
            needs.discard(step.name)
        self._submit_ready()
