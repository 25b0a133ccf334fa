"""What BigQuery bills: at least 10 MB for each table that a query reads, however few bytes those are."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from google.api_core.retry import Retry, if_exception_type
from google.cloud import bigquery

from etl.load.bigquery.errors import FAULTS

_MB = 2**20
_AT_ONCE = 8
_TIMEOUT = 10.0
"""Seconds that a call may take whose answer is only told."""
_ONCE = Retry(predicate=if_exception_type())


class Bill:
    """Adds up, by step, the bytes billed for queries; where an answer does not tell, BigQuery is asked at the end."""

    def __init__(self, client: bigquery.Client) -> None:
        self._client = client
        self._bytes: Counter[str] = Counter()
        self._queries = 0
        self._untold = 0
        self._asked_later: list[tuple[str, str]] = []

    def add(self, job: Any, step: str) -> None:
        """Add a job that has ended; a load job is free."""
        if isinstance(job, bigquery.QueryJob):
            self._queries += 1
            self._untold += job.total_bytes_billed is None
            self._bytes[step] += job.total_bytes_billed or 0

    def ask_later(self, job_id: str | None, step: str) -> None:
        """Note a query whose answer did not tell what is billed for it."""
        if job_id:
            self._asked_later.append((job_id, step))

    def told(self) -> str | None:
        """Write the sum as a sentence; None where nothing was asked of BigQuery."""
        self._ask()
        if not self._queries:
            return None
        steps = ", ".join(f"{step} {count / _MB:,.0f} MB" for step, count in self._bytes.items())
        untold = f"; of {self._untold} of them it did not say" if self._untold else ""
        billed = f"{self._bytes.total() / _MB:,.0f} MB"
        return f"BigQuery billed {billed} for {self._queries} queries ({steps}{untold})"

    def _ask(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as executor:
            for job, (_, step) in zip(executor.map(self._job, self._asked_later), self._asked_later, strict=True):
                if job is None:
                    self._queries, self._untold = self._queries + 1, self._untold + 1
                else:
                    self.add(job, step)
        self._asked_later = []

    def _job(self, asked: tuple[str, str]) -> Any:
        with suppress(*FAULTS):
            return self._client.get_job(asked[0], location=self._client.location, retry=_ONCE, timeout=_TIMEOUT)
        return None
