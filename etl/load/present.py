"""What is published already, beside what is to be: mixes of nights, changes by hand, nights that never came."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Looked:
    """What became of the published tables since. altered: how those differ that somebody changed by hand.

    marks: of those that are as they were published, for sure, what changes with any change (see `Warehouse.marks`).
    """

    altered: dict[str, str]
    marks: dict[str, str]


def look(job: Job, warehouse: Warehouse, published: Sequence[Published], chosen: Sequence[Contract]) -> Looked:
    """Compare the published tables with the receipts of their publishing; tell what differs.

    What bears the mark of its publishing is not read: nobody has changed it.
    """
    contracts = {contract.name: contract for contract in chosen}
    there = {row.table: row for row in published if row.table in contracts}
    last = last_kept(job)
    kept = {name: table for name, table in last.tables.items() if table.mark} if last else {}
    now = warehouse.marks(list(there)) if there else {}  # before any row is read
    looked = Looked({}, {})
    for name, row in there.items():
        names = contracts[name].schema.names
        if name in kept and kept[name].star.run == row.star_run and kept[name].mark == now.get(name):
            stands = list(kept[name].columns) == names
        else:
            receipt = receipt_of(row) if Level(job.settings.receipts).proves else None
            stands = bool(receipt and list(receipt.columns) == names)
            if receipt and stands and (how := _altered(warehouse, contracts[name], row, receipt)):
                looked.altered[name], stands = how, False
        if stands and name in now:
            looked.marks[name] = now[name]
    return looked


def _altered(warehouse: Warehouse, contract: Contract, row: Published, receipt: TableReceipt) -> str:
    """Read a published table; tell and return how it differs from what was published."""
    found = warehouse.published_receipt(contract, receipt)
    how = "; ".join(receipt.differences(found) if found else ["it is gone"])
    if how:
        log.warning(
            "load: %s was changed by hand since %s; this load overwrites it: %s.",
            *(row.table, f"{row.published_at:%Y-%m-%d %H:%M:%S} UTC", how),
        )
    return how


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
