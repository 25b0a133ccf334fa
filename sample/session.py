"""Sessions in the sample's database, and what is run in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

HERE = Path(__file__).parent


def connect(url: str) -> Any:
    """Open a session that tells no notices, and dates as ISO has them."""
    return psycopg2.connect(url, options="-c client_min_messages=warning -c datestyle=ISO")


@contextmanager
def session(url: str) -> Iterator[Any]:
    """A connection for one transaction with much memory; committed at the end."""
    with closing(connect(url)) as connection, connection:
        execute(connection, "SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET TimeZone = 'UTC'")
        yield connection


def run_file(connection: Any, path: Path) -> None:
    """Run the statements of a file."""
    execute(connection, path.read_text(encoding="utf-8"))


def execute(connection: Any, statement: str | sql.Composable) -> None:
    """Run statements whose rows nobody asks for."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows_of(connection: Any, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
