"""Stage 3: the star's CSV becomes Parquet, is staged, reconciled with its receipt, and published in one transaction.

After that, and under the same lock, the Power BI dataset is refreshed: it reads one table after the other.
"""

from etl.core.job import Job


def run(job: Job) -> None:
    """Publish a star run in the warehouse, commit what was published to data/…/3_loaded, and refresh the dataset."""
    from etl.load.power_bi import refresh
    from etl.load.stage import load

    refresh(job, published=load(job))
