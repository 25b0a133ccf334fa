"""Receipts computed in SQL: what to select, and the receipt that a row of the answer says.

Whatever computes it, a source, pyarrow or a warehouse, the receipt of the same rows is the same. The hash over the rows
is the sum of the first 60 bits of the MD5 of each row's canonical text, in whatever order the rows come:

    integers      their digits                  dates     2030-01-31
    decimals      times 10 to their scale       times     microseconds since 1970, UTC
    booleans      t and f                       texts     their length in characters, a colon, the text

Values are parted by "|", NULL is nothing. A value that its column's type cannot hold (`infinity`, NaN, the year 15000)
is the source's text of it. Floats are left out: no two databases write them alike.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from etl.core.manifest import ColumnReceipt, TableReceipt
from etl.receipts.arrow import figure_text, has_range, is_summed

SLICES = 64
"""Of how many slices of the keys a night hashes one, where it does not hash all rows."""

_BITS = 31
_PRIME, _MULTIPLIER = 2**_BITS - 1, 1_327_217_885
"""Products of numbers below the prime fit into 64 bits; the multiplier is the golden section of it."""

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
        if is_summed(field):
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

    Integers are scattered by arithmetic, which costs next to nothing: their cube, in the field of a prime. Anything
    else takes an MD5 of the key; where there are integers besides, these choose the eighth of the rows that need one.
    """
    numbers = [f for f in key if pa.types.is_integer(f.type)]
    terms = [f"abs(mod(COALESCE({dialect.quoted(f.name)}, 0)::bigint, {_PRIME}))" for f in numbers]
    others = [f"mod({term} * {_factor(place)}, {_PRIME})" for place, term in enumerate(terms) if place]
    root = f"mod({' + '.join([terms[0], *others])}, {_PRIME})" if others else "".join(terms)
    cube = f"mod(mod(mod({root} * {root}, {_PRIME}) * {root}, {_PRIME}) * {_MULTIPLIER}, {_PRIME})"
    if len(numbers) == len(key):
        return f"({cube} >> {_BITS - 6}) = {number}"
    text = dialect.hash_number(canonical_row(key, dialect))
    if not numbers:
        return f"mod({text}, {SLICES}) = {number}"
    return f"({cube} >> {_BITS - 3}) = {number % 8} AND mod({text}, 8) = {number // 8}"


def slice_of(numbers: Sequence[int | None], text: int | None) -> int:
    """Say in which slice a row is, as `slice_sql` does. numbers: the key's integers; text: the hash of the whole key.

    None where all of the key are integers.
    """
    root: int = (
        sum(abs(number or 0) % _PRIME * _factor(place) % _PRIME for place, number in enumerate(numbers)) % _PRIME
    )
    cube: int = root * root * root * _MULTIPLIER % _PRIME
    if text is None:
        return cube >> (_BITS - 6)
    return cube >> (_BITS - 3) | text % 8 << 3 if numbers else text % SLICES


def _factor(place: int) -> int:
    """Give what the integer at a place of the key is multiplied by, so that (1, 23) is not (23, 1)."""
    return int(pow(_MULTIPLIER, place, _PRIME))


def select_receipt(schema: pa.Schema, dialect: Dialect, relation: str, row_hash: str | None) -> str:
    """Write the query over `relation` whose only row `receipt_from` reads. row_hash: its SQL, None to leave it out."""
    [whole] = receipt_parts(schema, dialect, relation, row_hash, most=sys.maxsize)
    return whole


def receipt_parts(
    schema: pa.Schema, dialect: Dialect, relation: str, row_hash: str | None, most: int = 900
) -> Iterator[str]:
    """Write it as queries of no more than `most` columns (the default is what every database takes), a row each.

    Their rows, put together, are what `receipt_from` reads.
    """
    computed = [f"{figure.sql} AS f{number}" for number, figure in enumerate(figures(schema, dialect))]
    every = ["COUNT(*) AS row_count", *([f"{row_hash} AS {_HASH}"] if row_hash else []), *computed]
    for start in range(0, len(every), most):
        yield "SELECT\n  " + ",\n  ".join(every[start : start + most]) + f"\nFROM {relation}"


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
