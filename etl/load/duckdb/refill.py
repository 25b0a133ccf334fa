"""Making tables of the DuckDB file anew, in the copy of it that takes its place; the old ones are kept in a schema.

Views and macros of a person find the new table by its name; a person's indexes are made again.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import duckdb

from etl.core.log import log
from etl.load.checks import check_receipt
from etl.load.duckdb import schema
from etl.load.duckdb.publish import insert, receipt
from etl.load.duckdb.sql import literal, quoted
from etl.load.etl_runs import ETL_RUNS
from etl.load.refilling import KEPT_FOR, copy_name, until
from etl.load.shape import Difference, compare
from etl.load.warehouse import Handover

KEPT = "etl_kept"
"""The schema of what is kept for a week."""


def planned(every: Sequence[tuple[Handover, Difference]]) -> str:
    """Write what would be run, for people to read."""
    lines = [
        line
        for handover, difference in every
        for line in (*_keep(difference.table, "…")[1], *_anew(difference, handover, f"{difference.table}.parquet"))
    ]
    return "".join(f"{line};\n" for line in lines)


def make_anew(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    run: str,
    difference: Difference,
    handover: Handover,
    relation: str,
) -> str:
    """Make a table anew, filled and proven; returns where the old one is kept. relation: of its rows."""
    kept, keeping = _keep(difference.table, run)
    indexes = _indexes(connection, database, difference.table)
    for statement in [*keeping, *_anew(difference, handover, relation)]:
        connection.execute(statement)
    _index_again(connection, difference.table, indexes)
    found = receipt(connection, handover.contract, handover.receipt, quoted(difference.table))
    check_receipt(handover, found, "staged")
    return kept


def drop(connection: duckdb.DuckDBPyConnection, run: str, table: str, *, is_there: bool) -> str:
    """Keep a table and drop it, and forget when it was published; returns where it is kept, "" if it is gone."""
    kept, keeping = _keep(table, run)
    for statement in [*keeping, f"DROP TABLE {quoted(table)}"] if is_there else []:
        connection.execute(statement)
    connection.execute(f"DELETE FROM {ETL_RUNS.name} WHERE table_name = {literal(table)}")
    return kept if is_there else ""


def _keep(table: str, run: str) -> tuple[str, list[str]]:
    """Write what keeps a copy of a table; returns its name, too. Its comment says until when."""
    name = f"{quoted(KEPT)}.{quoted(copy_name(table, run))}"
    return name, [
        f"CREATE SCHEMA IF NOT EXISTS {quoted(KEPT)}",
        f"CREATE OR REPLACE TABLE {name} AS FROM {quoted('main')}.{quoted(table)}",
        f"COMMENT ON TABLE {name} IS {literal(until().isoformat(timespec='seconds'))}",
    ]


def _anew(difference: Difference, handover: Handover, relation: str) -> list[str]:
    """Write what makes a table anew and fills it."""
    return [
        f"DROP TABLE {quoted(difference.table)}",
        *schema.change(compare(difference.table, difference.wanted, None)),
        insert(handover, relation),
    ]


def _indexes(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> list[tuple[str, str]]:
    """Return the indexes that a person made on a table, each with the statement that makes it."""
    found = (
        "SELECT index_name, sql FROM duckdb_indexes() WHERE database_name = ? AND table_name = ? AND sql IS NOT NULL"
    )
    return list(connection.execute(found, [database, table]).fetchall())


def _index_again(connection: duckdb.DuckDBPyConnection, table: str, indexes: list[tuple[str, str]]) -> None:
    """Make indexes again; tell of those that the new table cannot have."""
    for name, statement in indexes:
        try:
            connection.execute(statement)
        except duckdb.Error as error:
            said = str(error).partition("\n")[0]
            log.warning("load: %s has no index %s any more, which somebody made: %s", table, name, said)


def forget(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Drop what has been kept for long enough."""
    for name in _old(connection, now):
        connection.execute(f"DROP TABLE {quoted(KEPT)}.{quoted(name)}")


def _old(connection: duckdb.DuckDBPyConnection, now: datetime) -> Iterator[str]:
    here = (
        "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ?"
    )
    for name, comment in connection.execute(here, [KEPT]).fetchall():
        try:
            end = datetime.fromisoformat(comment or "")
        except ValueError:
            continue  # a person's
        if end <= now <= end + 1000 * KEPT_FOR:
            yield name
