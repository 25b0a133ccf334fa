"""Loading into BigQuery's staging dataset, so that doing it again loads nothing twice."""

import hashlib
import re
from functools import partial

from google.cloud import bigquery

from etl.load import bigquery_schema as shape
from etl.load.bigquery_errors import Fault
from etl.load.bigquery_jobs import CALL_TIMEOUT, Jobs
from etl.load.warehouse import Handover


class Staging:
    """The load jobs of a star's tables, whichever run stages them. dataset: the published one, as "project.dataset"."""

    def __init__(self, client: bigquery.Client, jobs: Jobs, dataset: str) -> None:
        self._client = client
        self._jobs = jobs
        self._dataset = dataset

    def load(self, handover: Handover, attempt: int) -> Fault | None:
        """Load every file by a job of its own, the first one truncating, and say how one failed, if so.

        A job of the same id that is there already is not repeated, whenever it ran.
        """
        for part in range(len(handover.files)):
            insert = partial(self._upload, handover, part)
            if fault := self._jobs.run(self._job_id(handover, part, attempt), insert):
                return fault
        return None

    def newest_attempt(self, handover: Handover) -> int:
        """Give the attempt that an earlier call came to, which may have loaded all; 0 where there was none."""
        attempt = 0
        while self._jobs.exists(self._job_id(handover, 0, attempt + 1)):
            attempt += 1
        return attempt

    def _upload(self, handover: Handover, part: int, job_id: str) -> None:
        with handover.files[part].open("rb") as data:
            self._client.load_table_from_file(
                data,
                staging_table(self._dataset, handover),
                num_retries=0,  # whether to try again is decided by asking for the job
                job_id=job_id,
                job_config=self._config(handover, first=part == 0),
                timeout=CALL_TIMEOUT,
            )

    def _config(self, handover: Handover, *, first: bool) -> bigquery.LoadJobConfig:
        return bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            schema=shape.schema(handover.contract),
            write_disposition="WRITE_TRUNCATE" if first else "WRITE_APPEND",
            max_bad_records=0,
            labels={"star": label(handover.star_run), "table": label(handover.contract.name)},
        )

    def _job_id(self, handover: Handover, part: int, attempt: int) -> str:
        with handover.files[part].open("rb") as data:
            sha = hashlib.file_digest(data, "sha256").hexdigest()[:16]
        return f"{job_prefix(self._dataset, handover.star_run)}-{handover.contract.name}-{part}-{sha}-{attempt}"


def staging_table(dataset: str, handover: Handover) -> str:
    """Name the table in which a star's rows wait: a run that follows a killed one finds them."""
    return f"{dataset}_staging.{handover.contract.name}__{re.sub(r'[^A-Za-z0-9_]', '_', handover.star_run)}"


def job_prefix(dataset: str, run: str) -> str:
    """Begin the ids of a run's jobs; the dataset is in it because ids are the project's."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"etl-{dataset.rpartition('.')[2]}-{run}")


def label(text: str) -> str:
    """Write a text as the value of a label."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]
