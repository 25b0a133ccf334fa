"""The head of a DuckDB file, read without what the contracts of tables need: stage 1 asks for it in little memory."""

from pathlib import Path

from etl.core.duckdb_session import session
from etl.core.head import NAME, READ, Head
from etl.load.duckdb.errors import READING, explained
from etl.load.duckdb.sql import attached


def head_of(path: Path) -> Head:
    """Read the head; nothing is published in a file that is not there."""
    if not path.exists():
        return Head()
    with explained(READING, path), session() as connection:
        connection.execute(attached(path, "night"))
        connection.execute("USE night")
        there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if NAME not in there:  # an older version published, if any
            runs = connection.execute("SELECT MAX(run_id) FROM etl_runs") if "etl_runs" in there else None
            return Head((runs.fetchall()[0][0] if runs else None) or "")
        found = connection.execute(READ)
        names = [column[0] for column in found.description or ()]
        rows = found.fetchall()
    return Head.of(dict(zip(names, rows[0], strict=True))) if rows else Head()
