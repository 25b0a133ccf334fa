"""A load in which tables are made anew, because a person let them be: what is planned, and what is told of it."""

from dataclasses import replace

from etl.contract.table import Contract
from etl.core.head import Head
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import StarManifest
from etl.load.warehouse import Handover, Warehouse


def planned(star: StarManifest, contract: Contract) -> Handover:
    """Describe what will be handed over of a table."""
    table = star.tables[contract.name]
    return Handover(contract, (), table.receipt, table.run, table.as_of, table.all_rejected)


def made_anew(
    job: Job, warehouse: Warehouse, handovers: list[Handover], anew: list[str], every: list[Contract], head: Head
) -> list[Handover]:
    """Let the warehouse make tables anew with the rows that are staged; returns the handovers, which say so."""
    why = {change.partition(" is made anew")[0]: change for change in warehouse.changes(every, anew)}
    kept = warehouse.refill(job.run, [h for h in handovers if h.contract.name in anew], every, head)
    for name, place in kept.items():
        log.info("load: %s What it was is kept for a week as %s", why[name], place)
    return [
        replace(h, anew=f"{why[name]} What it was is kept for a week as {kept[name]}.")
        if (name := h.contract.name) in kept
        else h
        for h in handovers
    ]
