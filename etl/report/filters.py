"""What a member is, and how it is chosen, in the SQL that all warehouses share.

Texts that differ in letter case or outer blanks alone are one member, as in Power BI; NULL is a member of its own,
chosen by None. A column that its contract folds is compared by the folded column beside it, for which `fold` says in
Python what a value becomes; other texts are folded by the warehouse, which knows blanks alone as such.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from etl.contract.column import Column, Folded
from etl.contract.folding import fold
from etl.contract.table import Contract

__all__ = ["among", "compared", "fold", "folded", "label", "literal", "member"]

_UNPLAIN = re.compile(r"([\x00-\x1f'\\\x7f])")
"""Characters that warehouses write in literals in different ways."""


def compared(contract: Contract, name: str) -> Column:
    """Return the column by which members of a column are told apart: the folded one beside it, if there is one."""
    beside = (c for c in contract.columns if isinstance(c, Folded) and c.of == name)
    return next(beside, None) or next(c for c in contract.columns if c.name == name)


def member(sql: str, column: Column) -> str:
    """Write which member a value is of: a text that is never NULL. column: the compared one; sql: its expression."""
    return f"COALESCE('=' || {folded(f'CAST({sql} AS STRING)', column)}, '')"


def among(sql: str, column: Column, values: Sequence[object]) -> str:
    """Write the condition that a value is of one of these members. column: the compared one; sql: its expression."""
    known = dict.fromkeys(_compared(value, column) for value in values if value is not None)
    held = f"{folded(sql, column)} IN ({', '.join(known)})" if known else ""
    nothing = f"{sql} IS NULL" if None in values else ""
    return f"({held} OR {nothing})" if held and nothing else held or nothing or "FALSE"


def label(sql: str, column: Column) -> str:
    """Write what the members of a group are called, the first of their spellings. column: the shown one."""
    return f"MIN(TRIM({sql}, ' '))" if pa.types.is_string(column.type) else f"MIN({sql})"


def literal(value: object) -> str:
    """Write a value. Characters that BigQuery and DuckDB escape in different ways are written by their numbers."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f+00:00}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    parts = [part for part in _UNPLAIN.split(str(value)) if part]
    written = [f"CHR({ord(part)})" if _UNPLAIN.fullmatch(part) else f"'{part}'" for part in parts]
    return " || ".join(written) or "''"


def _compared(value: object, column: Column) -> str:
    """Write a value as it is compared."""
    if isinstance(column, Folded):
        return literal(fold(value))
    return folded(literal(value), column) if isinstance(value, str) else literal(value)


def folded(sql: str, column: Column) -> str:
    """Write a value as members are told apart: a text that is not folded yet is folded by the warehouse."""
    is_text = pa.types.is_string(column.type) and not isinstance(column, Folded)
    return f"UPPER(TRIM({sql}, ' '))" if is_text else sql
