"""BigQuery: load jobs into a staging dataset, then one transaction over all tables."""

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property, partial

import pyarrow as pa
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import bigquery

from etl.contract.table import Contract
from etl.core.head import READ, Head
from etl.core.log import log
from etl.core.receipt import TableReceipt
from etl.load import head as heads
from etl.load.bigquery import sql
from etl.load.bigquery.anew import Anew
from etl.load.bigquery.client import greet
from etl.load.bigquery.ensure import Preparation, Step
from etl.load.bigquery.errors import FAULTS, Explainer, patient
from etl.load.bigquery.jobs import CALL_TIMEOUT, ONCE, Jobs
from etl.load.bigquery.publish import Publishing, check_length, mark_of
from etl.load.bigquery.queries import Queries
from etl.load.bigquery.refill import Refilling
from etl.load.bigquery.rounds import Rounds
from etl.load.bigquery.staging import staging_of, staging_table
from etl.load.checks import check_names, numbers_of
from etl.load.etl_runs import ETL_RUNS, NEWEST, published_of
from etl.load.head import ETL_HEAD
from etl.load.warehouse import Handover, Published
from etl.receipts.bigquery import quoted


class BigQueryWarehouse:
    """The published tables in a dataset; `<dataset>_staging` holds what is being loaded.

    connect: gives the client. patience: seconds for which calls that fail in passing are repeated. policy_tag: put on
    columns of personal data.
    """

    def __init__(
        self,
        connect: Callable[[], bigquery.Client],
        project: str,
        dataset: str,
        *,
        patience: float = 120.0,
        policy_tag: str | None = None,
    ) -> None:
        self._connect = connect
        self._project = project
        self._dataset = f"{project}.{dataset}"
        self._patience = patience
        self._policy_tag = policy_tag
        self._retry = patient(patience)
        self._explainer = Explainer(project, dataset)

    def __enter__(self) -> "BigQueryWarehouse":
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the connections, if any were made, and tell what is billed."""
        if "_client" in self.__dict__:
            if billed := self._jobs.bill.told():
                log.info("%s", billed)
            self._client.close()

    @cached_property
    def _client(self) -> bigquery.Client:
        client = self._connect()
        greet(client, self._dataset, self._patience)
        return client

    @cached_property
    def _jobs(self) -> Jobs:
        return Jobs(self._client, self._retry, self._patience)

    @cached_property
    def _queries(self) -> Queries:
        return Queries(self._client, self._jobs, self._retry, self._dataset)

    def changes(self, contracts: list[Contract], refill: Collection[str] = ()) -> list[str]:
        """Say, a sentence each, what `ensure` would do; raise WarehouseError where it would refuse."""
        return [step.sentence for step in self._steps(contracts, refill)[0]]

    def ensure(self, contracts: list[Contract], refill: Collection[str] = ()) -> None:
        """Create datasets and tables, add new nullable columns and missing keys, renew descriptions and labels.

        Where somebody else changes a table at the same moment, it is looked at once more.
        """
        for is_last in (False, True):
            steps, _ = self._steps(contracts, refill)
            with self._explained(f"preparing {self._dataset}"), suppress(*[PreconditionFailed] * (not is_last)):
                for step in steps:
                    step.apply()
                return

    def to_refill(self, contracts: list[Contract], refill: Collection[str]) -> list[str]:
        """Name the tables that would be made anew."""
        return list(self._steps(contracts, refill)[1].anew)

    def refill_sql(self, handovers: list[Handover], contracts: list[Contract], before: Head) -> str:
        """Write the scripts by which tables would be made anew."""
        with self._explained(f"looking into {self._dataset}"):
            return self._refilling.sql(self._anew(handovers, contracts), before)

    def refill(self, run: str, handovers: list[Handover], contracts: list[Contract], before: Head) -> dict[str, str]:
        """Make tables anew, a job each; prepare them as `ensure` does; compare what may be read of them."""
        with self._explained(f"making tables of {self._dataset} anew"):
            every = self._anew(handovers, contracts)
            kept = self._refilling.run(run, every, before)
            self.ensure(contracts)
            self._refilling.compare(every, self._steps(contracts)[1])
        return kept

    def drop(self, run: str, table: str, before: Head) -> str:
        """Keep a snapshot of a table, then drop it."""
        with self._explained(f"taking {table} away"):
            return self._refilling.drop(run, table, before)

    @cached_property
    def _refilling(self) -> Refilling:
        start = partial(self._client.query, job_retry=None, retry=ONCE, timeout=CALL_TIMEOUT)
        return Refilling(self._client, self._jobs, self._explainer, self._dataset, start)

    def _anew(self, handovers: list[Handover], contracts: list[Contract]) -> list[tuple[Handover, Anew]]:
        there = self._steps(contracts, [handover.contract.name for handover in handovers])[1]
        return self._refilling.every(handovers, there, self._policy_tag)

    def check(self, run: str, handovers: list[Handover]) -> None:
        """Refuse what BigQuery would not take as one script."""
        check_length(self._dataset, run, handovers)

    def stage(self, run: str, handover: Handover) -> None:
        """Load the Parquet files, one job each, and count their rows."""
        with self._explained(staging_of(self._dataset, handover)):
            Rounds(self._client, self._jobs, self._explainer, self._queries, self._dataset).load(handover)

    def staged_rows(self, run: str, handover: Handover) -> int:
        """Read from the metadata of the staging table how many rows it has."""
        with self._explained(f"checking what is staged of {handover.contract.name}"):
            return self._queries.rows(staging_table(self._dataset, handover))

    def published_receipt(self, contract: Contract, like: TableReceipt) -> TableReceipt | None:
        """Compute the receipt of a published table."""
        with self._explained(f"checking {contract.name}"):
            try:
                return self._queries.receipt(contract, like, f"{self._dataset}.{contract.name}")
            except NotFound:
                return None

    def publish(self, handovers: list[Handover], before: Head, after: Head) -> dict[str, str]:
        """Publish all tables by one script, which is one transaction; then drop the staging tables."""
        with self._explained(f"publishing into {self._dataset}"):
            start = partial(self._client.query, job_retry=None, retry=ONCE, timeout=CALL_TIMEOUT)
            publishing = Publishing(self._jobs, self._explainer, self._dataset, start, self.read)
            ended = publishing.run(handovers, (before, after))
        for part in (part for handover in handovers for part in handover.staged):
            with suppress(*FAULTS):  # what is left here is dropped by its expiry
                table = staging_table(self._dataset, part)
                self._client.delete_table(table, not_found_ok=True, retry=self._retry, timeout=CALL_TIMEOUT)
        tables = self._tables([handover.contract.name for handover in handovers])
        return {
            name: mark for name, table in tables.items() if ended.covers(table.modified) and (mark := mark_of(table))
        }

    def marks(self, tables: list[str]) -> dict[str, str]:
        """Read from each table's metadata when it was changed last, and its etag."""
        return {name: mark for name, table in self._tables(tables).items() if (mark := mark_of(table))}

    def existing(self, tables: list[str]) -> Collection[str]:
        """Return those of these tables whose metadata can be read."""
        return self._tables(tables)

    def published(self) -> list[Published]:
        """List, for each published table, its newest row of `etl_runs`."""
        with self._explained(f"reading {self._dataset}"):
            try:
                self._queries.table(ETL_RUNS.name)
            except NotFound:
                return []
        return published_of(self.read(NEWEST))

    def head(self) -> Head:
        """Read the head."""
        with self._explained(f"reading {self._dataset}"):
            try:
                self._queries.table(ETL_HEAD.name)
            except NotFound:
                return heads.newest_of([row.run for row in self.published()])
        return heads.head_of(self.read(READ))

    def numbers(self, contract: Contract) -> pa.Table | None:
        """Read a dimension's numbers."""
        with self._explained(f"reading {contract.name}"):
            try:
                table = self._queries.table(contract.name)
            except NotFound:
                return None
        query = numbers_of(contract, {field.name for field in table.schema}, quoted)
        return self.read(query) if query else None

    def read(self, query: str) -> pa.Table:
        """Run a query over the published tables."""
        with self._explained(f"reading {self._dataset}"):
            return self._queries.answer(query, "reading")

    @contextmanager
    def reading(self) -> Iterator[Callable[[str], pa.Table]]:
        """Yield `read`."""
        yield self.read

    def batches(self, query: str) -> Generator[pa.RecordBatch]:
        """Run a query over the published tables, page by page."""
        with self._explained(f"reading {self._dataset}"):
            yield from self._queries.batches(query, "reading")

    def check_reads(self, query: str) -> None:
        """Refuse what is not one statement that only reads, as BigQuery itself says by a dry run."""
        with self._explained(f"reading {self._dataset}"):
            self._queries.check_reads(query)

    def describe(self) -> str:
        """Return where the tables are and how to look into them."""
        console = f"https://console.cloud.google.com/bigquery?project={self._project}"
        return f"The tables are in the BigQuery dataset {self._dataset}; look into them at {console}"

    def _tables(self, names: list[str]) -> dict[str, bigquery.Table]:
        """Read the metadata of published tables, as far as they can be had."""
        with self._explained(f"looking into {self._dataset}"):
            return self._queries.tables(names)

    def _steps(self, contracts: list[Contract], refill: Collection[str] = ()) -> tuple[list[Step], Preparation]:
        check_names(contracts)
        with self._explained(f"looking into {self._dataset}"):
            preparation = Preparation(self._client, self._retry, self._dataset, self._policy_tag)
            steps = preparation.steps([*contracts, ETL_RUNS, ETL_HEAD], refill)
            if any(step.is_first for step in steps):
                self._may_change_rows  # noqa: B018 -- asked for once
            return steps, preparation

    @cached_property
    def _may_change_rows(self) -> bool:
        """Try, before anything is created, what a sandbox refuses: rows that SQL changes."""
        self._queries.answer(sql.PROBE, "reading")
        return True

    def _explained(self, doing: str) -> AbstractContextManager[None]:
        return self._explainer.explained(doing)
