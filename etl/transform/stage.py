"""The transform stage: work the plan off in worker processes and commit the star."""

from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.company.corrections import check_expiry, read_corrections
from etl.company.plan import Plan, make_plan
from etl.company.tables import read_tables
from etl.core import nights
from etl.core.cluster import cluster_of, cluster_pool
from etl.core.errors import ContractError, DataError, EtlError
from etl.core.failed_rejects import kept_if_it_fails
from etl.core.fingerprint import fingerprint
from etl.core.folders import remove_tree
from etl.core.job import Job, peak_memory_mb
from etl.core.log import log
from etl.core.manifest import RawManifest, StarManifest, StarTable
from etl.core.origin import origin_of
from etl.core.runs import SCRIPTS, check_origin
from etl.core.warehouse import about
from etl.core.workers import worker_pool
from etl.guards.accept import check_contracts, read_accept
from etl.guards.guard import TRANSFORM
from etl.guards.pace import Pace, fast
from etl.guards.refusal import check_accept, settle
from etl.receipts.level import Level
from etl.transform.balance import check_balance
from etl.transform.before import BEFORE, read_before
from etl.transform.carried import carried_over, carry, check_carried
from etl.transform.changed.stage import Changed, changed_star, made_with, published_star
from etl.transform.changed.stand import UnfitError
from etl.transform.context import Context, personal_columns
from etl.transform.correct import check_changes, check_corrections
from etl.transform.entry import star_table
from etl.transform.files import REJECTS
from etl.transform.hiding import hidden_columns, key_of
from etl.transform.kept import KEPT, kept_of
from etl.transform.key_files import HASHES
from etl.transform.keys import KEYS, check_key_maps, key_maps
from etl.transform.known import Ask, Known, known_keys, pseudonymised
from etl.transform.members import MEMBERS
from etl.transform.night import night_of
from etl.transform.partials import PARTIALS
from etl.transform.raw import check_file
from etl.transform.runner import Result, Worked, run_plan

SCRIPT = "TablesTransformMain.py"
_TEMPORARY = (PARTIALS, HASHES, MEMBERS, BEFORE)


