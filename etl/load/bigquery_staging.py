"""Loading into BigQuery's staging dataset, so that doing it again loads nothing twice."""

import hashlib
import re
from functools import partial
from pathlib import Path

from google.cloud import bigquery

from etl.core.folders import is_remote
from etl.load import bigquery_schema as shape
from etl.load.bigquery_errors import Fault
from etl.load.bigquery_jobs import CALL_TIMEOUT, ONCE, Jobs
from etl.load.warehouse import Handover

Files = tuple[Path, ...]


class Staging:
    """The load jobs of a star's tables, whichever run stages them. dataset: the published one, as "project.dataset"."""

    def __init__(self, client: bigquery.Client, jobs: Jobs, dataset: str) -> None:
        self._client = client
        self._jobs = jobs
        self._dataset = dataset

    def load(self, handover: Handover, attempt: int) -> Fault | None:
        """Load the files, those in a bucket by one job, others by one each, and say how one failed, if so.

        The first job truncates. One of the same id that is there already is not repeated, whenever it ran.
        """
        for part, files in enumerate(_by_job(handover)):
            insert = partial(self._insert, handover, part, files)
            if fault := self._jobs.run(self._job_id(handover, part, files, attempt), insert):
                return fault
        return None

    def newest_attempt(self, handover: Handover) -> int:
        """Give the attempt that an earlier call came to, which may have loaded all; 0 where there was none."""
        attempt, first = 0, _by_job(handover)[0]
        while self._jobs.exists(self._job_id(handover, 0, first, attempt + 1)):
            attempt += 1
        return attempt

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
            schema=shape.schema(handover.contract),
            write_disposition="WRITE_TRUNCATE" if first else "WRITE_APPEND",
            max_bad_records=0,
            labels={"star": label(handover.star_run), "table": label(handover.contract.name)},
        )

    def _job_id(self, handover: Handover, part: int, files: Files, attempt: int) -> str:
        digest = hashlib.sha256()
        for file in files:
            with file.open("rb") as data:
                hashlib.file_digest(data, lambda: digest)
        sha = digest.hexdigest()[:16]
        return f"{job_prefix(self._dataset, handover.star_run)}-{handover.contract.name}-{part}-{sha}-{attempt}"


def _by_job(handover: Handover) -> list[Files]:
    """Say which files each job loads."""
    return [handover.files] if is_remote(handover.files[0]) else [(file,) for file in handover.files]


def staging_table(dataset: str, handover: Handover) -> str:
    """Name the table in which a star's rows wait: a run that follows a killed one finds them."""
    return f"{dataset}_staging.{handover.contract.name}__{re.sub(r'[^A-Za-z0-9_]', '_', handover.star_run)}"


def job_prefix(dataset: str, run: str) -> str:
    """Begin the ids of a run's jobs; the dataset is in it because ids are the project's."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"etl-{dataset.rpartition('.')[2]}-{run}")


def label(text: str) -> str:
    """Write a text as the value of a label."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]
