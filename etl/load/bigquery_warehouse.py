"""BigQuery: load jobs into a staging dataset, then one transaction over all tables."""

import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from functools import cached_property

import pyarrow as pa
from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from etl.contract import Contract
from etl.core.errors import WarehouseError
from etl.core.log import log
from etl.core.manifest import TableReceipt
from etl.core.receipt_sql import receipt_from, row_hash_sql, select_receipt
from etl.core.retry import attempts, is_transient
from etl.load import bigquery_sql as sql
from etl.load import head as heads
from etl.load.bigquery_client import greet
from etl.load.bigquery_ensure import Preparation, Step
from etl.load.bigquery_errors import FAULTS, Explainer, Fault, patient
from etl.load.bigquery_jobs import CALL_TIMEOUT, LONGEST_JOB, ONCE, Jobs
from etl.load.bigquery_staging import Staging, job_prefix, label, staging_table
from etl.load.checks import check_names, check_receipt, mismatch, not_a_query
from etl.load.etl_runs import ETL_RUNS, NEWEST, published_of, rows_of
from etl.load.head import ETL_HEAD, Head
from etl.load.warehouse import Handover, Published

_ATTEMPTS = 3
_LONGEST_QUERY = 3600.0


class BigQueryWarehouse:
    """The published tables in a dataset; `<dataset>_staging` holds what is being loaded.

    connect: gives the client. patience: seconds for which calls that fail in passing are repeated.
    """

    def __init__(
        self,
        connect: Callable[[], bigquery.Client],
        project: str,
        dataset: str,
        *,
        patience: float = 120.0,
    ) -> None:
        self._connect = connect
        self._project = project
        self._dataset = f"{project}.{dataset}"
        self._patience = patience
        self._retry = patient(patience)
        self._explainer = Explainer(project, dataset)

    def __enter__(self) -> "BigQueryWarehouse":
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the connections, if any were made, and tell what the queries read."""
        if "_client" in self.__dict__:
            log.info("BigQuery read %.1f MB", self._jobs.scanned / 1e6)
            self._client.close()

    @cached_property
    def _client(self) -> bigquery.Client:
        client = self._connect()
        greet(client, self._dataset, self._patience)
        return client

    @cached_property
    def _jobs(self) -> Jobs:
        return Jobs(self._client, self._retry, self._patience)

    def changes(self, contracts: list[Contract]) -> list[str]:
        """Say, a sentence each, what `ensure` would do; raise WarehouseError where it would refuse."""
        return [step.sentence for step in self._steps(contracts)]

    def ensure(self, contracts: list[Contract]) -> None:
        """Create datasets and tables, add new nullable columns and missing keys, renew descriptions and labels."""
        for step in self._steps(contracts):
            with self._explained(f"preparing {self._dataset}"):
                step.apply()

    def stage(self, run: str, handover: Handover) -> None:
        """Load the Parquet files, one job each. What an earlier try loaded is trusted only if its receipt is right."""
        doing = f"staging {handover.contract.name} in {self._dataset}_staging"
        with self._explained(doing):
            staging = Staging(self._client, self._jobs, self._dataset)
            earlier = staging.newest_attempt(handover)
            if earlier:
                with suppress(WarehouseError):
                    self._load(staging, handover, earlier, doing)
                    return
            for attempt in attempts(is_transient, LONGEST_JOB, _ATTEMPTS):
                with attempt:
                    self._load(staging, handover, earlier + attempt.num, doing)

    def staged_receipt(self, run: str, handover: Handover) -> TableReceipt:
        """Compute the receipt of the staging table."""
        with self._explained(f"checking what is staged of {handover.contract.name}"):
            return self._receipt(handover.contract, handover.receipt, staging_table(self._dataset, handover))

    def published_receipt(self, contract: Contract, like: TableReceipt) -> TableReceipt | None:
        """Compute the receipt of a published table."""
        with self._explained(f"checking {contract.name}"):
            try:
                return self._receipt(contract, like, f"{self._dataset}.{contract.name}")
            except NotFound:
                return None

    def publish(self, run: str, handovers: list[Handover], before: Head, origin: dict[str, str]) -> None:
        """Replace the rows of all tables by one script, which is one transaction; then drop the staging tables."""
        staged = {handover.contract.name: staging_table(self._dataset, handover) for handover in handovers}
        runs = rows_of(run, handovers, datetime.now(UTC))
        script = sql.publish_script(self._dataset, staged, handovers, runs, (before, Head(run, origin)))
        doing = f"publishing into {self._dataset}"
        with self._explained(doing):
            self._run_script(run, script, doing, before)
        for table in staged.values():
            with suppress(*FAULTS):  # what is left here is dropped by its expiry
                self._client.delete_table(table, not_found_ok=True, retry=self._retry, timeout=CALL_TIMEOUT)

    def published(self) -> list[Published]:
        """List, for each published table, its newest row of `etl_runs`."""
        with self._explained(f"reading {self._dataset}"):
            try:
                self._client.get_table(f"{self._dataset}.{ETL_RUNS.name}", retry=self._retry, timeout=CALL_TIMEOUT)
            except NotFound:
                return []
        return published_of(self.read(NEWEST))

    def head(self) -> Head:
        """Read the head."""
        with self._explained(f"reading {self._dataset}"):
            try:
                self._client.get_table(f"{self._dataset}.{ETL_HEAD.name}", retry=self._retry, timeout=CALL_TIMEOUT)
            except NotFound:
                return heads.newest_of([row.run for row in self.published()])
        return heads.head_of(self.read(heads.READ))

    def read(self, query: str) -> pa.Table:
        """Run a query over the published tables."""
        with self._explained(f"reading {self._dataset}"):
            return self._query(query)

    def check_reads(self, query: str) -> None:
        """Refuse what is not one statement that only reads, as BigQuery itself says by a dry run."""
        dry = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False, default_dataset=self._dataset)
        with self._explained(f"reading {self._dataset}"):
            job = self._client.query(query, dry, job_retry=None, retry=self._retry, timeout=CALL_TIMEOUT)
        if job.statement_type != "SELECT":
            raise not_a_query(str(job.statement_type))

    def describe(self) -> str:
        """Say where the tables are and how to look into them."""
        console = f"https://console.cloud.google.com/bigquery?project={self._project}"
        return f"The tables are in the BigQuery dataset {self._dataset}; look into them at {console}"

    def _steps(self, contracts: list[Contract]) -> list[Step]:
        check_names(contracts)
        with self._explained(f"looking into {self._dataset}"):
            return Preparation(self._client, self._retry, self._dataset).steps([*contracts, ETL_RUNS, ETL_HEAD])

    def _load(self, staging: Staging, handover: Handover, attempt: int, doing: str) -> None:
        """Load what this attempt has not loaded yet, and raise if what is staged then is not what was handed over."""
        if fault := staging.load(handover, attempt):
            raise self._explainer.refusal(doing, fault)
        try:
            found = self._receipt(handover.contract, handover.receipt, staging_table(self._dataset, handover))
        except NotFound:  # jobs are remembered longer than staging tables live
            raise mismatch(handover.contract.name, "staged", "they are gone") from None
        check_receipt(handover, found, "staged")

    def _run_script(self, run: str, script: str, doing: str, before: Head) -> None:
        config = bigquery.QueryJobConfig(labels={"run": label(run), "step": "publish"})
        prefix = f"{job_prefix(self._dataset, run)}-publish-{hashlib.sha256(script.encode()).hexdigest()[:16]}"

        def start(job_id: str) -> None:
            self._client.query(script, config, job_id, job_retry=None, retry=ONCE, timeout=CALL_TIMEOUT)

        for attempt in attempts(is_transient, LONGEST_JOB, _ATTEMPTS):
            with attempt:
                if fault := self._jobs.run(f"{prefix}-{attempt.num}", start):
                    raise self._unpublished(doing, fault, before)

    def _unpublished(self, doing: str, fault: Fault, before: Head) -> WarehouseError:
        if sql.HEAD_FAULT in fault.message:
            return heads.moved(before)
        _, marked, differing = fault.message.partition(sql.RECEIPT_FAULT)
        if not marked:
            return self._explainer.refusal(doing, fault)
        table, _, figures = differing.partition(": ")
        return mismatch(table, "published", re.split(r"[;\n]| at \[", figures)[0])

    def _receipt(self, contract: Contract, like: TableReceipt, table: str) -> TableReceipt:
        schema = contract.schema
        hashed = row_hash_sql(schema, sql.DIALECT) if like.row_hash else None
        row = self._query(select_receipt(schema, sql.DIALECT, sql.quoted(table), hashed)).to_pylist()[0]
        return receipt_from(row, schema, sql.DIALECT)

    def _query(self, query: str) -> pa.Table:
        rows = self._client.query_and_wait(
            query,
            job_config=bigquery.QueryJobConfig(default_dataset=self._dataset),
            api_timeout=CALL_TIMEOUT,
            wait_timeout=_LONGEST_QUERY,
            retry=self._retry,
            job_retry=self._retry,
        )
        self._jobs.scanned += rows.total_bytes_processed or 0
        return rows.to_arrow(create_bqstorage_client=False)

    def _explained(self, doing: str) -> AbstractContextManager[None]:
        return self._explainer.explained(doing)
