"""What PostgreSQL tells of a query that it does not run: its columns, and whether they hang on the clock."""

import json
import re
from typing import Any

import psycopg2.extensions

from etl.core.manifest import RawColumn
from etl.download.types import arrow_type_of

Cursor = psycopg2.extensions.cursor

_CLOCK = re.compile(r"\b(?:now|transaction_timestamp)\(\)|\b(?:CURRENT_(?:DATE|TIME(?:STAMP)?)|LOCALTIME(?:STAMP)?)\b")
"""How a plan names the instant at which the transaction began."""

_LITERAL = re.compile(r"'(?:[^']|'')*'")


def reads_clock(plan: Any) -> bool:
    """Whether a plan (of EXPLAIN (VERBOSE, FORMAT JSON)) asks when its transaction began, be it within a view."""
    return _CLOCK.search(_LITERAL.sub("", json.dumps(plan))) is not None


def columns_of(cursor: Cursor) -> list[RawColumn]:
    """Describe a cursor's columns by the names that PostgreSQL gives their types."""
    described = list(cursor.description or ())
    if not described:
        return []
    codes = [column.type_code for column in described]
    cursor.execute(
        "SELECT format_type(code, NULL) FROM unnest(%s::oid[]) WITH ORDINALITY AS t(code, place) ORDER BY place",
        (codes,),
    )
    columns = []
    for column, (kind,) in zip(described, cursor.fetchall(), strict=True):
        name = f"numeric({column.precision},{column.scale})" if kind == "numeric" and _is_bounded(column) else kind
        columns.append(RawColumn(name=column.name, type=str(arrow_type_of(name)), source_type=name))
    return columns


def _is_bounded(column: Any) -> bool:
    return column.precision is not None and column.precision <= 1000
