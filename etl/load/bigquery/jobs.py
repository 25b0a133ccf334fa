"""Jobs under ids of our own: whatever becomes of an answer, nothing happens twice."""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core.exceptions import Conflict, Forbidden, NotFound
from google.api_core.retry import Retry, exponential_sleep_generator, if_exception_type
from google.cloud import bigquery

from etl.core.retry import attempts
from etl.load.bigquery.bill import Bill
from etl.load.bigquery.errors import FAULTS, Fault, UnknownEndError, fault_of_job, is_transient, patient

CALL_TIMEOUT = 60.0
"""Seconds that one call may take; the client's own default is to wait for ever."""
LONGEST_JOB = 6 * 3600.0
"""Seconds that a job may run; BigQuery itself lets none run longer."""
ONCE = Retry(predicate=if_exception_type())
"""No call is repeated."""
_LAST_LOOK = 30.0
"""Seconds for which it is tried to cancel a job that is waited for no longer, and to learn how it ended."""


@dataclass(frozen=True)
class Ended:
    """How a job ended: its fault, if it failed, and between which instants it ran, by BigQuery's clock."""

    fault: Fault | None
    started: datetime | None = None
    ended: datetime | None = None

    def covers(self, instant: datetime | None) -> bool:
        """Whether the job ran at an instant."""
        return bool(instant and self.started and self.ended and self.started <= instant <= self.ended)


class Jobs:
    """Starts a job at most once, and waits for its end; bill: what BigQuery bills for them.

    retry: how calls that change nothing are repeated; patience: seconds, from the first fault on, for which a start is.
    """

    def __init__(self, client: bigquery.Client, retry: Retry, patience: float) -> None:
        self._client = client
        self.retry = retry
        self._patience = patience
        self.bill = Bill(client)

    def run(self, job_id: str, insert: Callable[[str], Any], step: str) -> Ended:
        """Let `insert` start the job of this id unless there is one, wait for its end, and say how it ended.

        A job of this id that we may not ask for is another account's: then ours gets an id of its own. Raises
        UnknownEndError where the end cannot be learned; the job is cancelled then, as far as that is possible.
        step: what the job is billed under.
        """
        there = self._is_there(job_id)
        if there is None:
            job_id = f"{job_id}-{secrets.token_hex(4)}"
        if not there:
            for attempt in attempts(_leaves_open, self._patience):
                with attempt:
                    self._start(job_id, insert)
        job = self._wait(job_id)
        self.bill.add(job, step)
        return Ended(fault_of_job(job.error_result) if job.error_result else None, job.started, job.ended)

    def exists(self, job_id: str) -> bool:
        """Ask whether there is a job of this id that we may ask for."""
        return bool(self._is_there(job_id))

    def _is_there(self, job_id: str) -> bool | None:
        """Ask whether there is a job of this id; None where BigQuery does not tell this account."""
        try:
            self._get(job_id, self.retry)
        except NotFound:
            return False
        except Forbidden:
            return None
        return True

    def _start(self, job_id: str, insert: Callable[[str], Any]) -> None:
        """Call `insert`; what it raises counts only if BigQuery, which alone can know, has no such job."""
        try:
            insert(job_id)
        except FAULTS as error:
            if not _leaves_open(error):
                raise
            try:
                there = self.exists(job_id)
            except FAULTS:
                raise UnknownEndError(job_id, error) from None
            if not there:
                raise

    def _wait(self, job_id: str) -> Any:
        """Return the job when it has ended."""
        try:
            return self._done(job_id, LONGEST_JOB, self.retry)
        except FAULTS as error:
            return self._given_up(job_id, error)

    def _given_up(self, job_id: str, because: Exception) -> Any:
        """Cancel a job that is waited for no longer, and look once more: it may have ended."""
        seconds = min(self._patience, _LAST_LOOK)
        retry = patient(seconds)
        with suppress(*FAULTS):
            self._client.cancel_job(job_id, location=self._client.location, retry=retry, timeout=CALL_TIMEOUT)
        try:
            return self._done(job_id, seconds, retry)
        except FAULTS:
            raise UnknownEndError(job_id, because) from None

    def _done(self, job_id: str, seconds: float, retry: Retry) -> Any:
        give_up, pauses = time.monotonic() + seconds, exponential_sleep_generator(0.1, 5.0)
        while (job := self._get(job_id, retry)).state != "DONE":
            if time.monotonic() > give_up:
                raise TimeoutError(f"The job {job_id} did not end.")
            time.sleep(next(pauses))
        return job

    def _get(self, job_id: str, retry: Retry) -> Any:
        return self._client.get_job(job_id, location=self._client.location, retry=retry, timeout=CALL_TIMEOUT)


def _leaves_open(error: Exception) -> bool:
    """Whether the job may have been started, or may be yet."""
    return isinstance(error, Conflict) or is_transient(error)
