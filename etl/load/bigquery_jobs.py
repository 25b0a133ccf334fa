"""Jobs under ids of our own: whatever becomes of an answer, nothing happens twice."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

from google.api_core.exceptions import Conflict, NotFound
from google.api_core.retry import Retry
from google.cloud import bigquery

from etl.load.bigquery_errors import FAULTS, Fault, fault_of_job, is_transient

CALL_TIMEOUT = 60.0
"""Seconds that one call may take; the client's own default is to wait for ever."""
_LONGEST_JOB = 6 * 3600.0


class Jobs:
    """Starts a job at most once, and waits for its end. patience: seconds for which failing calls are repeated."""

    def __init__(self, client: bigquery.Client, retry: Retry, patience: float) -> None:
        self._client = client
        self._retry = retry
        self._patience = patience

    def run(self, job_id: str, insert: Callable[[str], Any]) -> Fault | None:
        """Let `insert` start the job of this id unless there is one, wait for its end, and say how it failed, if so.

        An answer that was lost leaves open whether the job was started; only BigQuery knows, so it is asked.
        """
        give_up, pauses = time.monotonic() + self._patience, _pauses(0.5, 15.0)
        while not self._started(job_id, insert, time.monotonic() > give_up):
            time.sleep(next(pauses))
        return self._wait(job_id)

    def exists(self, job_id: str) -> bool:
        """Ask whether there is a job of this id."""
        try:
            self._get(job_id)
        except NotFound:
            return False
        return True

    def _started(self, job_id: str, insert: Callable[[str], Any], last_try: bool) -> bool:
        try:
            insert(job_id)
        except FAULTS as error:
            if not (isinstance(error, Conflict) or is_transient(error)):
                raise
            if self.exists(job_id):
                return True
            if last_try:
                raise
            return False
        return True

    def _wait(self, job_id: str) -> Fault | None:
        give_up, pauses = time.monotonic() + _LONGEST_JOB, _pauses(0.05, 5.0)
        while (job := self._get(job_id)).state != "DONE":
            if time.monotonic() > give_up:
                raise TimeoutError(f"The job {job_id} did not end.")
            time.sleep(next(pauses))
        return fault_of_job(job.error_result) if job.error_result else None

    def _get(self, job_id: str) -> Any:
        return self._client.get_job(job_id, location=self._client.location, retry=self._retry, timeout=CALL_TIMEOUT)


def _pauses(first: float, longest: float) -> Iterator[float]:
    return (min(first * 2**nth, longest) for nth in itertools.count())
