"""Receipts computed in SQL: what to select, and the receipt that a row of the answer says.

Whatever computed it, pyarrow or any warehouse, the receipt of the same rows is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from etl.core.manifest import ColumnReceipt, TableReceipt
from etl.core.receipt import canonical, has_range, has_sum


@dataclass(frozen=True)
class Dialect:
    """How a warehouse writes a name, and the exact sum of a column (given as its quoted name)."""

    quoted: Callable[[str], str]
    exact_sum: Callable[[str], str]


@dataclass(frozen=True)
class Figure:
    """One number of a receipt: the column, what of it (as in ColumnReceipt), and the SQL that computes it."""

    column: pa.Field
    what: str
    sql: str


def figures(schema: pa.Schema, dialect: Dialect) -> Iterator[Figure]:
    """List every figure of a table's receipt but its rows, which are COUNT(*)."""
    for field in schema:
        name = dialect.quoted(field.name)
        yield Figure(field, "nulls", f"COUNT(*) - COUNT({name})")
        if has_sum(field.type):
            yield Figure(field, "sum", dialect.exact_sum(name))
        if has_range(field.type):
            yield Figure(field, "min", f"MIN({name})")
            yield Figure(field, "max", f"MAX({name})")


def select_receipt(schema: pa.Schema, dialect: Dialect, relation: str) -> str:
    """Write the query over `relation` whose only row `receipt_from` reads."""
    computed = [f"{figure.sql} AS f{number}" for number, figure in enumerate(figures(schema, dialect))]
    return "SELECT\n  " + ",\n  ".join(["COUNT(*) AS row_count", *computed]) + f"\nFROM {relation}"


def receipt_from(row: dict[str, Any], schema: pa.Schema, dialect: Dialect) -> TableReceipt:
    """Read the receipt off the query's row."""
    columns: dict[str, dict[str, Any]] = {field.name: {} for field in schema}
    for number, figure in enumerate(figures(schema, dialect)):
        value = row[f"f{number}"]
        columns[figure.column.name][figure.what] = value if figure.what == "nulls" else canonical(value)
    return TableReceipt(rows=row["row_count"], columns={name: ColumnReceipt(**c) for name, c in columns.items()})
