"""The transform stage: work the plan off in worker processes and commit the star."""

from pathlib import Path

import pyarrow as pa

from etl.company.corrections import check_expiry, read_corrections
from etl.company.plan import Plan, make_plan
from etl.company.tables import TableFile, read_tables
from etl.contract import Night
from etl.core import arrow_csv
from etl.core.clock import date_at, years_before
from etl.core.cluster import cluster_of
from etl.core.errors import DataError, GuardError, UsageError
from etl.core.failed_rejects import kept_if_it_fails
from etl.core.fingerprint import fingerprint
from etl.core.folders import link, remove_tree
from etl.core.job import Job, peak_memory_mb
from etl.core.log import log
from etl.core.manifest import RawManifest, StarManifest, StarTable
from etl.core.origin import origin_of
from etl.core.runs import check_origin
from etl.core.warehouse import about
from etl.guards.guard import TRANSFORM
from etl.guards.pace import Pace, fast
from etl.guards.refusal import check_accept, settle
from etl.receipts.arrow import add
from etl.receipts.level import Level
from etl.transform.balance import check_balance
from etl.transform.context import Context, personal_columns, star_files
from etl.transform.correct import check_changes, check_corrections
from etl.transform.files import REJECTS
from etl.transform.key_files import HASHES
from etl.transform.keys import KEYS, UNKNOWN, check_key_maps, key_maps, read_key_map
from etl.transform.known import Ask, known_keys
from etl.transform.months import added
from etl.transform.partials import PARTIALS
from etl.transform.raw import check_file
from etl.transform.runner import Result, Worked, run_plan

SCRIPT = "TablesTransformMain.py"


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
    check_expiry(corrections, _night(job, raw).business_date)
    last = _last_star(job)
    if last:
        check_key_maps(job.store.star.path(last.run), last.keys)
    carried = _carried(tables, plan, last)
    if last and carried:
        check_origin(last, origin_of(job.settings), job.store.star.folder)
        _check_carried(carried, job.store.star.path(last.run))
    for table in raw.tables.values():
        check_file(job.store.raw.path(raw.run), table)
    check_accept(job.settings, job.accept)
    known = known_keys(job, SCRIPT, [table.contract for table in tables.values()], last, ask)
    if job.dry_run:
        _tell(plan)
        return
    with (
        job.store.star.working(job.run) as folder,
        kept_if_it_fails(job.store.local, job.run, folder / REJECTS),
    ):
        for name in (KEYS, REJECTS, PARTIALS, HASHES):
            (folder / name).mkdir()
        known.write(folder)
        context = Context(
            tables_dir=job.settings.tables_dir,
            code=code,
            raw=job.store.raw.path(raw.run),
            folder=folder,
            last_star=job.store.star.path(last.run) if last else None,
            carried=frozenset(carried),
            night=_night(job, raw),
            level=Level(job.settings.receipts),
            personal=personal_columns(raw, job.settings.tables_dir),
            corrections=tuple(corrections),
            renewed=frozenset(contract.name for contract, _ in known.renewed),
        )
        worked = run_plan(context, plan, job.settings.workers, cluster_of(job.settings))
        results = worked.results
        if last:
            _keep(context, last, carried, tables)
        for name in (PARTIALS, HASHES):
            remove_tree(folder / name)
        judged = [] if job.only else fast.refusals(Pace(TRANSFORM, job.seconds, job.store.star.durations()))
        accepted = known.accepted | settle(job, SCRIPT, judged)
        told = {"accepted": accepted, "corrected": _corrected(context, plan, worked), "keys": key_maps(folder)}
        told |= {"agrees_with": known.agrees_with}
        manifest = _manifest(job, raw, context, results, carried, worked.peak_memory_mb).model_copy(update=told)
        check_balance(context, {name: manifest.tables[name] for name in results}, results)
        job.store.star.commit(folder, manifest, job.settings.keep_runs)
    rejected = sum(result.counts.all_rejected for result in results.values())
    log.info(
        "transform committed run %s: %d tables, %s rows rejected, in %.1f s",
        job.run,
        len(results),
        f"{rejected:,}",
        job.seconds,
    )


def _last_star(job: Job) -> StarManifest | None:
    runs = job.store.star.committed()
    return job.store.star.read(runs[-1]) if runs else None


def _night(job: Job, raw: RawManifest) -> Night:
    today = date_at(raw.as_of, job.settings.business_time_zone)
    start = years_before(today, job.settings.window_years)
    return Night(raw.as_of, today, job.settings.business_time_zone, start)


def _carried(tables: dict[str, TableFile], plan: Plan, last: StarManifest | None) -> dict[str, StarTable]:
    """Find the tables that --only leaves as they are in the last star."""
    names = [name for name in tables if name not in plan.tables]
    lacking = [name for name in names if last is None or name not in last.tables]
    if lacking:
        raise UsageError(
            f"--only keeps the other tables of the last star, which lacks {', '.join(lacking)}.",
            "Leave --only out once.",
        )
    if last is None:
        return {}
    changed = [name for name in names if list(last.tables[name].receipt.columns) != tables[name].contract.schema.names]
    if changed:
        raise UsageError(
            f"--only keeps {', '.join(changed)} as in the last star, but the contract's columns are others now.",
            "Name it in --only too, or leave --only out once.",
        )
    return {name: last.tables[name] for name in names}


