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

POWER_BI = {
    "bigquery.jobs.create": "runs a query for each table",
    "bigquery.jobs.list": "finds its queries' answers",
    "bigquery.readsessions.create": "fetches an answer as Arrow, by the Storage API",
    "bigquery.readsessions.getData": "reads its rows",
    "bigquery.readsessions.update": "divides them among several readers",
    "resourcemanager.projects.get": "finds the project by its name",
}
"""On the project that pays for what Power BI reads: what its driver (ADBC) asks for, as its page lists it; whoever
started a job may look at it without bigquery.jobs.get. https://github.com/adbc-drivers/bigquery"""

TABLES = tuple(name for name in DATASETS if name.startswith("bigquery.tables.") and name != "bigquery.tables.create")
"""What BigQuery answers of a table when it is asked which permissions one has."""
