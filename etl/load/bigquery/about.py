"""What BigQuery is: a dataset in a project, with limits of its own, which reads buckets and counts load jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.core.warehouse import About

if TYPE_CHECKING:
    from collections.abc import Collection

    from config import Settings
    from etl.contract.table import Contract
    from etl.core.head import Head
    from etl.load.warehouse import Warehouse


def about(settings: Settings) -> About:
    """Return what it is."""
    return About(
        address=f"bigquery:{settings.bigquery_project}.{settings.bigquery_dataset}",
        check=_check,
        reads_buckets=True,
        file_is_job=True,
    )


def head(settings: Settings, patience: float) -> Head:
    """Read the head."""
    with opened(settings, patience) as warehouse:
        return warehouse.head()


def opened(settings: Settings, patience: float) -> Warehouse:
    """Return the warehouse; it connects when it is first asked. patience: seconds for which calls are repeated."""
    from etl.load.bigquery.client import connector
    from etl.load.bigquery.warehouse import BigQueryWarehouse

    project, dataset = str(settings.bigquery_project), str(settings.bigquery_dataset)
    tag = settings.bigquery_policy_tag
    return BigQueryWarehouse(connector(settings), project, dataset, patience=patience, policy_tag=tag)


def _check(contracts: Collection[Contract]) -> None:
    from etl.load.bigquery.limits import check

    check(contracts)
