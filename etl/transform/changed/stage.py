"""A night's star built of what changed, and why it is not."""

import hashlib
import platform
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from etl import __version__
from etl.company.plan import Plan
from etl.core.errors import EtlError
from etl.core.ground import ground
from etl.core.head import Head
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import Kept, ParquetFile, RawManifest, StarChange, StarManifest, StarTable
from etl.transform.carried import check_carried
from etl.transform.changed.stand import Stand, UnfitError
from etl.transform.changed.summaries import Summary
from etl.transform.changed.work import Done, stream_of_changes, summary_of_changes
from etl.transform.context import Context
from etl.transform.entry import star_table
from etl.transform.kept import KEPT
from etl.transform.night import night_of
from etl.transform.runner import Result, Worked, run_plan

T = TypeVar("T")

_MEANING = 2
"""To be counted up whenever this program makes other rows of the same input."""


@dataclass
class Changed:
    """A star of what changed. worked: what was built as ever; tables: the entries of the others.

    changes: by what tables that were built as a whole differ from the published ones; None where that is not known.
    kept, asked: as in `StarManifest`; whole: what was built at once of what partials made.
    """

    stand: Stand
    worked: Worked
    tables: dict[str, StarTable] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)
    whole: dict[str, Result] = field(default_factory=dict)
    changes: dict[str, StarChange | None] = field(default_factory=dict)

    def take(self, done: Done) -> None:
        """Take what a worker made."""
        self.tables |= done.tables
        self.kept |= done.kept
        self.asked |= done.asked
        if done.whole:
            self.whole[done.whole.table] = Result([done.whole])
            self.changes[done.whole.table] = done.change
            self.worked.corrected |= done.whole.corrected
        self.worked.peak_memory_mb = max(self.worked.peak_memory_mb, done.peak_memory_mb)

    def compared(self, manifest: StarManifest) -> StarManifest:
        """Let the tables that were built anew say by what they differ from the published ones."""
        tables = dict(manifest.tables)
        for name, change in self.changes.items():
            tables[name] = tables[name].model_copy(update={"change": change})
        return manifest.model_copy(update={"tables": tables})


def made_with(context: Context, raw: RawManifest, key: str | None, window_years: int) -> str:
    """Return what stands for all that a star hangs on, but for the rows that it is made of and the night.

    key: the fingerprint of the key of pseudonyms; window_years: how long the published window is, without which an
    edge that a setting moved would be taken for one that a night moved.
    """
    told = [__version__, str(_MEANING), platform.python_version(), context.code, str(context.level), str(key)]
    for package in ("pandas", "pyarrow", "numpy", "tzdata"):
        with suppress(PackageNotFoundError):
            told.append(version(package))
    told += [
        context.night.time_zone,
        str(window_years),
        repr(context.corrections),
        repr(sorted(context.hidden.items())),
    ]
    told += [f"{name} {table.query_sha256}" for name, table in sorted(raw.tables.items())]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def published_star(job: Job, context: Context, made: str, head: Head | None) -> Stand:
    """Return the published star, upon which tonight's can be built. Raises UnfitError.

    head: of the warehouse; None where it was not asked.
    """
    found = ground(job.store, head)
    if found.why:
        raise UnfitError(found.why)
    try:
        star = job.store.star.read(found.star)
        if any(table.run != star.run for table in star.tables.values()):
            raise UnfitError("what is published is of several stars")
        before = job.store.raw.read(str(star.made_from))
        check_carried(star.tables, job.store.star.path(star.run))
        _check_kept(star, job.store.star.path(star.run) / KEPT)
    except EtlError as error:
        raise UnfitError(error.message.removesuffix(".")) from None
    if not found.is_of(star.watermarks):
        raise UnfitError(f"the star {star.run} here is not the one of that name which is published")
    if not star.kept:
        raise UnfitError(f"the star {star.run} keeps nothing to build upon")
    if star.made_with != made:
        raise UnfitError("a table file, a query, a setting or this program is another than then")
    if set(star.tables) != set(context.tables):
        raise UnfitError("there are other tables")
    old = with_changes(
        context,
        raw=job.store.raw.path(before.run),
        folder=job.store.star.path(star.run),
        last_star=None,
        carried=frozenset(),
        renewed=frozenset(),
        night=night_of(job.settings, before),
        id=f"{context.id} before",
    )
    return Stand(old, context, star)


def changed_star(stand: Stand, run: str, raw: RawManifest, plan: Plan, executor: Executor) -> Changed:
    """Build a star of what changed since another one. Raises UnfitError."""
    late = _late(plan, stand.new)
    early = {name: step for name, step in plan.steps.items() if name not in late}
    worked = run_plan(stand.new, Plan(early, {name: set(plan.before[name]) for name in early}), executor)
    found = Changed(stand, worked, asked=dict(worked.asked))
    built = {name: star_table(run, raw, stand.new, name, result) for name, result in worked.results.items()}
    comparing = {name: executor.submit(stand.change_of, name, table) for name, table in built.items()}
    found.changes = dict(zip(comparing, _results(list(comparing.values())), strict=True))
    steps = [plan.steps[name] for name in plan.steps if name in late]
    stand.compare_members((table for step in steps for table in step.tables), found.changes)
    streams = [executor.submit(stream_of_changes, stand, run, raw, step) for step in steps if step.stream]
    summaries: dict[str, dict[str, Summary]] = {}
    for done in _results(streams):
        found.take(done)
        for name, made in done.summaries.items():
            summaries.setdefault(name, {}).update(made)
    names = [step.tables[0] for step in steps if not step.stream]
    for done in _results([executor.submit(summary_of_changes, stand, run, raw, n, summaries[n]) for n in names]):
        found.take(done)
    for name, table in found.tables.items():
        change = table.change
        told = f"{change.removed_rows:,} rows out, {change.added_rows:,} in" if change else "built anew"
        log.info("transform %s: by its changes: %s, of %s", name, told, f"{table.rows:,}")
    return found


def _results(futures: Sequence[Future[T]]) -> list[T]:
    """Wait for all: where one does not fit, none may go on writing when all rows are built."""
    wait(futures)
    return [future.result() for future in futures]


def _late(plan: Plan, context: Context) -> set[str]:
    """Name the steps that are built of what changed, and all that wait for them. Raises UnfitError."""
    late: set[str] = set()
    for name, step in plan.steps.items():
        streams = step.stream is not None and step.members is None
        sums = any(context.tables[table].partials for table in step.tables)
        if streams or sums:
            late.add(name)
        elif plan.before[name] & late:
            raise UnfitError(f"{name} is built of a table that is built of what changed")
        if not streams and sums and (len(step.tables) != 1 or context.tables[step.tables[0]].contract.is_dimension):
            raise UnfitError(f"{name} is a dimension that summarizes")
    return late


def _check_kept(star: StarManifest, folder: Path) -> None:
    for file in _files(star):
        if not file.is_in(folder):
            raise UnfitError(f"{file.name}, which the published star keeps, is not what was written")


def _files(star: StarManifest) -> Iterator[ParquetFile]:
    for kept in star.kept.values():
        yield from kept.files
        if kept.superseded:
            yield kept.superseded
