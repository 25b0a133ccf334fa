"""Stage 2: the raw CSVs become the facts and dimensions of a star, each table checked against its contract."""

from etl.core.job import Job


def run(job: Job) -> None:
    """Build the star into a committed run of data/…/2_star."""
    from etl.transform.stage import transform

    transform(job)
