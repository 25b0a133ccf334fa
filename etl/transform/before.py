"""Dimensions as they were published last: an input of tonight's build, beside the queries.

Their rows lie in the star that was published, where it is kept here as it was built; else, as after a data folder was
lost, they are read from the warehouse. Nobody writes a log of them: undo, restore and receipts know them already.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.contract.column import UNKNOWN, Folded, unknown_of
from etl.contract.folding import folded
from etl.contract.table import Contract
from etl.core.errors import DataError, EtlError
from etl.core.folders import for_arrow
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import StarTable
from etl.core.receipt import TableReceipt
from etl.core.surrogates import Published, converted_column

BEFORE = ".before"
"""The working folder's folder of what was read from the warehouse."""
_AT_ONCE = 250_000


@dataclass(frozen=True)
class Before:
    """A dimension as it was published last. star: the run that built its rows; as_of: of which instant they are.

    files: the Parquet files of all its rows, with the columns that it had then.
    """

    star: str
    as_of: datetime
    files: tuple[Path, ...]

    def columns(self, contract: Contract) -> frozenset[str]:
        """Name the contract's columns whose values are known, by the names that they have now."""
        return frozenset(table.column_names) if (table := self._known(contract)) is not None else frozenset()

    def parts(self, contract: Contract) -> Iterator[pa.Table]:
        """Read the members in the contract's columns, some rows at a time.

        What is not known of them is as in the unknown member.

        Raises DataError where a file is damaged.
        """
        key = str(contract.surrogate_key)
        for path in self.files:
            for rows in _read(path):
                known = _in_todays_columns(rows, contract)
                if key in known.column_names:
                    yield _whole(known.filter(pc.field(key) != UNKNOWN), contract)

    def _known(self, contract: Contract) -> pa.Table | None:
        return next((_in_todays_columns(rows, contract) for path in self.files for rows in _read(path)), None)


def read_before(
    job: Job, built: Mapping[str, Contract], published: Published | None, folder: Path
) -> dict[str, Before]:
    """Find the published rows of the dimensions of which tonight's build needs them. As in `published_before`.

    built: the tables that are built tonight.
    """
    needed = {name for name, contract in built.items() if contract.is_seen}
    needed |= {column.dimension for name in needed for column in built[name].relationships}
    dimensions = [built[name] for name in sorted(needed & set(built)) if built[name].has_history]
    found = {each.name: published_before(job, each, published, folder) for each in dimensions}
    return {name: each for name, each in found.items() if each}


def published_before(job: Job, contract: Contract, published: Published | None, folder: Path) -> Before | None:
    """Find the rows of a dimension that are published; None where there are none.

    published: what the warehouse says; None where it was not asked, or does not answer: then what was published from
    here last counts. folder: of tonight's star, into which rows are read that are not here. Raises DataError where
    there are some, and nobody knows them.
    """
    name = contract.name
    if published is None:
        newest = job.store.loaded.kept()[-1:]
        told = newest[0].tables.get(name) if newest else None
        if told is None:
            return None
        found = _here(job, name, told.star.run, told.star.receipt)
        if found is None:
            raise DataError(
                f"The rows of {name} that run {newest[0].run} published are not in {job.store.star.folder}, and the"
                " warehouse cannot be asked for them.",
                "Run TablesTransformMain.py again while it can be reached.",
                transient=True,
            )
        return found
    if name not in published.star_runs:
        return None
    found = _here(job, name, published.star_runs[name], published.receipts.get(name))
    return found or _read_there(contract, published, folder)


def _here(job: Job, name: str, run: str, receipt: TableReceipt | None) -> Before | None:
    """Find the star here that has the rows that a run built; None where no file of theirs is missing or another."""
    for star in reversed(job.store.star.committed()):
        with suppress(EtlError):
            table = job.store.star.read(star).tables.get(name)
            if table is None or table.run != run or (receipt and table.receipt.differences(receipt)):
                continue
            if files := _files(table, job.store.star.path(star)):
                return Before(run, table.as_of, files)
    return None


def _files(table: StarTable, folder: Path) -> tuple[Path, ...]:
    """List a table's files; none where one is not what was written, or of an older version, or has rows that went."""
    every = [file.parquet for file in table.files]
    if table.superseded or not all(each and each.is_in(folder) for each in every):
        return ()
    return tuple(folder / each.name for each in every if each)


def _read_there(contract: Contract, published: Published, folder: Path) -> Before | None:
    """Read the published rows into a file beside tonight's star."""
    name = contract.name
    batches = published.rows(name)
    first = next(batches, None)
    if first is None:
        return None
    path = folder / BEFORE / f"{name}.parquet"
    rows = 0
    with for_arrow(path, "wb") as target, pq.ParquetWriter(target, first.schema) as writer:
        for batch in (first, *batches):
            writer.write_batch(batch)
            rows += batch.num_rows
    log.info("transform %s: %s rows that are published were read from the warehouse", name, f"{rows:,}")
    return Before(published.star_runs[name], published.as_of[name], (path,))


def _read(path: Path) -> Iterator[pa.Table]:
    """Read a file, some rows at a time: one table at least."""
    try:
        with for_arrow(path, "rb") as source, pq.ParquetFile(source, page_checksum_verification=True) as opened:
            yield opened.schema_arrow.empty_table()
            for batch in opened.iter_batches(_AT_ONCE, use_threads=False):
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError) as fault:
        raise DataError(f"{path} is damaged: {fault}.", "Run TablesTransformMain.py again.") from None


def _in_todays_columns(rows: pa.Table, contract: Contract) -> pa.Table:
    """Return the contract's columns that rows have, by the names and types of today."""
    known = {}
    for column in contract.columns:
        name = next((n for n in (column.name, column.renamed_from) if n in rows.column_names), None)
        if name and (values := converted_column(rows.column(name), column.type)) is not None:
            known[column.name] = values
    return pa.table(known) if known else pa.table({})


def _whole(rows: pa.Table, contract: Contract) -> pa.Table:
    """Fill up what is not known with what the unknown member has."""
    columns = {}
    for column in contract.columns:
        if column.name in rows.column_names:
            columns[column.name] = rows.column(column.name)
        elif isinstance(column, Folded):
            columns[column.name] = folded(columns[column.of])
        else:
            columns[column.name] = pa.repeat(pa.scalar(unknown_of(column), column.type), len(rows))
    return pa.table(columns)
