"""Whether two ways made the same rows: typed by the contract, irrespective of their order, counted."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from etl.company.tables import contracts
from etl.load.duckdb.types import written


def differing_rows(tables: Path, table: str, ours: Sequence[Path], theirs: Sequence[Path], spill: Path) -> int:
    """Count the rows of a star table that stand in one of two ways' CSVs alone."""
    columns = typed_columns(tables, table)
    mine, other = _relation(columns, ours), _relation(columns, theirs)
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{spill}'; SET memory_limit = '2GB'")
        # the same as EXCEPT ALL both ways, in one pass
        found = connection.execute(
            f"SELECT coalesce(sum(abs(balance)), 0) FROM ("
            f" SELECT sum(side) AS balance FROM (SELECT *, 1 AS side FROM {mine} UNION ALL SELECT *, -1 FROM {other})"
            f" GROUP BY {', '.join(columns)} HAVING balance <> 0)"
        ).fetchone()
    return int(found[0]) if found else 0


def typed_columns(tables: Path, table: str) -> dict[str, str]:
    """Give the columns of a star table, whose file lies in `tables`, with DuckDB's types."""
    return {column.name: written(column) for column in contracts(tables)[table].columns}


def _relation(columns: dict[str, str], files: Sequence[Path]) -> str:
    paths = [str(file) for file in files]
    return f"read_csv({paths}, header = true, auto_detect = false, quote = '\"', columns = {columns})"
