"""Reading: queries over the dataset, page by page or whole, and the metadata of its tables."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pyarrow as pa
from google.api_core.retry import Retry
from google.cloud import bigquery

from etl.contract.table import Contract
from etl.core.receipt import TableReceipt
from etl.load.bigquery.ensure import AT_ONCE
from etl.load.bigquery.errors import FAULTS
from etl.load.bigquery.jobs import CALL_TIMEOUT, Jobs
from etl.load.checks import not_a_query
from etl.receipts.bigquery import BIGQUERY, quoted
from etl.receipts.sql import receipt_from, select_receipt

_LONGEST_QUERY = 3600.0


class Queries:
    """What is asked of a dataset (project.dataset). Every method raises what Google's library raises."""

    def __init__(self, client: bigquery.Client, jobs: Jobs, retry: Retry, dataset: str) -> None:
        self._client, self._jobs, self._retry, self._dataset = client, jobs, retry, dataset

    def answer(self, query: str, step: str) -> pa.Table:
        """Run a query and read its whole answer. step: labels the job."""
        return self._rows(query, step).to_arrow(create_bqstorage_client=False)

    def batches(self, query: str, step: str) -> Iterator[pa.RecordBatch]:
        """Run a query and read its answer page by page: at least one batch, if it has no rows."""
        rows = self._rows(query, step)
        if rows.total_rows:
            yield from rows.to_arrow_iterable()
        else:
            yield pa.RecordBatch.from_pylist([], rows.to_arrow(create_bqstorage_client=False).schema)

    def check_reads(self, query: str) -> None:
        """Refuse what is not one statement that only reads, as BigQuery itself says by a dry run."""
        dry = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False, default_dataset=self._dataset)
        job = self._client.query(query, dry, job_retry=None, retry=self._retry, timeout=CALL_TIMEOUT)
        if job.statement_type != "SELECT":
            raise not_a_query(str(job.statement_type))

    def table(self, name: str) -> bigquery.Table:
        """Read the metadata of a table of the dataset."""
        return self._client.get_table(f"{self._dataset}.{name}", retry=self._retry, timeout=CALL_TIMEOUT)

    def tables(self, names: list[str]) -> dict[str, bigquery.Table]:
        """Read the metadata of several, as far as they can be had."""

        def get(name: str) -> bigquery.Table | None:
            with suppress(*FAULTS):
                return self.table(name)
            return None

        with ThreadPoolExecutor(AT_ONCE) as executor:
            return {name: table for name, table in zip(names, executor.map(get, names), strict=True) if table}

    def rows(self, table: str) -> int:
        """Read from a table's metadata how many rows it has. table: its full name."""
        return int(self._client.get_table(table, retry=self._retry, timeout=CALL_TIMEOUT).num_rows or 0)

    def receipt(self, contract: Contract, like: TableReceipt, table: str) -> TableReceipt:
        """Compute the receipt of a table. table: its full name."""
        schema = contract.schema
        query = select_receipt(schema, BIGQUERY, quoted(table), hashes=like.hash_sum is not None)
        return receipt_from(self.answer(query, "checking").to_pylist()[0], schema, BIGQUERY)

    def _rows(self, query: str, step: str) -> bigquery.table.RowIterator:
        rows = self._client.query_and_wait(
            query,
            job_config=bigquery.QueryJobConfig(
                default_dataset=self._dataset, job_timeout_ms=int(_LONGEST_QUERY * 1000), labels={"step": step}
            ),
            api_timeout=CALL_TIMEOUT,
            wait_timeout=_LONGEST_QUERY,
            retry=self._retry,
            job_retry=self._retry,
        )
        self._jobs.bill.ask_later(rows.job_id, step)
        return rows