def transform(job: Job, ask: Ask | None = None) -> None:
    """Build the star (or the tables of --only, and those that these summarize) into a committed run.

    ask: asks the warehouse for the surrogate keys that are published.
    """
    raw = job.store.raw.read(job.from_run) if job.from_run else job.store.raw.newest("SQLDownloadMain.py")
    check_origin(raw, origin_of(job.settings), job.store.raw.folder)
    code = fingerprint(job.settings.tables_dir)
    tables = read_tables(job.settings.tables_dir, code)
    about(job.settings).check([table.contract for table in tables.values()])
    plan = make_plan(tables, list(raw.tables), job.only)
    corrections = read_corrections(job.settings.tables_dir)
    check_corrections(corrections, tables, raw.tables)
    check_expiry(corrections, night_of(job.settings, raw).business_date)
    last, every = _last_star(job), [table.contract for table in tables.values()]
    key = key_of(job.settings, every)
    if last:
        check_key_maps(job.store.star.path(last.run), last.keys)
    carried = carried_over(tables, plan, last)
    if last and carried:
        check_origin(last, origin_of(job.settings), job.store.star.folder)
        check_carried(carried, job.store.star.path(last.run))
    for table in raw.tables.values():
        check_file(job.store.raw.path(raw.run), table)
    check_accept(job.settings, job.accept, SCRIPT)
    check_contracts(read_accept(job.accept), (table.contract for table in tables.values()))
    with ExitStack() as early:
        # first: to ask the warehouse and to read files begins threads, and beside threads nothing is to be forked
        workers = early.enter_context(_workers(job))
        known = known_keys(job, SCRIPT, every, last, ask, key)
        if job.dry_run:
            _tell(plan)
            return
        with (
            job.store.star.working(job.run) as folder,
            kept_if_it_fails(job.store.local, job.run, folder / REJECTS),
        ):
            make_rooms(folder)
            known.write(folder)
            personal = personal_columns(raw, job.settings.tables_dir)
            built = {name: tables[name].contract for name in plan.tables}
            context = Context(
                tables_dir=job.settings.tables_dir,
                code=code,
                raw=job.store.raw.path(raw.run),
                folder=folder,
                last_star=job.store.star.path(last.run) if last else None,
                carried=frozenset(carried),
                night=night_of(job.settings, raw),
                level=Level(job.settings.receipts),
                personal=personal,
                corrections=tuple(corrections),
                renewed=frozenset(contract.name for contract, _ in known.renewed),
                pseudonym_key=key,
                hidden=hidden_columns(personal, every),
                keeps=_keeps(job, raw),
                before=read_before(job, built, known.published, folder),
            )
            made = made_with(context, raw, pseudonymised(key, every).get("pseudonym_key"), job.settings.window_years)
            night = _Night(job, context, raw, plan, carried, known, made)
            with early.pop_all(), _executor(job, context, workers) as executor:
                manifest = night.of_changes(executor) or night.in_full(executor)
            if last:
                carry(context, last, carried, tables)
            for name in _TEMPORARY:
                remove_tree(folder / name)
            pace = Pace(TRANSFORM, job.seconds, job.store.star.durations())
            judged = [] if job.only or manifest.is_of_changes else fast.refusals(pace)
            accepted = known.accepted | settle(job, SCRIPT, judged)
            told = {"accepted": accepted, "keys": key_maps(folder), "agrees_with": known.agrees_with, "code": code}
            manifest = manifest.model_copy(update={**told, **pseudonymised(key, every), "seconds": job.seconds})
            job.store.star.commit(folder, manifest, job.settings.keep_runs)
    rejected = sum(manifest.tables[name].all_rejected for name in plan.tables)
    log.info(
        "transform committed run %s: %d tables, %s rows rejected, in %.1f s",
        job.run,
        len(plan.tables),
        f"{rejected:,}",
        job.seconds,
    )


@dataclass(frozen=True)
class _Night:
    """A star to be made. carried: the tables that --only leaves as they are; made: as in `StarManifest.made_with`."""

    job: Job
    context: Context
    raw: RawManifest
    plan: Plan
    carried: dict[str, StarTable]
    known: Known
    made: str

    def of_changes(self, executor: Executor) -> StarManifest | None:
        """Build the star of what changed since the published one; None where it has to be built in full.

        Whatever else is wrong with it comes again where all rows are built, and is told there.
        """
        if not self.context.keeps or not self.raw.is_of_changes:
            return None
        if failed := _not_loaded(self.job):
            log.info("transform: all rows are built: the star of changes before, %s, could not be published", failed)
            return None
        try:
            stand = published_star(self.job, self.context, self.made, self.known.head)
            changed = changed_star(stand, self.job.run, self.raw, self.plan, executor)
            return changed.compared(self._manifest(changed.worked, changed))
        except UnfitError as why:
            log.info("transform: all rows are built: %s", why.message)
        except (ContractError, DataError) as fault:
            log.warning("transform: all rows are built, for what was built of changes is faulty: %s", fault.message)
        remove_tree(self.context.folder)
        self.context.folder.mkdir()
        make_rooms(self.context.folder)
        self.known.write(self.context.folder)
        built = {name: self.context.tables[name].contract for name in self.plan.tables}
        read_before(self.job, built, self.known.published, self.context.folder)
        return None

    def in_full(self, executor: Executor) -> StarManifest:
        """Build all rows."""
        return self._manifest(run_plan(self.context, self.plan, executor))

    def _manifest(self, worked: Worked, changed: Changed | None = None) -> StarManifest:
        """Say what was built, and see that no row is lost."""
        results = worked.results | (changed.whole if changed else {})
        told = {"corrected": _corrected(self.context, self.plan, worked)}
        told |= _told_to_the_next(self.context, self.made, worked, changed)
        others = self.carried | (changed.tables if changed else {})
        manifest = _manifest(self.job, self.raw, self.context, results, others, worked.peak_memory_mb)
        check_balance(self.context, {name: manifest.tables[name] for name in self.plan.tables}, results)
        return manifest.model_copy(update=told)


