"""Publishing into a DuckDB file: what is done to the copy of it that takes its place."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from etl.contract.table import Contract
from etl.core.head import Head
from etl.core.receipt import TableReceipt
from etl.load import head as heads
from etl.load.checks import check_receipt, unfit
from etl.load.duckdb.sql import literal, quoted
from etl.load.etl_runs import ETL_RUNS, run_rows
from etl.load.head import ETL_HEAD
from etl.load.months import within
from etl.load.warehouse import REMOVED, Delta, Handover
from etl.receipts.duckdb import DUCKDB
from etl.receipts.sql import receipt_from, select_receipt

Relations = Mapping[tuple[str, str], str]
"""What is staged, by table and part."""


def insert(handover: Handover, relation: str) -> str:
    """Write the statement that fills a table with the rows of a relation."""
    table, columns = quoted(handover.contract.name), ", ".join(map(quoted, handover.contract.schema.names))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {relation}"


def move_head(connection: duckdb.DuckDBPyConnection, before: Head, after: Head) -> None:
    """Move the head. Raises WarehouseError where it is no longer the one that this load looked at."""
    if connection.execute(heads.move(ETL_HEAD.name, before, after, literal)).fetchall() != [(1,)]:
        raise heads.moved(before)


def replace_rows(
    connection: duckdb.DuckDBPyConnection, database: str, run: str, handovers: Sequence[Handover], staged: Relations
) -> None:
    """Replace the rows of tables, or those that changed, note it in `etl_runs`, and prove what is there then.

    database: what the copy is attached as.
    """
    with _one_commit(connection):
        for handover in handovers:
            _delete(connection, handover, staged)
    connection.execute(f"CHECKPOINT {database}")  # the new rows take the old ones' place in the file
    with _one_commit(connection):
        for part in (part for handover in handovers for part in handover.staged if part.part != REMOVED):
            connection.execute(insert(part, staged[part.contract.name, part.part]))
        _record(connection, run, handovers)
    for handover in handovers:
        _prove(connection, handover)


def _delete(connection: duckdb.DuckDBPyConnection, handover: Handover, staged: Relations) -> None:
    """Delete all rows of a table, or those that its changes remove: exactly as many as they say."""
    contract, delta = handover.contract, handover.delta
    if delta is None:
        connection.execute(f"DELETE FROM {quoted(contract.name)}")
    elif delta.removed_rows:
        query = remove(contract, delta, staged[contract.name, REMOVED])
        [(found,)] = connection.execute(query).fetchall()
        if found != delta.removed_rows:
            raise unfit(contract.name, f"not exactly {delta.removed_rows:,} rows were removed, but {found:,}")


def remove(contract: Contract, delta: Delta, relation: str) -> str:
    """Write the statement that deletes the rows that changes remove. relation: of these."""
    columns = dict.fromkeys([*contract.primary_key, *[contract.partition_by] * bool(contract.partition_by)])
    same = [f"_gone.{name} IS NOT DISTINCT FROM _old.{name}" for name in map(quoted, map(str, columns))]
    months = [within(contract, delta.months, quoted, "_old")] if delta.months else []
    found = f"EXISTS (SELECT 1 FROM {relation} AS _gone WHERE {' AND '.join(same)})"
    return f"DELETE FROM {quoted(contract.name)} AS _old WHERE {' AND '.join([*months, found])}"


def _prove(connection: duckdb.DuckDBPyConnection, handover: Handover) -> None:
    """Compare what is published now with the receipts: of a table with changes, the partitions in which they lie."""
    contract, delta, table = handover.contract, handover.delta, quoted(handover.contract.name)
    if delta is None:
        check_receipt(handover, receipt(connection, contract, handover.receipt, table), "published")
        return
    [(rows,)] = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchall()
    if rows != handover.receipt.rows:
        raise unfit(contract.name, f"{handover.receipt.rows:,} rows are {rows:,}")
    if not delta.rows or not delta.proof.proves:
        return
    part = f"(SELECT * FROM {table} WHERE {within(contract, delta.months, quoted)})" if delta.months else table
    found = receipt(connection, contract, delta.proof, part, limits=not delta.months)
    if differences := delta.proof.differences(found):
        raise unfit(contract.name, "; ".join(differences))


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
    connection: duckdb.DuckDBPyConnection, contract: Contract, like: TableReceipt, relation: str, *, limits: bool = True
) -> TableReceipt:
    """Compute the receipt of a relation as far as `like` goes. limits: with least and greatest values."""
    schema = contract.schema
    query = select_receipt(schema, DUCKDB, relation, hashes=like.hash_sum is not None, limits=limits)
    answer: pa.Table = connection.sql(query).to_arrow_table()
    return receipt_from(answer.to_pylist()[0], schema, DUCKDB, limits=limits)
