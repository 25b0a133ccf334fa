"""Opening the warehouse that the settings name, importing nothing that another one needs."""

from config import Settings
from etl.load.warehouse import Warehouse


def open_warehouse(settings: Settings) -> Warehouse:
    """Give the warehouse of the settings; it connects when it is first asked."""
    if settings.warehouse == "duckdb":
        from etl.load.duckdb_warehouse import DuckDBWarehouse

        return DuckDBWarehouse(settings.duckdb_path)
    from etl.load.bigquery_client import connector
    from etl.load.bigquery_warehouse import BigQueryWarehouse

    return BigQueryWarehouse(connector(settings), str(settings.bigquery_project), str(settings.bigquery_dataset))
