"""Stage 2: the raw CSVs become the facts and dimensions of a star, each table checked against its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.core.job import Job

if TYPE_CHECKING:
    from etl.transform.known import Ask


def run(job: Job, ask: Ask | None = None) -> None:
    """Build the star into a committed run of data/…/2_star. ask: asks the warehouse what is published."""
    from etl.transform.stage import transform

    transform(job, ask)
