"""Opening the warehouse that the settings name, importing nothing that another one needs."""

from config import Settings
from etl.load.warehouse import Warehouse


def open_warehouse(settings: Settings, patience: float = 120.0) -> Warehouse:
    """Return the warehouse of the settings; it connects when it is first asked.

    patience: seconds for which calls that fail temporarily are repeated.
    """
    if settings.warehouse == "duckdb":
        from etl.load.duckdb.warehouse import DuckDBWarehouse

        return DuckDBWarehouse(settings.duckdb_path)
    from etl.load.bigquery.client import connector
    from etl.load.bigquery.warehouse import BigQueryWarehouse

    project, dataset = str(settings.bigquery_project), str(settings.bigquery_dataset)
    return BigQueryWarehouse(connector(settings), project, dataset, patience=patience)
