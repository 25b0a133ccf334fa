"""The narrow interface through which stage 3 speaks to a warehouse, whichever it is."""

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from etl.contract.table import Contract
from etl.core.head import Head
from etl.core.receipt import TableReceipt

REMOVED, ADDED = "removed", "added"
"""What a staged part of a table's changes holds."""


@dataclass(frozen=True)
class Delta:
    """By what the published rows of a table become those of the star.

    removed: Parquet files of the rows that go, with all columns; added: of those that come; a row that changed is in
    both. months: the partitions (2030-01; "" for NULL) in which they all lie, none of a table without partitions.
    proof: the receipt of the star's rows in these partitions, without least and greatest values; of all rows, with
    them, where the table has no partitions.
    """

    proof: TableReceipt
    removed: tuple[Path, ...] = ()
    removed_rows: int = 0
    added: tuple[Path, ...] = ()
    added_rows: int = 0
    months: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows go or come; with none, the table stays as it is."""
        return self.removed_rows + self.added_rows


@dataclass(frozen=True)
class Handover:
    """What is published of one table: its contract, the Parquet files, and the receipt that they must match.

    star_run: the star run that the rows come from; as_of: the source snapshot's instant (UTC);
    rejected: rows that broke a rule and were left out; anew: why the table is made anew, and where its copy is kept.
    delta: where given, the table is published by its changes, and `files` has none. part: of what is staged of changes,
    `REMOVED` or `ADDED`.
    """

    contract: Contract
    files: tuple[Path, ...]
    receipt: TableReceipt
    star_run: str
    as_of: datetime
    rejected: int
    anew: str | None = None
    delta: Delta | None = None
    part: str = ""

    @property
    def staged(self) -> "tuple[Handover, ...]":
        """What is to be staged: the table itself, or each part of its changes that has rows, as if it were a table."""
        return tuple(self._parts()) if self.delta else (self,)

    def _parts(self) -> "Iterator[Handover]":
        delta = self.delta or Delta(self.receipt)
        kinds = (REMOVED, delta.removed, delta.removed_rows), (ADDED, delta.added, delta.added_rows)
        for part, files, rows in kinds:
            if rows:
                receipt = TableReceipt(rows=rows, columns={})
                yield replace(self, files=files, receipt=receipt, delta=None, part=part)

    @property
    def bytes(self) -> int:
        """How much is uploaded."""
        return sum(file.stat().st_size for each in self.staged for file in each.files)


@dataclass(frozen=True)
class Published:
    """A row of `etl_runs`: one run and table. receipt: of the rows that were published, as JSON."""

    run: str
    table: str
    star_run: str
    as_of: datetime
    published_at: datetime
    rows: int
    receipt: str


class Warehouse(Protocol):
    """A place that holds the published tables. Use as a context manager; every method raises WarehouseError."""

    def __enter__(self) -> "Warehouse": ...

    def __exit__(self, *exc: object) -> None: ...

    def changes(self, contracts: list[Contract], refill: Collection[str] = ()) -> list[str]:
        """Say, a sentence each, what `ensure` would create or add, and what is to be made anew; touch nothing.

        refill: the tables that may be made anew. Raises WarehouseError naming every difference of the others that
        `ensure` cannot fix by itself (a column that is gone or has another type, mode, partitioning, clustering), and
        what to do.
        """

    def ensure(self, contracts: list[Contract], refill: Collection[str] = ()) -> None:
        """Create what is missing, add new nullable columns, renew descriptions; touch nothing where `changes` raises.

        What is created: dataset, tables with descriptions, partitioning, clustering, labels, keys, `etl_runs` and
        `etl_head`. Where a warehouse cannot keep other loads out by itself, it does so from now on. Nothing is done to
        tables of `refill` that are to be made anew.
        """

    def to_refill(self, contracts: list[Contract], refill: Collection[str]) -> list[str]:
        """Name those tables of `refill` that have to be made anew, because no other way leads to their contract."""

    def refill_sql(self, handovers: list[Handover], contracts: list[Contract], before: Head) -> str:
        """Write what `refill` would run, for people to read. handovers: without files."""

    def refill(self, run: str, handovers: list[Handover], contracts: list[Contract], before: Head) -> dict[str, str]:
        """Make tables anew that have to be, with the rows that are staged; returns where the old ones are kept.

        handovers: of the tables that may be made anew; contracts: of all. Each table is the old one or the new one at
        any moment. Nothing is done where the head is no longer `before`. What a person gave a table (grants, row access
        policies, indexes) it has again, and the rest as `ensure` would do it.
        """

    def drop(self, run: str, table: str, before: Head) -> str:
        """Take a published table away, and its rows of `etl_runs`; returns where it is kept."""

    def check(self, run: str, handovers: list[Handover]) -> None:
        """Raise WarehouseError where these could not be published at once, before anything is staged."""

    def stage(self, run: str, handover: Handover) -> None:
        """Bring one table's Parquet files into staging, and raise if there are not as many rows as in the receipt.

        Of a table that is published by its changes these are brought, each part for itself, and nothing where the table
        stays as it is. Doing it again for the same run loads nothing twice; BigQuery finds also what a killed run
        staged of this star.
        """

    def staged_rows(self, run: str, handover: Handover) -> int:
        """Count what lies in staging; handover: one of `Handover.staged`."""

    def published_receipt(self, contract: Contract, like: TableReceipt) -> TableReceipt | None:
        """Compute, in SQL, the receipt of a published table as far as `like` goes; None where there is no table."""

    def marks(self, tables: list[str]) -> dict[str, str]:
        """Tell, by table, what changes with any change of it, where that can be told without reading it."""

    def head(self) -> Head:
        """Read which run published last, and to whom that belongs; before `ensure`, too."""

    def publish(self, handovers: list[Handover], before: Head, after: Head) -> dict[str, str]:
        """Replace the published rows of these tables by the staged ones, write their `etl_runs` rows, move the head.

        before: the head that this load looked at, which must still be there (etl.load.head); after: the one to come, of
        the run that staged. It is one transaction; the published tables' receipts are computed inside it, and a
        mismatch rolls all back. Returns the marks (see `marks`) of the tables that nobody has changed since.

        Of a table with changes the removed rows go by their key, and the added ones come; nothing is done to one that
        stays as it is. Then its rows are counted, and the receipt of the partitions that changed is computed: raises
        UnfitError, and publishes nothing, where what is published does not fit the changes.
        """

    def published(self) -> list[Published]:
        """List, for each published table, its newest row of `etl_runs`."""

    def existing(self, tables: list[str]) -> Collection[str]:
        """Return those of these tables that are there, as far as that can be told."""

    def numbers(self, contract: Contract) -> pa.Table | None:
        """Read a dimension's natural and surrogate keys, without the unknown member.

        None where there is no such published table, or where it has no such columns; they may have other types.
        """

    def read(self, sql: str) -> pa.Table:
        """Run a query over the published tables; unqualified names are theirs."""

    def reading(self) -> AbstractContextManager[Callable[[str], pa.Table]]:
        """Return `read` for several queries, which may see one published night or the next."""

    def batches(self, sql: str) -> Generator[pa.RecordBatch]:
        """Run a query as `read` does, and give its rows as they come: at least one batch, if it has no rows."""

    def check_reads(self, sql: str) -> None:
        """Raise UsageError unless this is one statement that only reads."""

    def describe(self) -> str:
        """Return in a line where the published tables are and how a person looks into them."""
