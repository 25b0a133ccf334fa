"""Names and texts in DuckDB's SQL."""

from pathlib import Path

from etl.receipts.duckdb import DUCKDB

quoted = DUCKDB.quoted


def literal(value: str) -> str:
    """Write a text."""
    return "'" + value.replace("'", "''") + "'"


def attached(path: Path, name: str) -> str:
    """Write what lets a session read a file under a name."""
    return f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)"
