"""The warehouse, whichever it is: what the next load would change there, and whose it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from etl.core.errors import WarehouseError
from etl.core.job import Job
from etl.core.runs import Store
from etl.core.warehouse import about
from etl.doctor.check import Finding, check, failure, ok
from etl.doctor.company import Company
from etl.guards.owner import check_warehouse
from etl.load.open import open_warehouse
from etl.load.stage import SCRIPT
from etl.load.warehouse import Warehouse

_PATIENCE = 4.0
"""Seconds for which calls that fail temporarily are repeated."""


class SeenWarehouse:
    """An open warehouse, of a company."""

    def __init__(self, company: Company, warehouse: Warehouse) -> None:
        self.company, self.warehouse = company, warehouse


@contextmanager
def opened(company: Company) -> Iterator[SeenWarehouse]:
    """Open the warehouse. Raises WarehouseError where nobody answers: there is nothing more to be seen then."""
    with open_warehouse(company.settings, _PATIENCE) as warehouse:
        try:
            warehouse.head()
        except WarehouseError as error:
            if error.transient:
                raise
        yield SeenWarehouse(company, warehouse)


@check(finds="published tables that differ from their contracts, and whatever is in the way there")
def changes(seen: SeenWarehouse) -> Iterator[Finding]:
    """Ask for what the next load would do, which raises where it would refuse."""
    contracts = [table.contract for table in seen.company.tables.values()]
    try:
        found = seen.warehouse.changes(contracts)
    except WarehouseError as error:
        first, *each = error.message.split("\n")
        for said in each or [first]:
            yield failure(f"{said.strip().rstrip('.')}.", error.hint)
        return
    place = about(seen.company.settings).address
    if found:
        yield ok(f"{place} can be used; the next load does there: {' '.join(found[:3])}{' …' * (len(found) > 3)}")
    else:
        yield ok(f"{place} can be used, and is as the contracts say.")


@check(finds="published tables of another company")
def owner(seen: SeenWarehouse) -> Iterator[Finding]:
    """Let the guard of origins judge, as a load does."""
    head, published = seen.warehouse.head(), seen.warehouse.published()
    store = Store.of(seen.company.settings)
    job = Job(seen.company.settings, store, run="", dry_run=True, settings_file=seen.company.settings_file)
    check_warehouse(job, SCRIPT, head.run, head.origin, [(row.star_run, row.as_of) for row in published])
    yield ok(f"What is published is ours, of run {head.run}." if head.run else "Nothing is published yet.")
