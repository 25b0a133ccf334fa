"""Stage 1: every query becomes a CSV, all queries of a source from one snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.core.job import Job

if TYPE_CHECKING:
    from etl.core.head import AskHead


def run(job: Job, ask: AskHead | None = None) -> None:
    """Extract the queries into a committed run of data/…/1_raw. ask: asks the warehouse what is published."""
    from etl.download.stage import download

    download(job, ask)
