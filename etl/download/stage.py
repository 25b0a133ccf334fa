"""The download stage: plan every query, then extract them, longest first, and commit the run."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings
from config.paths import ROOT, SAMPLE_SETTINGS, home_of, seen_from
from etl.company.queries import Query, read_queries
from etl.company.sql import dialect_of
from etl.core.clock import night_binds
from etl.core.errors import DataError, EtlError, UsageError, joined
from etl.core.folders import link
from etl.core.head import AskHead
from etl.core.job import Job, peak_memory_mb
from etl.core.log import log
from etl.core.manifest import RawManifest, RawTable
from etl.core.names import check_only, guess, table_files
from etl.core.origin import origin_of, read, read_url
from etl.core.personal import Marks
from etl.core.retry import attempts, is_transient
from etl.core.runs import check_origin
from etl.download.extract import extract
from etl.download.postgres.source import PostgresSource
from etl.download.source import Limits, Plan, SnapshotError, Source, told_without_values
from etl.guards.accept import check_queries, read_accept
from etl.guards.disk import Room, disk
from etl.guards.every import SOURCE
from etl.guards.guard import DOWNLOAD, judged
from etl.guards.newest import with_newest
from etl.guards.owner import check_folder
from etl.guards.pace import Pace, fast
from etl.guards.raw import RawSeen
from etl.guards.refusal import check_accept, settle

if TYPE_CHECKING:
    from etl.download.changing import Changing

SCRIPT = "SQLDownloadMain.py"


def download(job: Job, ask: AskHead | None = None) -> None:
    """Extract the queries (or those of --only) into a committed run. ask: asks the warehouse what is published."""
    queries = read_queries(job.settings.queries_dir, dialects_of(job.settings))
    _check_tables_dir(job)
    marks = Marks.of(job.settings.tables_dir)
    queries = {name: replace(query, marks=marks) for name, query in queries.items()}
    chosen = _chosen(queries, job.only)
    check_accept(job.settings, job.accept, SCRIPT)
    check_queries(read_accept(job.accept), {query.name: query.tolerance for query in chosen})
    check_folder(job, SCRIPT)
    carried = _carried(job, queries, chosen)
    for attempt in attempts(is_transient, job.settings.source_patience):
        with attempt:
            for moved in attempts(_is_moved, job.settings.source_lock_seconds):
                with moved:
                    _download(job, chosen, carried, ask)


def _check_tables_dir(job: Job) -> None:
    """Refuse a TABLES_DIR without tables, which is misspelt: what they mark as personal would be extracted unmarked.

    Where no TABLES_DIR is set, a company may have queries first and tables later.
    """
    folder = job.settings.tables_dir
    default = seen_from(home_of(job.settings_file or SAMPLE_SETTINGS), Path("tables"))
    if folder == default or table_files(folder):
        return
    beside = [each.name for each in folder.parent.glob("*/") if table_files(each)]
    raise UsageError(
        f"TABLES_DIR, {folder}, {'has no table file' if folder.is_dir() else 'does not exist'}, so nothing says which"
        " columns hold personal data.",
        guess(folder.name, beside, "Name the folder of the table files in TABLES_DIR, or leave it out."),
    )


def _is_moved(error: Exception) -> bool:
    """Whether a new snapshot, at once, is the cure; it is also tried by who does not wait for a source that is away."""
    return isinstance(error, SnapshotError) and error.transient


def _download(job: Job, chosen: list[Query], carried: dict[str, RawTable], ask: AskHead | None) -> None:
    """Extract the queries from one snapshot of each source: an attempt that fails leaves nothing behind."""
    with ExitStack() as stack:
        binds: dict[str, str] = {}
        needed = needed_sources(job.settings, chosen)
        sources = {name: stack.enter_context(source_of(job.settings, name, binds)) for name in needed}
        night = min(source.as_of for source in sources.values())  # one clock, whatever the machine's says
        binds |= night_binds(night, job.settings.business_time_zone, job.settings.window_years)
        changing = _changing(job, sources, chosen, binds, ask)
        plans = _planned(sources, changing.asked if changing else chosen)
        if changing:
            changing.check(plans)
        if job.dry_run:
            _tell(plans)
        accepted = settle(job, SCRIPT, disk.refusals(_room(job, plans)))
        if job.dry_run:
            return
        folder = stack.enter_context(job.store.raw.working(job.run))
        tables = extract(job, sources, plans, folder)
        if changing:
            tables = changing.layered(tables, folder)
        accepted |= _guarded(job, chosen, tables, folder)
        for name, table in carried.items():
            link(list(table.files), job.store.raw.path(_base(job)), folder)
            tables[name] = table
        manifest = RawManifest(
            run=job.run,
            stage="raw",
            made_from=None,
            origin=origin_of(job.settings),
            as_of=min(table.as_of for table in tables.values()),
            tables=dict(sorted(tables.items())),
            seconds=job.seconds,
            peak_memory_mb=peak_memory_mb(),
            accepted=accepted,
            missed=changing.missed if changing else {},
        )
        job.store.raw.commit(folder, manifest, job.settings.keep_runs)
    if len({table.run for table in tables.values()}) > 1:
        log.warning(
            "download: the tables were extracted at different times: a star of them can be viewed, but not published"
        )
    log.info(
        "download committed run %s: %s rows in %.1f s",
        job.run,
        f"{sum(t.rows for t in tables.values()):,}",
        job.seconds,
    )


def _changing(
    job: Job, sources: Mapping[str, Source], chosen: Sequence[Query], binds: Mapping[str, str], ask: AskHead | None
) -> "Changing | None":
    """Return how queries with a watermark are asked; None where there is none. Raises UsageError for --since then."""
    if not any(query.watermark for query in chosen):
        if job.since:
            raise UsageError(f"--since {job.since}: no query has a watermark, all are read in full.", "Leave it out.")
        return None
    from etl.download.changing import Changing  # here: what compares keys takes memory that other nights do not need

    return Changing(job, sources, chosen, binds, ask)


def _guarded(job: Job, chosen: list[Query], tables: dict[str, RawTable], folder: Path) -> dict[str, str]:
    """Let the guards compare what was extracted with the runs before; returns what a person let pass."""
    for query in chosen:
        tables[query.name] = with_newest(folder, tables[query.name], query.tolerance.newest)
    kept = job.store.raw.kept()
    _last(job)  # which tells of a damaged one
    published = {table.star.raw_run for one in job.store.loaded.kept() for table in one.tables.values()}
    seen = [RawSeen(query.name, tables[query.name], query.tolerance, kept, published) for query in chosen]
    refusals = judged(SOURCE, *sorted(seen, key=lambda one: one.name))
    if not job.only and not any(table.is_read_by_changes for table in tables.values()):
        refusals += fast.refusals(Pace(DOWNLOAD, job.seconds, job.store.raw.durations(kept)))
    return settle(job, SCRIPT, refusals)


def _room(job: Job, plans: list[Plan]) -> Room:
    return Room(job.store.folder, {plan.query.name: plan.bytes for plan in plans}, job.store.raw.kept())


def _last(job: Job) -> RawManifest | None:
    """Read the last committed run; a damaged one is no obstacle to a new one."""
    try:
        return job.store.raw.newest("")
    except DataError as fault:
        if job.store.raw.committed():
            log.warning("download: the guards cannot compare with the last run. %s", fault.message)
        return None


def _chosen(queries: dict[str, Query], only: tuple[str, ...]) -> list[Query]:
    check_only(only, queries, "query")
    return [queries[name] for name in only or queries]


def _base(job: Job) -> str:
    """Name the run whose tables --only keeps."""
    runs = job.store.raw.committed()
    if not job.from_run and not runs:
        raise UsageError("--only keeps the other tables of the last run, but there is none.", "Leave --only out once.")
    return job.from_run or runs[-1]


def _carried(job: Job, queries: dict[str, Query], chosen: list[Query]) -> dict[str, RawTable]:
    """Find the other tables in the last run, so that this one is whole."""
    if not job.only:
        if job.from_run:
            raise UsageError("--from names the run whose tables --only keeps.", "Name the tables in --only as well.")
        return {}
    base = job.store.raw.read(_base(job))
    check_origin(base, origin_of(job.settings), job.store.raw.folder)
    names = [name for name in queries if name not in {query.name for query in chosen}]
    lacking = [name for name in names if name not in base.tables]
    if lacking:
        raise UsageError(
            f"--only keeps the other tables of run {base.run}, which lacks {', '.join(lacking)}.", "Name them too."
        )
    return {name: base.tables[name] for name in names}


def dialects_of(settings: Settings) -> dict[str, str]:
    """Return which dialect each source speaks."""
    urls = {name: read(name, url.get_secret_value()) for name, url in settings.sources.items()}
    return {name: dialect_of(url.get_backend_name()) for name, url in urls.items()}


def needed_sources(settings: Settings, queries: list[Query]) -> list[str]:
    """Name the sources that queries read. Raises UsageError where one is not set."""
    names = sorted({query.source for query in queries})
    missing = [name for name in names if name not in settings.sources]
    if missing:
        query = next(query for query in queries if query.source == missing[0])
        is_sample = settings.queries_dir == ROOT / "queries"
        cure = "call through `python -m sample run SCRIPT`" if is_sample else "set it in the settings file"
        raise UsageError(
            f"{query.path} reads the source {missing[0]}, but SOURCE_{missing[0].upper()}_URL is not set.",
            guess(missing[0], settings.sources, f"{cure[0].upper()}{cure[1:]}."),
        )
    return names


def source_of(settings: Settings, name: str, binds: dict[str, str]) -> Source:
    """Make a source. binds: the night's values, which are known when all sources are open."""
    text = settings.sources[name].get_secret_value()
    url = read(name, text)
    if url.get_backend_name() == "postgresql":
        return PostgresSource(name, url, limits_of(settings), binds)
    from etl.download.generic.source import GenericSource  # with SQLAlchemy, a quarter of a second

    return GenericSource(name, read_url(name, text), limits_of(settings), binds)


def limits_of(settings: Settings) -> Limits:
    """Return what the settings let us ask of a source."""
    return Limits(
        connections=settings.source_connections or settings.workers,
        lock_seconds=settings.source_lock_seconds,
        stall_seconds=settings.source_stall_seconds,
        statement_seconds=settings.source_statement_seconds,
        bytes_per_second=settings.source_megabytes_per_second * 1e6,
    )


def _planned(sources: dict[str, Source], queries: list[Query]) -> list[Plan]:
    """Plan every query; raises the faults of all of them at once."""
    plans: list[Plan] = []
    faults: list[EtlError] = []
    for query in queries:
        try:
            with told_without_values(query):
                plans.append(sources[query.source].plan(query))
        except EtlError as fault:
            faults.append(fault)
            if fault.transient:  # the connection is gone
                break
    if faults:
        raise joined(faults)
    return plans


def _tell(plans: list[Plan]) -> None:
    for plan in plans:
        guess = "" if plan.rows is None else f", about {plan.rows:,} rows"
        parts = f", in {len(plan.ranges)} ranges of {plan.query.partition_on}" if plan.ranges else ""
        print(f"would extract {plan.query.name}: {len(plan.columns)} columns{guess}{parts}")
