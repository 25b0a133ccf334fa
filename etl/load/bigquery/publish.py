"""Publishing into BigQuery: the one script, what is known of its end, and the marks of what it wrote."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa
from google.cloud import bigquery

from etl.core.errors import WarehouseError
from etl.core.head import READ, Head
from etl.core.retry import attempts, is_transient
from etl.load.bigquery import sql
from etl.load.bigquery.errors import Explainer, Fault, UnknownEndError
from etl.load.bigquery.jobs import LONGEST_JOB, Ended, Jobs
from etl.load.bigquery.staging import job_prefix, label, staging_table
from etl.load.checks import mismatch, unfit
from etl.load.etl_runs import run_rows
from etl.load.head import head_of, moved
from etl.load.warehouse import Handover

_TRIES = 3
Start = Callable[[str, bigquery.QueryJobConfig, str], object]
"""Starts a query, once: its text, its configuration, the job's id."""


class Publishing:
    """Runs the script that publishes. dataset: "project.dataset"; read: runs a query over the published tables."""

    def __init__(
        self, jobs: Jobs, explainer: Explainer, dataset: str, start: Start, read: Callable[[str], pa.Table]
    ) -> None:
        self._jobs = jobs
        self._explainer = explainer
        self._dataset = dataset
        self._start = start
        self._read = read
        self._doing = f"publishing into {dataset}"

    def run(self, handovers: Sequence[Handover], heads: tuple[Head, Head]) -> Ended:
        """Publish. heads: the one that this load looked at, and the one to come.

        Raises WarehouseError: nothing was published, or the error says that this is not known.
        """
        run = heads[1].run
        script = script_of(self._dataset, run, handovers, heads)
        config = bigquery.QueryJobConfig(
            labels={"run": label(run), "step": "publish"}, job_timeout_ms=int(LONGEST_JOB * 1000)
        )
        prefix = f"{job_prefix(self._dataset, run)}-publish-{hashlib.sha256(script.encode()).hexdigest()[:16]}"
        for attempt in attempts(is_transient, LONGEST_JOB, _TRIES):
            with attempt:
                job_id = f"{prefix}-{attempt.num}"
                try:
                    ended = self._jobs.run(job_id, partial(self._start, script, config), "publishing")
                except UnknownEndError as unknown:
                    because = self._explainer.error(self._doing, unknown.because)
                    raise _unknown(because, unknown.job_id) from None
                if ended.fault and not (_leaves_doubt(ended.fault) and self._is_published(heads, job_id)):
                    raise refused(self._explainer, self._doing, ended.fault, heads[0])
        return ended

    def _is_published(self, heads: tuple[Head, Head], job_id: str) -> bool:
        """Look whether the head is where this load moves it: a job may fail after its transaction was committed."""
        before, after = heads
        try:
            return before.run != after.run and head_of(self._read(READ)) == after
        except WarehouseError as error:
            raise _unknown(error, job_id) from None


def refused(explainer: Explainer, doing: str, fault: Fault, before: Head) -> WarehouseError:
    """Explain the fault of a script that checks the head and receipts. before: the head that it looked for."""
    if sql.HEAD_FAULT in fault.message:
        return moved(before)
    for marker, error in ((sql.RECEIPT_FAULT, _mismatch), (sql.UNFIT_FAULT, unfit)):
        _, marked, differing = fault.message.partition(marker)
        if marked:
            table, _, figures = differing.partition(": ")
            return error(table, re.split(r"[;\n]| at \[", figures)[0])
    return explainer.refusal(doing, fault)


def _mismatch(table: str, differences: str) -> WarehouseError:
    return mismatch(table, "published", differences)


def _unknown(because: WarehouseError, job_id: str) -> WarehouseError:
    """Say that only BigQuery knows how a job ended."""
    return WarehouseError(
        f"{because.message} It is not known whether the star was published: BigQuery may have finished the job"
        f" {job_id}, or may finish it yet.",
        f"{because.hint} Then run LoadFilesBQ.py again: it looks at what is published, and does what is left to do.",
    )


def _leaves_doubt(fault: Fault) -> bool:
    """Whether the transaction may have been committed all the same."""
    return fault.reason == "stopped" or sql.HEAD_FAULT in fault.message


def script_of(
    dataset: str, run: str, handovers: Sequence[Handover], heads: tuple[Head, Head] = (Head(), Head())
) -> str:
    """Write the script that publishes what is, or will be, staged."""
    parts = [part for handover in handovers for part in handover.staged]
    staged = {(part.contract.name, part.part): staging_table(dataset, part) for part in parts}
    return sql.publish_script(dataset, staged, handovers, run_rows(run, handovers, datetime.now(UTC)), heads)


def check_length(dataset: str, run: str, handovers: Sequence[Handover]) -> None:
    """Raise WarehouseError where the script would be longer than BigQuery takes."""
    length = len(script_of(dataset, run, handovers).encode())
    if length <= sql.LONGEST_QUERY:
        return
    each = {h.contract.name: len(script_of(dataset, run, [h]).encode()) for h in handovers}
    longest = sorted(each, key=lambda name: -each[name])[:3]
    raise WarehouseError(
        f"The script that publishes {len(handovers)} tables in one transaction would have {length:,} bytes;"
        f" BigQuery takes {sql.LONGEST_QUERY:,}. The longest parts are those of"
        f" {', '.join(f'{name} ({each[name]:,})' for name in longest)}. Nothing was staged.",
        "Set RECEIPTS=columns, which leaves the hash over the rows out, or RECEIPTS=off; or publish fewer columns.",
    )


def mark_of(table: bigquery.Table) -> str | None:
    """Write what changes whenever somebody changes a table; None while rows are streamed into it."""
    return None if table.streaming_buffer else f"{table.modified} {table.etag}"
