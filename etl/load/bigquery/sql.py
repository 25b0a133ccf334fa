"""The SQL that BigQuery is sent: receipts, and the script that publishes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from etl.contract.table import Contract
from etl.core.head import Head
from etl.load.etl_runs import ETL_RUNS
from etl.load.head import ETL_HEAD, first_row, move
from etl.load.months import within
from etl.load.warehouse import ADDED, REMOVED, Delta, Handover
from etl.receipts.bigquery import BIGQUERY, quoted, sum_type
from etl.receipts.sql import Figure, figures

RECEIPT_FAULT = "receipt differs in "
"""How the message begins with which the publishing script refuses what it would publish."""

UNFIT_FAULT = "changes do not fit "
"""How the message begins with which it refuses to publish a table by its changes."""

HEAD_FAULT = "another load moved the head"
"""The message with which the script refuses where another load published meanwhile."""


PROBE = "CREATE TEMP TABLE probe AS SELECT 1 AS x; DELETE FROM probe WHERE x = 1;"
"""Changes a row of nobody's, which BigQuery's sandbox refuses."""
LONGEST_QUERY = 1024 * 1000
"""Characters that a query may have."""


def publish_script(
    dataset: str,
    staged: Mapping[tuple[str, str], str],
    handovers: Sequence[Handover],
    runs: list[dict[str, Any]],
    heads: tuple[Head, Head],
) -> str:
    """Write the script that replaces the rows of tables, or those that changed, in one transaction, or of none.

    What fails rolls the transaction back by itself: a handler that did so would hide the first error behind its own.
    dataset: "project.dataset"; staged: by table and part, the full name of its staging table; runs: the rows of
    `etl_runs`; heads: the one that this load looked at, and the one to come.
    """
    steps = [step for handover in handovers for step in _filled(dataset, staged, handover)]
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
        f"{quoted(c.name)} STRING{' NOT NULL' * (not c.nullable)} OPTIONS (description = {literal(c.description)})"
        for c in ETL_HEAD.columns
    )
    key = ", ".join(map(quoted, ETL_HEAD.primary_key))
    told = f"OPTIONS (description = {literal(ETL_HEAD.description)}, labels = [{labelled}])"
    defined = f"({columns}, PRIMARY KEY ({key}) NOT ENFORCED)"
    return f"CREATE TABLE IF NOT EXISTS {head} {defined} {told} AS {first_row(runs)}"


def _filled(dataset: str, staged: Mapping[tuple[str, str], str], handover: Handover) -> Iterator[str]:
    """Write what fills a table, whole or by its changes, and what proves it."""
    name, delta, table = handover.contract.name, handover.delta, quoted(f"{dataset}.{handover.contract.name}")
    if delta is None:
        yield f"TRUNCATE TABLE {table};"
        yield insert(handover, table, staged[name, ""])
        yield from proven(handover, table)
        return
    if delta.removed_rows:
        yield remove(handover.contract, delta, table, staged[name, REMOVED])
        yield _counted(handover, delta.removed_rows, "removed")
    if delta.added_rows:
        yield insert(handover, table, staged[name, ADDED])
        yield _counted(handover, delta.added_rows, "added")
    yield from _fits(handover, delta, table)


def insert(handover: Handover, table: str, staged: str) -> str:
    """Write the statement that adds what is staged."""
    columns = ", ".join(map(quoted, handover.contract.schema.names))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {quoted(staged)};"


def remove(contract: Contract, delta: Delta, table: str, staged: str) -> str:
    """Write the statement that deletes the rows which changes remove; the months are literals, which prune partitions.

    What may be NULL is compared by two equations: BigQuery joins by nothing else.
    """
    columns = dict.fromkeys([*contract.primary_key, *[contract.partition_by] * bool(contract.partition_by)])
    same = [each for name in columns for each in _same(contract.schema.field(str(name)))]
    months = [within(contract, delta.months, quoted, "_old")] if delta.months else []
    found = f"EXISTS (SELECT 1 FROM {quoted(staged)} AS _gone WHERE {' AND '.join(same)})"
    return f"DELETE FROM {table} AS _old WHERE {' AND '.join([*months, found])};"


def _same(field: pa.Field) -> Iterator[str]:
    sides = [f"{row}.{quoted(field.name)}" for row in ("_gone", "_old")]
    if not field.nullable:
        yield " = ".join(sides)
        return
    yield " = ".join(f"({side} IS NULL)" for side in sides)
    yield " = ".join(f"IFNULL(CAST({side} AS STRING), '')" for side in sides)


def _counted(handover: Handover, rows: int, what: str) -> str:
    """Write what ends a script where the last statement changed more or fewer rows than it was to."""
    message = literal(f"{UNFIT_FAULT}{handover.contract.name}: not exactly {rows:,} rows were {what}")
    return f"IF @@row_count != {rows} THEN RAISE USING MESSAGE = {message}; END IF;"


def _fits(handover: Handover, delta: Delta, table: str) -> Iterator[str]:
    """Write what ends a script where a table is not that of the star after its changes.

    Of the partitions that changed every figure is compared; of the others the number of rows, which costs nothing.
    """
    rows = handover.receipt.rows
    counted = f"IF(COUNT(*) = {rows}, '', CONCAT('{rows:,} rows are ', CAST(COUNT(*) AS STRING)))"
    yield from _refused(handover, f"SELECT {counted} FROM {table}", UNFIT_FAULT)
    if delta.rows and delta.proof.proves:
        months = within(handover.contract, delta.months, quoted) if delta.months else ""
        part = f"(SELECT * FROM {table} WHERE {months})" if months else table
        query = differences_sql(replace(handover, receipt=delta.proof), part, limits=not months)
        yield from _refused(handover, query, UNFIT_FAULT)


def proven(handover: Handover, table: str) -> Iterator[str]:
    """Write what ends a script where the rows of a table are not those of the receipt, if that proves anything."""
    if not handover.receipt.proves:
        return
    yield from _refused(handover, differences_sql(handover, table), RECEIPT_FAULT)


def _refused(handover: Handover, differences: str, fault: str) -> Iterator[str]:
    """Write what ends a script where a query names differences."""
    message = literal(f"{fault}{handover.contract.name}: ")
    yield f"SET differences = ({differences});"
    yield f"IF differences != '' THEN RAISE USING MESSAGE = CONCAT({message}, differences); END IF;"


def differences_sql(handover: Handover, relation: str, *, limits: bool = True) -> str:
    """Write the query that names, as one text, each figure of a relation that is not as in the receipt.

    limits: whether least and greatest values are compared.
    """
    schema, columns = handover.contract.schema, handover.receipt.columns
    checks = [_unless(f"COUNT(*) = {handover.receipt.rows}", "rows")]
    for figure in figures(schema, BIGQUERY, limits=limits):
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
