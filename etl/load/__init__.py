"""Stage 3: the star's CSV becomes Parquet, is staged, reconciled with its receipt, and published in one transaction."""

from etl.core.job import Job


def run(job: Job) -> None:
    """Publish a star run in the warehouse, and commit what was published to data/…/3_loaded."""
    from etl.load.stage import load

    load(job)