def _not_loaded(job: Job) -> str | None:
    """Name the star that the last night built of what changed and failed to load: tonight's would fail likewise."""
    before = [record for record in nights.records(job.store.local) if record.run < job.run][-1:]
    for run in (record.run for record in before for s in record.stages if (s.script, s.exit_code) == (SCRIPTS[2], 1)):
        with suppress(EtlError):
            if job.store.star.read(run).is_of_changes:
                return run
    return None


def _keeps(job: Job, raw: RawManifest) -> bool:
    """Whether a star keeps what the next one can be built upon: where queries are read by their changes."""
    return any(table.changes for table in raw.tables.values()) and not (job.only or cluster_of(job.settings))


def _told_to_the_next(context: Context, made: str, worked: Worked, changed: Changed | None) -> dict[str, Any]:
    """Return what the manifest tells the next star, which may be built upon this one."""
    if not context.keeps:
        return {}
    kept, asked = (changed.kept, changed.asked) if changed else (kept_of(worked.kept), worked.asked)
    return {
        "kept": kept,
        "made_with": made,
        "asked": {name: tuple(sorted(each)) for name, each in sorted(asked.items())},
    }


def make_rooms(folder: Path) -> None:
    """Make the folders of a star under way."""
    for name in (KEYS, REJECTS, KEPT, *_TEMPORARY):
        (folder / name).mkdir()


def _workers(job: Job) -> AbstractContextManager[Executor | None]:
    """Return this machine's workers, if they are what is needed."""
    return nullcontext() if job.dry_run or cluster_of(job.settings) else worker_pool(job.settings.workers)


def _executor(job: Job, context: Context, workers: Executor | None) -> AbstractContextManager[Any]:
    """Return the cluster's workers, or this machine's."""
    if cluster := cluster_of(job.settings):
        return cluster_pool(cluster, context.folder, context.tables_dir, context.code)
    return nullcontext(workers)


def _last_star(job: Job) -> StarManifest | None:
    runs = job.store.star.committed()
    return job.store.star.read(runs[-1]) if runs else None


def _tell(plan: Plan) -> None:
    for step in plan.steps.values():
        how = f" (streaming {step.stream})" if step.stream else ""
        if step.built or not step.members:
            print(f"would build {', '.join(step.built) or 'the summary'}{how}")


def _corrected(context: Context, plan: Plan, worked: Worked) -> dict[str, int]:
    """See that every correction of what was read matched a row; returns the rows of each."""
    read = {name for table in plan.tables for name in context.tables[table].inputs}
    read |= {str(step.stream) for step in plan.steps.values() if step.stream}
    read |= {name for name in plan.tables if context.tables[name].contract.is_seen}
    counts = check_changes(context.corrections, worked.corrected, read)
    for name, count in counts.items():
        log.info("transform corrected %d rows by %s", count, name)
    return counts


def _manifest(
    job: Job, raw: RawManifest, context: Context, results: dict[str, Result], carried: dict[str, StarTable], peak: int
) -> StarManifest:
    built = {name: star_table(job.run, raw, context, name, result) for name, result in results.items()}
    return StarManifest(
        run=job.run,
        stage="star",
        made_from=raw.run,
        origin=raw.origin | origin_of(job.settings),
        as_of=min(table.as_of for table in [*built.values(), *carried.values()]),
        business_date=context.night.business_date.isoformat(),
        tables=dict(sorted((built | carried).items())),
        extracted={name: table.run for name, table in raw.tables.items()},
        watermarks=raw.watermarks,
        seconds=job.seconds,
        peak_memory_mb=max(peak, peak_memory_mb()),
    )
