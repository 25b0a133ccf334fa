"""Whether two ways made the same rows: typed by the contract, irrespective of their order, counted."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from etl.company.tables import contracts
from etl.load.duckdb.types import written


def differing_rows(tables: Path, table: str, ours: Sequence[Path], theirs: Sequence[Path], spill: Path) -> int:
    """Count the rows of a star table that stand in one of two ways' files alone, which are CSV or Parquet.

    Sums of hashes of all rows are compared; where they differ, or the number of rows, it is counted.
    """
    columns = typed_columns(tables, table)
    mine, other = relation(columns, ours), relation(columns, theirs)
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{spill}'; SET memory_limit = '2GB'; SET TimeZone = 'UTC'")
        hashed = f"SELECT count(*), sum(hash({', '.join(columns)})::HUGEINT) FROM "
        if connection.execute(hashed + mine).fetchone() == connection.execute(hashed + other).fetchone():
            return 0
        # the same as EXCEPT ALL both ways, in one pass
        found = connection.execute(
            f"SELECT coalesce(sum(abs(balance)), 0) FROM ("
            f" SELECT sum(side) AS balance FROM (SELECT *, 1 AS side FROM {mine} UNION ALL SELECT *, -1 FROM {other})"
            f" GROUP BY {', '.join(columns)} HAVING balance <> 0)"
        ).fetchone()
    return int(found[0]) if found else 0


def differing_lines(ours: Path, theirs: Path) -> bool:
    """Return whether two CSVs have other lines, irrespective of their order."""
    return _lines(ours) != _lines(theirs)


def typed_columns(tables: Path, table: str) -> dict[str, str]:
    """Return the columns of a star table, whose file lies in `tables`, with DuckDB's types."""
    return {column.name: written(column) for column in contracts(tables)[table].columns}


def relation(columns: dict[str, str], files: Sequence[Path]) -> str:
    """Write the rows of files as something to select from, each column of its type."""
    paths = [str(file) for file in files]
    if files[0].suffix == ".parquet":
        typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind in columns.items())
        return f"(SELECT {typed} FROM read_parquet({paths}))"
    return f"read_csv({paths}, header = true, auto_detect = false, quote = '\"', columns = {columns})"


def _lines(path: Path) -> tuple[object, ...]:
    with duckdb.connect() as connection:
        rows = (
            f"read_csv('{path}', header = false, auto_detect = false, columns = {{line: 'VARCHAR'}}, delim = '\\x01',"
            " quote = '', escape = '', max_line_size = 20000000)"
        )
        found = connection.execute(f"SELECT count(*), sum(hash(line)::HUGEINT) FROM {rows}").fetchone()
    return tuple(found or ())
