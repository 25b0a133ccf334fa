"""Loading into BigQuery's staging dataset, so that doing it again loads nothing twice."""

import hashlib
import re
from functools import partial
from pathlib import Path

from google.cloud import bigquery

from etl.core.errors import WarehouseError
from etl.core.folders import is_remote
from etl.core.retry import attempts, is_transient
from etl.load.bigquery.errors import Explainer
from etl.load.bigquery.jobs import CALL_TIMEOUT, LONGEST_JOB, ONCE, Jobs
from etl.load.bigquery.schema import schema
from etl.load.warehouse import Handover

Files = tuple[Path, ...]
_TRIES = 3
"""How often a job is run that failed for a fault that passes."""


class RepeatedError(WarehouseError):
    """What is staged is not what was handed over, and a job was repeated meanwhile."""


class Staging:
    """The load jobs of a star's tables, whichever run stages them. dataset: the published one, as "project.dataset"."""

    def __init__(self, client: bigquery.Client, jobs: Jobs, explainer: Explainer, dataset: str) -> None:
        self._client = client
        self._jobs = jobs
        self._explainer = explainer
        self._dataset = dataset

    def load(self, handover: Handover, round_: int) -> bool:
        """Load the files, those in a bucket by one job, others by one each; raises WarehouseError where one fails.

        The first job truncates. A fault that passes costs the file that it happened to: a load job that fails has
        loaded nothing. A job of the same id that is there already is not repeated, whenever it ran. Returns whether one
        was repeated.
        """
        is_repeated = False
        for part, files in enumerate(_by_job(handover)):
            job_id, insert = self._job_id(handover, part, files, round_), partial(self._insert, handover, part, files)
            for attempt in attempts(is_transient, LONGEST_JOB, _TRIES):
                again = f"-{attempt.num}" if attempt.num > 1 else ""
                is_repeated = is_repeated or attempt.num > 1
                with attempt:
                    if fault := self._jobs.run(f"{job_id}{again}", insert, "staging").fault:
                        raise self._explainer.refusal(staging_of(self._dataset, handover), fault)
        return is_repeated

    def newest_round(self, handover: Handover) -> int:
        """Return the round that an earlier call came to, which may have loaded all; 0 where there was none."""
        found, first = 0, _by_job(handover)[0]
        while self._jobs.exists(self._job_id(handover, 0, first, found + 1)):
            found += 1
        return found

    def _insert(self, handover: Handover, part: int, files: Files, job_id: str) -> None:
        """Start a job, once: whether to try again is decided by asking for it."""
        target, config = staging_table(self._dataset, handover), self._config(handover, first=part == 0)
        if is_remote(files[0]):
            self._client.load_table_from_uri(
                [str(file) for file in files],
                target,
                job_id=job_id,
                job_config=config,
                retry=ONCE,
                timeout=CALL_TIMEOUT,
            )
            return
        with files[0].open("rb") as data:
            self._client.load_table_from_file(
                data, target, num_retries=0, job_id=job_id, job_config=config, timeout=CALL_TIMEOUT
            )

    def _config(self, handover: Handover, *, first: bool) -> bigquery.LoadJobConfig:
        return bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            schema=schema(handover.contract),
            write_disposition="WRITE_TRUNCATE" if first else "WRITE_APPEND",
            max_bad_records=0,
            labels={"star": label(handover.star_run), "table": label(handover.contract.name)},
        )

    def _job_id(self, handover: Handover, part: int, files: Files, round_: int) -> str:
        digest = hashlib.sha256()
        for file in files:
            with file.open("rb") as data:
                hashlib.file_digest(data, lambda: digest)
        sha = digest.hexdigest()[:16]
        table = re.sub(r"[^A-Za-z0-9_]", lambda letter: f"-{ord(letter[0]):x}-", handover.contract.name)
        table += f"-{handover.part}" * bool(handover.part)
        return f"{job_prefix(self._dataset, handover.star_run)}-{table}-{part}-{sha}-{round_}"


def _by_job(handover: Handover) -> list[Files]:
    """Return which files each job loads."""
    return [handover.files] if is_remote(handover.files[0]) else [(file,) for file in handover.files]


def staging_table(dataset: str, handover: Handover) -> str:
    """Name the table in which a star's rows wait: a run that follows a killed one finds them."""
    run = re.sub(r"[^A-Za-z0-9_]", "_", handover.star_run)
    return f"{dataset}_staging.{'__'.join(filter(None, [handover.contract.name, run, handover.part]))}"


def staging_of(dataset: str, handover: Handover) -> str:
    """Say, for an error, what was being done."""
    return f"staging {handover.contract.name} in {dataset}_staging"


def job_prefix(dataset: str, run: str) -> str:
    """Begin the ids of a run's jobs; the dataset is in it because ids are the project's."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"etl-{dataset.rpartition('.')[2]}-{run}")


def label(text: str) -> str:
    """Write a text as the value of a label."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]
