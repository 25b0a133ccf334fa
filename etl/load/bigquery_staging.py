"""Loading into BigQuery's staging dataset, so that doing it again loads nothing twice."""

import hashlib
import re
from functools import partial
from pathlib import Path

from google.cloud import bigquery

from etl.load import bigquery_schema as shape
from etl.load.bigquery_errors import Fault
from etl.load.bigquery_jobs import Jobs
from etl.load.warehouse import Handover

_UPLOAD_TIMEOUT = (5.0, 300.0)


class Staging:
    """The load jobs of one run. dataset: the published one, as "project.dataset"."""

    def __init__(self, client: bigquery.Client, jobs: Jobs, dataset: str, run: str) -> None:
        self._client = client
        self._jobs = jobs
        self._dataset = dataset
        self._run = run

    def load(self, handover: Handover, attempt: int) -> Fault | None:
        """Load every file by a job of its own, the first one truncating, and say how one failed, if so.

        A job of the same id that is there already is not repeated, whenever it ran.
        """
        for part, file in enumerate(handover.files):
            insert = partial(self._upload, handover, part)
            if fault := self._jobs.run(self._job_id(handover.contract.name, part, file, attempt), insert):
                return fault
        return None

    def newest_attempt(self, handover: Handover) -> int:
        """Give the attempt that an earlier call came to, which may have loaded all; else the first."""
        attempt = 0
        while self._jobs.exists(self._job_id(handover.contract.name, 0, handover.files[0], attempt + 1)):
            attempt += 1
        return max(attempt, 1)

    def _upload(self, handover: Handover, part: int, job_id: str) -> None:
        with handover.files[part].open("rb") as data:
            self._client.load_table_from_file(
                data,
                staging_table(self._dataset, self._run, handover.contract.name),
                num_retries=0,  # whether to try again is decided by asking for the job
                job_id=job_id,
                job_config=self._config(handover, first=part == 0),
                timeout=_UPLOAD_TIMEOUT,
            )

    def _config(self, handover: Handover, *, first: bool) -> bigquery.LoadJobConfig:
        return bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            schema=shape.schema(handover.contract),
            write_disposition="WRITE_TRUNCATE" if first else "WRITE_APPEND",
            max_bad_records=0,
            labels={"run": label(self._run), "table": label(handover.contract.name)},
        )

    def _job_id(self, table: str, part: int, file: Path, attempt: int) -> str:
        with file.open("rb") as data:
            sha = hashlib.file_digest(data, "sha256").hexdigest()[:16]
        return f"{job_prefix(self._dataset, self._run)}-{table}-{part}-{sha}-{attempt}"


def staging_table(dataset: str, run: str, table: str) -> str:
    """Name the table in which a run's rows of `table` wait."""
    return f"{dataset}_staging.{table}__{re.sub(r'[^A-Za-z0-9_]', '_', run)}"


def job_prefix(dataset: str, run: str) -> str:
    """Begin the ids of a run's jobs; the dataset is in it because ids are the project's."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"etl-{dataset.rpartition('.')[2]}-{run}")


def label(text: str) -> str:
    """Write a text as the value of a label."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]
