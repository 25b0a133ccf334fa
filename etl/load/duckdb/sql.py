"""Names and texts in DuckDB's SQL."""

from etl.receipts.duckdb import DUCKDB

quoted = DUCKDB.quoted


def literal(value: str) -> str:
    """Write a text."""
    return "'" + value.replace("'", "''") + "'"
