"""Receipts computed in SQL: what to select, and the receipt that a row of the answer says.

Whatever computes it, a source, pyarrow or a warehouse, the receipt of the same rows is the same. The hash over the rows
is the sum of the first 60 bits of the MD5 of each row's canonical text, in whatever order the rows come:

    integers      their digits                  dates     2030-01-31
    decimals      times 10 to their scale       times     microseconds since 1970, UTC
    booleans      t and f                       texts     their length in characters, a colon, the text

Values are parted by "|", NULL is nothing. A value that its column's type cannot hold (`infinity`, NaN, the year 15000)
is the source's text of it. Floats are left out: no two databases write them alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from etl.core.manifest import ColumnReceipt, TableReceipt
from etl.core.receipt import figure_text, has_range, has_sum

SLICES = 64
"""Of how many slices of the keys a night hashes one, where it does not hash all rows."""

SEPARATOR = "|"
_HASH = "row_hash"


class Dialect:
    """How a database says what a receipt needs. Here as most do; `name` is a column's name, quoted."""

    def quoted(self, name: str) -> str:
        """Write a name so that any name is one."""
        return '"' + name.replace('"', '""') + '"'

    def exact_sum(self, field: pa.Field, name: str) -> str:
        """Write the sum of a column of integers or decimals."""
        return f"SUM({name})"

    def extreme(self, field: pa.Field, name: str, function: str) -> str:
        """Write the least or greatest value (function: MIN or MAX) of a column, texts in the order of their bytes."""
        return f"{function}({name})"

    def text(self, field: pa.Field, name: str) -> str:
        """Write a value's canonical text; NULL stays NULL."""
        raise NotImplementedError

    def joined(self, pieces: list[str]) -> str:
        """Write the concatenation of texts, in which NULL is nothing."""
        return f"concat({', '.join(pieces)})"

    def hash_number(self, text: str) -> str:
        """Write the first 60 bits of a text's MD5 as a number."""
        raise NotImplementedError

    def hash_sum(self, text: str) -> str:
        """Write the sum over the rows of `hash_number`, in a type that it does not fill."""
        return f"SUM({self.hash_number(text)})"


@dataclass(frozen=True)
class Figure:
    """One number of a receipt: the column, what of it (as in ColumnReceipt), and the SQL that computes it."""

    column: pa.Field
    what: str
    sql: str


def figures(schema: pa.Schema, dialect: Dialect) -> Iterator[Figure]:
    """List every figure of the columns of a table's receipt."""
    for field in schema:
        name = dialect.quoted(field.name)
        yield Figure(field, "nulls", f"COUNT(*) - COUNT({name})")
        if has_sum(field.type):
            yield Figure(field, "sum", dialect.exact_sum(field, name))
        if has_range(field):
            yield Figure(field, "min", dialect.extreme(field, name, "MIN"))
            yield Figure(field, "max", dialect.extreme(field, name, "MAX"))


def canonical_row(schema: pa.Schema, dialect: Dialect) -> str:
    """Write a row's canonical text."""
    pieces = [
        piece
        for field in schema
        if not pa.types.is_floating(field.type)
        for piece in (dialect.text(field, dialect.quoted(field.name)), f"'{SEPARATOR}'")
    ]
    return dialect.joined(pieces or ["''"])


def row_hash_sql(schema: pa.Schema, dialect: Dialect, where: str | None = None) -> str:
    """Write the hash over the rows, or over those for which a condition holds; 0 where there are none."""
    only = f" FILTER (WHERE {where})" if where else ""
    return f"COALESCE({dialect.hash_sum(canonical_row(schema, dialect))}{only}, 0)"


def slice_sql(key: pa.Schema, dialect: Dialect, number: int) -> str:
    """Write the condition that a row is in slice `number` of the SLICES. key: the columns that identify a row.

    Integers make even slices cheaply; only a key without one needs a hash.
    """
    numbers = [f"COALESCE(mod({dialect.quoted(f.name)}, {SLICES}), 0)" for f in key if pa.types.is_integer(f.type)]
    place = " + ".join(numbers) or dialect.hash_number(canonical_row(key, dialect))
    return f"abs(mod({place}, {SLICES})) = {number}"


def select_receipt(schema: pa.Schema, dialect: Dialect, relation: str, row_hash: str | None) -> str:
    """Write the query over `relation` whose only row `receipt_from` reads. row_hash: its SQL, None to leave it out."""
    computed = [f"{figure.sql} AS f{number}" for number, figure in enumerate(figures(schema, dialect))]
    hashed = [f"{row_hash} AS {_HASH}"] if row_hash else []
    return "SELECT\n  " + ",\n  ".join(["COUNT(*) AS row_count", *computed, *hashed]) + f"\nFROM {relation}"


def receipt_from(row: Mapping[str, Any], schema: pa.Schema, dialect: Dialect) -> TableReceipt:
    """Read the receipt off the query's row."""
    columns: dict[str, dict[str, Any]] = {field.name: {} for field in schema}
    for number, figure in enumerate(figures(schema, dialect)):
        value = row[f"f{number}"]
        columns[figure.column.name][figure.what] = value if figure.what == "nulls" else figure_text(value)
    hashed = None if row.get(_HASH) is None else str(int(row[_HASH]))
    return TableReceipt(
        rows=row["row_count"], columns={name: ColumnReceipt(**c) for name, c in columns.items()}, row_hash=hashed
    )
