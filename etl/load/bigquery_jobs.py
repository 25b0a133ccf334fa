"""Jobs under ids of our own: whatever becomes of an answer, nothing happens twice."""

import time
from collections.abc import Callable
from typing import Any

from google.api_core.exceptions import Conflict, NotFound
from google.api_core.retry import Retry, exponential_sleep_generator, if_exception_type
from google.cloud import bigquery

from etl.core.retry import attempts
from etl.load.bigquery_errors import FAULTS, Fault, fault_of_job, is_transient

CALL_TIMEOUT = 60.0
"""Seconds that one call may take; the client's own default is to wait for ever."""
LONGEST_JOB = 6 * 3600.0
ONCE = Retry(predicate=if_exception_type())
"""No call is repeated."""


class Jobs:
    """Starts a job at most once, and waits for its end; scanned: the bytes that BigQuery read for them, and bills.

    retry: how calls that change nothing are repeated; patience: seconds, from the first fault on, for which a start is.
    """

    def __init__(self, client: bigquery.Client, retry: Retry, patience: float) -> None:
        self._client = client
        self._retry = retry
        self._patience = patience
        self.scanned = 0

    def run(self, job_id: str, insert: Callable[[str], Any]) -> Fault | None:
        """Let `insert` start the job of this id unless there is one, wait for its end, and say how it failed, if so."""
        if not self.exists(job_id):
            for attempt in attempts(_leaves_open, self._patience):
                with attempt:
                    self._start(job_id, insert)
        return self._wait(job_id)

    def exists(self, job_id: str) -> bool:
        """Ask whether there is a job of this id."""
        try:
            self._get(job_id)
        except NotFound:
            return False
        return True

    def _start(self, job_id: str, insert: Callable[[str], Any]) -> None:
        """Call `insert`; what it raises counts only if BigQuery, which alone can know, has no such job."""
        try:
            insert(job_id)
        except FAULTS as error:
            if not (_leaves_open(error) and self.exists(job_id)):
                raise

    def _wait(self, job_id: str) -> Fault | None:
        give_up, pauses = time.monotonic() + LONGEST_JOB, exponential_sleep_generator(0.1, 5.0)
        while (job := self._get(job_id)).state != "DONE":
            if time.monotonic() > give_up:
                raise TimeoutError(f"The job {job_id} did not end.")
            time.sleep(next(pauses))
        self.scanned += getattr(job, "total_bytes_processed", None) or 0  # load jobs read for nothing
        return fault_of_job(job.error_result) if job.error_result else None

    def _get(self, job_id: str) -> Any:
        return self._client.get_job(job_id, location=self._client.location, retry=self._retry, timeout=CALL_TIMEOUT)


def _leaves_open(error: Exception) -> bool:
    """Whether the job may have been started, or may be yet."""
    return isinstance(error, Conflict) or is_transient(error)