def _check_carried(carried: dict[str, StarTable], folder: Path) -> None:
    """Refuse to build upon tables of the last star that are not what its manifest says."""
    for table in carried.values():
        for each in (each for file in table.files for each in file.both):
            path = folder / each.name
            if not path.is_file() or path.stat().st_size != each.bytes:
                raise DataError(f"{path} is not what its manifest says.", "Leave --only out once.")


def _tell(plan: Plan) -> None:
    for step in plan.steps.values():
        how = f" (streaming {step.stream})" if step.stream else ""
        print(f"would build {', '.join(step.tables) or 'the summary'}{how}")


def _corrected(context: Context, plan: Plan, worked: Worked) -> dict[str, int]:
    """See that every correction of what was read matched a row; gives the rows of each."""
    read = {name for table in plan.tables for name in context.tables[table].inputs}
    read |= {str(step.stream) for step in plan.steps.values() if step.stream}
    counts = check_changes(context.corrections, worked.corrected, read)
    for name, count in counts.items():
        log.info("transform corrected %d rows by %s", count, name)
    return counts


def _keep(context: Context, last: StarManifest, carried: dict[str, StarTable], tables: dict[str, TableFile]) -> None:
    """Hard-link what --only leaves, and all key maps; refuse where those refer to what a built dimension lost."""
    source = context.last_star
    if source is None:
        return
    for table in carried.values():
        link([each.name for file in table.files for each in file.both], source, context.folder)
        rejects = [f"{REJECTS}/{file.name}" for file in table.files]
        link([file for file in rejects if (source / file).is_file()], source, context.folder)
    _carry_keys(source, context.folder)
    for name, file in tables.items():
        referring = [k for k in carried if name in {c.dimension for c in tables[k].contract.references}]
        if file.contract.is_dimension and name not in carried and name in last.tables and referring:
            _check_members(context, last, file, referring)


def _carry_keys(source: Path, folder: Path) -> None:
    """Hand on the key maps of what was not built, also of a table whose file is gone: it may come back."""
    maps = [f"{KEYS}/{path.name}" for path in sorted((source / KEYS).glob("*.parquet"))]
    link([file for file in maps if not (folder / file).exists()], source, folder)


def _check_members(context: Context, last: StarManifest, table: TableFile, referring: list[str]) -> None:
    """Refuse a rebuilt dimension that has not all members, by the same keys, that carried tables may refer to."""
    source = context.last_star or context.folder
    hint = f"Build these too: --only {' '.join([table.name, *referring])}."
    if read_key_map(source, table.contract) is None:
        raise GuardError(
            f"{table.name} has another natural key than in the last star, so its members got new keys;"
            f" {', '.join(referring)} refer to the old ones.",
            hint,
        )
    lost = _keys([source / file.name for file in last.tables[table.name].files], table)
    lost -= _keys(star_files(context, table.name), table)
    if lost:
        raise GuardError(
            f"{table.name} lost {len(lost):,} members since the last star; {', '.join(referring)} may refer to them.",
            hint,
        )


def _keys(paths: list[Path], table: TableFile) -> set[int]:
    key = pa.schema([table.contract.schema.field(str(table.contract.surrogate_key))])
    return {number for path in paths for number in arrow_csv.read_file(path, key).column(0).to_pylist()} - {UNKNOWN}


def _manifest(
    job: Job, raw: RawManifest, context: Context, results: dict[str, Result], carried: dict[str, StarTable], peak: int
) -> StarManifest:
    built = {name: _star_table(job, raw, context, name, result) for name, result in results.items()}
    return StarManifest(
        run=job.run,
        stage="star",
        made_from=raw.run,
        origin=raw.origin | origin_of(job.settings),
        as_of=min(table.as_of for table in [*built.values(), *carried.values()]),
        business_date=context.night.business_date.isoformat(),
        tables=dict(sorted((built | carried).items())),
        extracted={name: table.run for name, table in raw.tables.items()},
        seconds=job.seconds,
        peak_memory_mb=max(peak, peak_memory_mb()),
    )


def _star_table(job: Job, raw: RawManifest, context: Context, name: str, result: Result) -> StarTable:
    schema = context.tables[name].contract.schema
    return StarTable(
        run=job.run,
        raw_run=raw.run,
        as_of=raw.as_of,
        files=tuple(part.file for part in result.parts),
        receipt=add([part.receipt for part in result.parts], schema),
        **dict(result.counts),
        seconds=round(sum(part.seconds for part in result.parts), 3),
        months=added(part.months for part in result.parts),
        left=added(part.left for part in result.parts),
    )
