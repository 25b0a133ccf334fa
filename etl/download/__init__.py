"""Stage 1: every query becomes a CSV, all queries of a source from one snapshot."""

from etl.core.job import Job


def run(job: Job) -> None:
    """Extract the queries into a committed run of data/…/1_raw."""
    from etl.download.stage import download

    download(job)
