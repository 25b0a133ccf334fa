"""The permissions that a load uses, each with what for: no more, and no fewer (tests hold them against its calls)."""

PROJECT = {"bigquery.jobs.create": "runs queries and load jobs"}
"""On the project, which pays."""

FIRST_NIGHT = {"bigquery.datasets.create": "creates the two datasets, unless somebody else has"}
"""On the project, as long as the datasets are not there."""

DATASETS = {
    "bigquery.datasets.get": "reads where a dataset lies, and its expiry",
    "bigquery.datasets.update": "takes off the expiry that a sandbox gave to a dataset of ours",
    "bigquery.tables.create": "creates tables, and those of staging each night",
    "bigquery.tables.delete": "drops what was staged",
    "bigquery.tables.get": "compares tables with their contracts, and counts what is staged",
    "bigquery.tables.getData": "proves what is published, and reads the keys of dimensions",
    "bigquery.tables.update": "adds columns, and renews descriptions, labels and keys",
    "bigquery.tables.updateData": "loads, and replaces the rows in one transaction",
    "bigquery.rowAccessPolicies.list": "sees policies that would hide rows",
}
"""On both datasets."""

TABLES = tuple(name for name in DATASETS if name.startswith("bigquery.tables.") and name != "bigquery.tables.create")
"""What BigQuery answers of a table when it is asked which permissions one has."""
