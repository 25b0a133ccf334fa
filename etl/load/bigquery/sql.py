"""The SQL that BigQuery is sent: receipts, and the script that publishes."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from etl.load.etl_runs import ETL_RUNS
from etl.load.head import ETL_HEAD, Head, first_row, move
from etl.load.warehouse import Handover
from etl.receipts.bigquery import BIGQUERY, quoted, sum_type
from etl.receipts.sql import Figure, figures

RECEIPT_FAULT = "receipt differs in "
"""How the message begins with which the publishing script refuses what it would publish."""

HEAD_FAULT = "another load moved the head"
"""The message with which the script refuses where another load published meanwhile."""


PROBE = "CREATE TEMP TABLE probe AS SELECT 1 AS x; DELETE FROM probe WHERE x = 1;"
"""Changes a row of nobody's, which BigQuery's sandbox refuses."""
LONGEST_QUERY = 1024 * 1000
"""Characters that a query may have."""


def publish_script(
    dataset: str,
    staged: dict[str, str],
    handovers: Sequence[Handover],
    runs: list[dict[str, Any]],
    heads: tuple[Head, Head],
) -> str:
    """Write the script that replaces the rows of all tables in one transaction, or of none.

    What fails rolls the transaction back by itself: a handler that did so would hide the first error behind its own.
    dataset: "project.dataset"; staged: by table, the full name of its staging table; runs: the rows of `etl_runs`;
    heads: the one that this load looked at, and the one to come.
    """
    steps = [step for handover in handovers for step in _replace(dataset, staged[handover.contract.name], handover)]
    fence = [
        f"{move(quoted(f'{dataset}.{ETL_HEAD.name}'), *heads, literal)};",
        f"IF @@row_count != 1 THEN RAISE USING MESSAGE = {literal(HEAD_FAULT)}; END IF;",
    ]
    body = "\n".join(["BEGIN TRANSACTION;", *fence, *steps, *_record(dataset, runs), "COMMIT TRANSACTION;"])
    return f"DECLARE differences STRING;\n{body}\n"


def create_head(dataset: str, labels: dict[str, str]) -> str:
    """Write the statement that creates the head's table with its one row, unless it is there."""
    labelled = ", ".join(f"({literal(name)}, {literal(value)})" for name, value in labels.items())
    head, runs = (quoted(f"{dataset}.{contract.name}") for contract in (ETL_HEAD, ETL_RUNS))
    columns = ", ".join(
        f"{quoted(c.name)} STRING NOT NULL OPTIONS (description = {literal(c.description)})" for c in ETL_HEAD.columns
    )
    key = ", ".join(map(quoted, ETL_HEAD.primary_key))
    told = f"OPTIONS (description = {literal(ETL_HEAD.description)}, labels = [{labelled}])"
    defined = f"({columns}, PRIMARY KEY ({key}) NOT ENFORCED)"
    return f"CREATE TABLE IF NOT EXISTS {head} {defined} {told} AS {first_row(runs)}"


def _replace(dataset: str, staged: str, handover: Handover) -> Iterator[str]:
    table = quoted(f"{dataset}.{handover.contract.name}")
    columns = ", ".join(map(quoted, handover.contract.schema.names))
    yield f"TRUNCATE TABLE {table};"
    yield f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {quoted(staged)};"
    yield from proven(handover, table)


def proven(handover: Handover, table: str) -> Iterator[str]:
    """Write what ends a script where the rows of a table are not those of the receipt, if that proves anything."""
    if not handover.receipt.proves:
        return
    message = literal(f"{RECEIPT_FAULT}{handover.contract.name}: ")
    yield f"SET differences = ({differences_sql(handover, table)});"
    yield f"IF differences != '' THEN RAISE USING MESSAGE = CONCAT({message}, differences); END IF;"


def differences_sql(handover: Handover, relation: str) -> str:
    """Write the query that names, as one text, each figure of a relation that is not as in the receipt."""
    schema, columns = handover.contract.schema, handover.receipt.columns
    checks = [_unless(f"COUNT(*) = {handover.receipt.rows}", "rows")]
    for figure in figures(schema, BIGQUERY):
        expected = getattr(columns[figure.column.name], figure.what)
        wanted = str(expected) if figure.what == "nulls" else _limit(expected, figure)
        checks.append(_unless(f"{figure.sql} IS NOT DISTINCT FROM {wanted}", f"{figure.column.name} ({figure.what})"))
    if handover.receipt.hash_sum:
        relation, hashed = BIGQUERY.hashed(schema, relation)
        checks.append(_unless(f"{hashed} = NUMERIC {literal(handover.receipt.hash_sum)}", "the hash over the rows"))
    every = ",\n  ".join(checks)
    return f"SELECT ARRAY_TO_STRING([\n  {every}\n], ', ') FROM {relation}"


def _unless(condition: str, name: str) -> str:
    return f"IF({condition}, NULL, {literal(name)})"


def _limit(value: str | None, figure: Figure) -> str:
    """Write a receipt's sum, least or greatest value as a literal of the figure's type."""
    kind = figure.column.type
    if value is None:
        return "NULL"
    if pa.types.is_string(kind):
        return literal(value)
    if pa.types.is_date(kind):
        return f"DATE {literal(value)}"
    if pa.types.is_timestamp(kind):
        return f"TIMESTAMP {literal(value)}"
    return f"{sum_type(kind) if figure.what == 'sum' else 'NUMERIC'} {literal(value)}"


def _record(dataset: str, runs: list[dict[str, Any]]) -> Iterator[str]:
    if not runs:
        return
    table, tables = quoted(f"{dataset}.{ETL_RUNS.name}"), ", ".join(literal(run["table_name"]) for run in runs)
    yield f"DELETE FROM {table} WHERE run_id = {literal(runs[0]['run_id'])} AND table_name IN ({tables});"
    rows = ",\n  ".join(f"({', '.join(map(literal, run.values()))})" for run in runs)
    yield f"INSERT INTO {table} ({', '.join(map(quoted, runs[0]))}) VALUES\n  {rows};"


def literal(value: object) -> str:
    """Write a text, a number, an instant or NULL as SQL. JSON escapes in texts what BigQuery does, and likewise."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"TIMESTAMP {json.dumps(value.isoformat())}"
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)
