"""A night's star built of what changed, and why it is not."""

import hashlib
import platform
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from etl import __version__
from etl.company.plan import Plan, Step
from etl.core.errors import EtlError
from etl.core.ground import ground
from etl.core.head import Head
from etl.core.job import Job, peak_memory_mb
from etl.core.log import log
from etl.core.manifest import Kept, ParquetFile, RawManifest, StarManifest, StarTable
from etl.transform.carried import check_carried
from etl.transform.changed.stand import Stand, UnfitError
from etl.transform.changed.stream import StreamChange, Summary
from etl.transform.changed.sums import SumChange, kept_summary, whole_of
from etl.transform.changed.table import changed_table
from etl.transform.changed.whole import change_of
from etl.transform.context import Context
from etl.transform.kept import KEPT
from etl.transform.night import night_of
from etl.transform.runner import Result, Worked, run_plan
from etl.transform.work import build_whole

_MEANING = 2
"""To be counted up whenever this program makes other rows of the same input."""


@dataclass
class Changed:
    """A star of what changed. worked: what was built as ever; tables: the entries of the others.

    kept, asked: as in `StarManifest`; whole: what was built at once of what partials made.
    """

    stand: Stand
    worked: Worked
    tables: dict[str, StarTable] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)
    whole: dict[str, Result] = field(default_factory=dict)

    def compared(self, manifest: StarManifest) -> StarManifest:
        """Let the tables that were built anew say by what they differ from the published ones."""
        old, new = self.stand.old.folder, self.stand.new.folder
        tables = dict(manifest.tables)
        for name, table in tables.items():
            if table.change is None:
                contract = self.stand.new.tables[name].contract
                change = change_of(contract, self.stand.star.tables[name], old, table, new)
                tables[name] = table.model_copy(update={"change": change})
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
    summaries: dict[str, dict[str, Summary]] = {}
    for step in (plan.steps[name] for name in plan.steps if name in late):
        if step.stream:
            _stream(stand, run, raw, step, found, summaries)
        else:
            _summarize(stand, run, raw, step.tables[0], summaries[step.tables[0]], found)
    for name, table in found.tables.items():
        change = table.change
        told = f"{change.removed_rows:,} rows out, {change.added_rows:,} in" if change else "built anew"
        log.info("transform %s: by its changes: %s, of %s", name, told, f"{table.rows:,}")
    worked.peak_memory_mb = max(worked.peak_memory_mb, peak_memory_mb())
    return found


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


def _stream(
    stand: Stand, run: str, raw: RawManifest, step: Step, found: Changed, summaries: dict[str, dict[str, Summary]]
) -> None:
    done = StreamChange(stand, step).run()
    for name, difference in done.tables.items():
        found.tables[name] = changed_table(stand, run, raw, name, difference)
        found.asked[name] = {*stand.star.asked.get(name, ()), *difference.asked}
    if done.kept:
        found.kept[step.name] = done.kept
    for name, summary in done.summaries.items():
        found.kept[name] = kept_summary(stand, name, summary)
    for partial in step.partials:
        function = stand.new.tables[partial.table].partials[partial.number]
        summaries.setdefault(partial.table, {})[partial.stream] = done.summaries[f"{partial.table}.{function.name}"]


def _summarize(
    stand: Stand, run: str, raw: RawManifest, name: str, summaries: dict[str, Summary], found: Changed
) -> None:
    table = stand.new.tables[name]
    change = SumChange(stand, table, summaries)
    if change.by and not stand.is_other_night(name):
        difference = change.run()
        found.tables[name] = changed_table(stand, run, raw, name, difference)
        found.asked[name] = {*stand.star.asked.get(name, ()), *difference.asked}
        if difference.kept:
            found.kept[name] = difference.kept
        return
    if any(partial.parameters[0] not in stand.new.tables for partial in table.partials):
        raise UnfitError(f"{name} summarizes a query, and is to be built as a whole")
    given = {stream: whole_of(summary, stand.new) for stream, summary in summaries.items()}
    built, _ = build_whole(stand.new, name, 0, given)
    found.whole[name] = Result([built])
    found.worked.corrected |= built.corrected
    found.asked[name] = {*stand.star.asked.get(name, ()), *built.asked}
    if built.kept:
        found.kept[name] = Kept(files=(built.kept,))


def _check_kept(star: StarManifest, folder: Path) -> None:
    for file in _files(star):
        if not file.is_in(folder):
            raise UnfitError(f"{file.name}, which the published star keeps, is not what was written")


def _files(star: StarManifest) -> Iterator[ParquetFile]:
    for kept in star.kept.values():
        yield from kept.files
        if kept.superseded:
            yield kept.superseded
