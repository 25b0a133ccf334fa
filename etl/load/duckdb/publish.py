"""Publishing into a DuckDB file: what is done to the copy of it that takes its place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from etl.contract.table import Contract
from etl.core.receipt import TableReceipt
from etl.load import head as heads
from etl.load.checks import check_receipt
from etl.load.duckdb.sql import literal, quoted
from etl.load.etl_runs import ETL_RUNS, run_rows
from etl.load.head import ETL_HEAD, Head
from etl.load.warehouse import Handover
from etl.receipts.duckdb import DUCKDB
from etl.receipts.sql import receipt_from, select_receipt


def insert(handover: Handover, relation: str) -> str:
    """Write the statement that fills a table with the rows of a relation."""
    table, columns = quoted(handover.contract.name), ", ".join(map(quoted, handover.contract.schema.names))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {relation}"


def move_head(connection: duckdb.DuckDBPyConnection, before: Head, after: Head) -> None:
    """Move the head. Raises WarehouseError where it is no longer the one that this load looked at."""
    if connection.execute(heads.move(ETL_HEAD.name, before, after, literal)).fetchall() != [(1,)]:
        raise heads.moved(before)


def replace_rows(
    connection: duckdb.DuckDBPyConnection, database: str, run: str, handovers: Sequence[Handover], inserts: list[str]
) -> None:
    """Replace the rows of all tables, note it in `etl_runs`, and prove what is there then by the receipts.

    database: what the copy is attached as; inserts: the statements, by table.
    """
    with _one_commit(connection):
        for handover in handovers:
            connection.execute(f"DELETE FROM {quoted(handover.contract.name)}")
    connection.execute(f"CHECKPOINT {database}")  # the new rows take the old ones' place in the file
    with _one_commit(connection):
        for statement in inserts:
            connection.execute(statement)
        _record(connection, run, handovers)
    for handover in handovers:
        found = receipt(connection, handover.contract, handover.receipt, quoted(handover.contract.name))
        check_receipt(handover, found, "published")


@contextmanager
def _one_commit(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Wait for the disk once, and not after each statement; what fails is thrown away with the copy of the file."""
    connection.begin()
    yield
    connection.commit()


def _record(connection: duckdb.DuckDBPyConnection, run: str, handovers: Sequence[Handover]) -> None:
    rows = pa.Table.from_pylist(run_rows(run, handovers, datetime.now(UTC)), ETL_RUNS.schema)
    connection.register("new_runs", rows)
    connection.execute(
        "DELETE FROM etl_runs WHERE (run_id, table_name) IN (SELECT (run_id, table_name) FROM new_runs);"
        "INSERT INTO etl_runs BY NAME SELECT * FROM new_runs"
    )
    connection.unregister("new_runs")


def receipt(
    connection: duckdb.DuckDBPyConnection, contract: Contract, like: TableReceipt, relation: str
) -> TableReceipt:
    """Compute the receipt of a relation as far as `like` goes."""
    schema = contract.schema
    query = select_receipt(schema, DUCKDB, relation, hashes=like.hash_sum is not None)
    answer: pa.Table = connection.sql(query).to_arrow_table()
    return receipt_from(answer.to_pylist()[0], schema, DUCKDB)
