"""The star as published: of its files, if they are here and nobody has changed the tables since; else of the tables.

Who asks does not know which of the two answers. For the files the warehouse is asked for `etl_runs` and for what it
says of its tables, and reads no row of theirs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pyarrow.parquet as pq

from config import Settings
from etl.contract.table import Contract
from etl.core.errors import EtlError, WarehouseError
from etl.core.folders import is_remote
from etl.core.manifest import LoadedTable, StarManifest
from etl.core.runs import Store
from etl.load.etl_runs import ETL_RUNS, published_contracts
from etl.load.open import open_warehouse
from etl.load.warehouse import Published, Warehouse
from etl.report import star
from etl.report.read import Read

_OF_TABLES, _OF_FILES = "From the published tables.", "From the files of the published star {}."


class PublishedMeanwhileError(WarehouseError):
    """A night was published while the tables were asked: what was answered may be of two nights."""


@contextmanager
def opened_as_published(settings: Settings) -> Iterator[tuple[Read, str]]:
    """Yield what runs queries over what is published, and a sentence that says where that is read.

    Raises PublishedMeanwhileError after the block where what was answered may be of two nights.
    """
    contracts = [each for each in published_contracts(settings.tables_dir).values() if each is not ETL_RUNS]
    store = Store.of(settings)
    with open_warehouse(settings) as warehouse:
        before = warehouse.published()
        found = _as_published(store, contracts, before, warehouse)
        if found is None:
            with warehouse.reading() as read:
                yield read, _OF_TABLES
        else:
            runs = warehouse.read(f"SELECT * FROM {ETL_RUNS.name}")
            with star.opened(store, found, contracts, runs) as read:
                yield read, _OF_FILES.format(found.run)
        if _runs(before) != _runs(warehouse.published()):
            raise PublishedMeanwhileError("Tables were published while they were asked.", "Run it again.")


def _runs(published: Sequence[Published]) -> list[tuple[str, str]]:
    return [(row.table, row.run) for row in published]


def _as_published(
    store: Store, contracts: Sequence[Contract], published: Sequence[Published], warehouse: Warehouse
) -> StarManifest | None:
    """Return the newest star that is what the tables hold, for sure; None where there is none on this machine."""
    if is_remote(store.folder):
        return None
    rows = {row.table: row for row in published}
    names = [contract.name for contract in contracts]
    for run in reversed(store.star.committed()):
        with suppress(EtlError):
            found = store.star.read(run)
            if all(_is_that(found, name, rows) for name in names):
                whole = all(_is_readable(store, found, contract) for contract in contracts)
                return found if whole and _are_unchanged(store, names, rows, warehouse) else None
    return None


def _is_that(found: StarManifest, name: str, published: dict[str, Published]) -> bool:
    """Whether a star's table is the one that was published last. Two companies' runs may bear the same name."""
    table, row = found.tables.get(name), published.get(name)
    return bool(table and row and (table.run, table.as_of) == (row.star_run, row.as_of))


def _is_readable(store: Store, found: StarManifest, contract: Contract) -> bool:
    """Whether a star's table lies there as Parquet, and has the columns that are asked for today."""
    table = found.tables[contract.name]
    paths = [store.star.path(found.run) / file.parquet.name for file in table.files if file.parquet]
    there = star.has_parquet(table) and all(path.is_file() for path in paths)
    return there and all(pq.read_schema(path).equals(contract.schema) for path in paths)


def _are_unchanged(store: Store, names: Sequence[str], published: dict[str, Published], warehouse: Warehouse) -> bool:
    """Whether the tables bear the marks that were kept of their publishing: nobody has changed them by hand."""
    kept: dict[str, LoadedTable] = {}
    for manifest in store.loaded.kept()[-1:]:
        kept = dict(manifest.tables)
    if not all(name in kept and kept[name].star.run == published[name].star_run for name in names):
        return False
    marks = warehouse.marks(list(names))
    return all(kept[name].mark is not None and kept[name].mark == marks.get(name) for name in names)
