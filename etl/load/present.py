"""What is published already, beside what is to be: mixes of nights, changes by hand, nights that never came."""

from collections import Counter
from collections.abc import Sequence

from pydantic import ValidationError

from etl.contract.table import Contract
from etl.core.errors import GuardError
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import StarManifest
from etl.core.receipt import TableReceipt
from etl.load.kept import last_kept
from etl.load.warehouse import Published, Warehouse
from etl.receipts.level import Level


def check_one_snapshot(star: StarManifest) -> None:
    """Refuse a star that is of more than one instant: readers would see a mix of nights."""
    runs = sorted({table.raw_run for table in star.tables.values()})
    if len(runs) > 1:
        raise GuardError(
            f"The star {star.run} mixes tables of the raw runs {', '.join(runs)}.",
            "Run TablesTransformMain.py without --only, so that all tables are of one of them.",
        )
    instants = Counter(star.extracted.values())
    if len(instants) > 1:
        told = "; ".join(
            f"{', '.join(sorted(name for name, of in star.extracted.items() if of == run))} in run {run}"
            for run in sorted(instants, key=lambda run: instants[run])[:-1]
        )
        raise GuardError(
            f"The star {star.run} mixes instants: of its queries, {told}; the others were extracted before or after.",
            "It can be looked at (etl dashboard --from-star). To publish, extract all queries in one snapshot:"
            " SQLDownloadMain.py without --only, then TablesTransformMain.py.",
        )


def check_one_night(published: list[Published], star: StarManifest, chosen: list[Contract]) -> None:
    """Refuse to publish some tables of a star beside other tables of another."""
    star_of = {row.table: row.star_run for row in published}
    names = {contract.name for contract in chosen}
    others = [name for name, table in star.tables.items() if name not in names and star_of.get(name) != table.run]
    if others:
        raise GuardError(
            f"--only would mix nights: {', '.join(sorted(others))} would stay as in another star than {star.run}.",
            "Leave --only out, or choose with --from the star that is published.",
        )


def is_published(published: Sequence[Published], star: StarManifest, chosen: Sequence[Contract]) -> bool:
    """Whether all that is chosen of a star is published: then there is nothing to do."""
    star_of = {row.table: row.star_run for row in published}
    return all(star_of.get(contract.name) == star.tables[contract.name].run for contract in chosen)


def changed_by_hand(
    job: Job, warehouse: Warehouse, published: Sequence[Published], chosen: Sequence[Contract]
) -> dict[str, str]:
    """Compare the published tables with the receipts of their publishing; tell and give what differs, by table.

    What bears the mark of its publishing is not read: nobody has changed it.
    """
    if not Level(job.settings.receipts).proves:
        return {}
    unchanged = _unchanged(job, warehouse, published)
    published = [row for row in published if row.table not in unchanged]
    contracts = {contract.name: contract for contract in chosen}
    altered = {}
    for row in published:
        receipt = receipt_of(row)
        contract = contracts.get(row.table)
        if contract is None or receipt is None or list(receipt.columns) != contract.schema.names:
            continue
        found = warehouse.published_receipt(contract, receipt)
        differences = receipt.differences(found) if found else ["it is gone"]
        if differences:
            altered[row.table] = "; ".join(differences)
            log.warning(
                "load: %s was changed by hand since %s; this load overwrites it: %s.",
                *(row.table, f"{row.published_at:%Y-%m-%d %H:%M:%S} UTC", altered[row.table]),
            )
    return altered


def _unchanged(job: Job, warehouse: Warehouse, published: Sequence[Published]) -> set[str]:
    """Name the tables that bear the mark which was kept of their publishing."""
    last = last_kept(job)
    kept = {name: table for name, table in last.tables.items() if table.mark} if last else {}
    known = [row.table for row in published if row.table in kept and row.star_run == kept[row.table].star.run]
    return {name for name, mark in warehouse.marks(known).items() if mark == kept[name].mark} if known else set()


def receipt_of(row: Published) -> TableReceipt | None:
    """Read the receipt of a publish; None where an older version wrote it, or it proves nothing."""
    try:
        receipt = TableReceipt.model_validate_json(row.receipt)
    except ValidationError:
        return None
    return receipt if receipt.proves else None


def tell_of_unkept(job: Job, run: str) -> None:
    """Say that the newest publish has left no receipt here: the night was killed, or the data folder was restored."""
    if run and run not in job.store.loaded.committed():
        log.warning(
            "load: run %s was published last, but nothing of it is kept in %s; the published tables count.",
            *(run, job.store.loaded.folder),
        )


def tell_of_missed(job: Job, published: Sequence[Published], star: StarManifest) -> None:
    """Say which committed stars were never published, because the warehouse was away, and never will be.

    And say where an older star than the published one is to take its place.
    """
    newest = max((row.star_run for row in published), default=None)
    if newest is None:
        return
    if star.run < newest:
        log.warning("load: star %s, as of %s, is older than %s, which is published.", star.run, star.as_of, newest)
    once = {table.star.run for kept in job.store.loaded.kept() for table in kept.tables.values()}
    missed = [run for run in job.store.star.committed() if newest < run < star.run and run not in once]
    if missed:
        log.warning("load: star %s is the newest; %s before it were never published.", star.run, ", ".join(missed))
