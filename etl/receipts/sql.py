"""Receipts computed in SQL: what to select, and the receipt that a row of the answer says.

Whatever computes it, a source, pyarrow or a warehouse, the receipt of the same rows is the same; `rows` says what the
hash over them is.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from etl.core.receipt import ColumnReceipt, TableReceipt
from etl.receipts import rows
from etl.receipts.arrow import figure_text, has_range, is_summed
from etl.receipts.rows import BITS, MASK, PRIMES, is_narrow, is_number, is_text

MULTIPLIER = 1_327_217_885
"""The golden section of the first prime, which scatters the keys over the slices (see `slices`)."""

SEPARATOR = "|"
_HASH = "hash_sum"


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

    def number(self, field: pa.Field, name: str) -> str:
        """Write the number that stands for a value (see `rows`) as an integer of 64 bits; NULL stays NULL."""
        raise NotImplementedError

    def residue(self, field: pa.Field, name: str, lane: int) -> str:
        """Write what a value counts in a lane: its number, or one that leaves the same rest by the lane's prime."""
        number = self.number(field, name)
        return number if is_narrow(field) else f"mod({number}, {PRIMES[lane]})"

    def texts(self, field: pa.Field, name: str) -> list[str]:
        """Write the texts that are joined for a value that has no number; NULL stays NULL."""
        raise NotImplementedError

    def joined(self, pieces: list[str]) -> str:
        """Write the concatenation of texts, in which NULL is nothing."""
        return f"concat({', '.join(pieces)})"

    def text_hash(self, text: str) -> str:
        """Write the first 60 bits of a text's MD5 as an integer."""
        raise NotImplementedError

    def xor(self, left: str, right: str) -> str:
        """Write the exclusive or of the bits of two integers."""
        raise NotImplementedError

    def sum_of_hashes(self, name: str) -> str:
        """Write the sum over the rows of integers of 62 bits, in a type that it does not fill."""
        return f"SUM({name})"

    def cube(self, key: pa.Schema, root: str) -> str:
        """Write the number by which the numbers of a key are scattered. root: their sum, each with its factor."""
        return cube_sql(root)

    def hashed(self, schema: pa.Schema, relation: str) -> tuple[str, str]:
        """Return a relation with the same columns, to select from instead, and the SQL of the hash over its rows.

        Each step is a relation of its own, so that nothing is computed twice.
        """
        own, found, texts = Own.beside(schema), relation, joined_texts(schema, self)
        if texts:
            found = f"(SELECT *, {self.text_hash(texts)} AS {own.text_hash} FROM {found}) AS {own.step('joined')}"
        lanes = ", ".join(f"{lane_sql(schema, self, lane, own)} AS {own.half(lane)}" for lane in (0, 1))
        found = f"(SELECT *, {lanes} FROM {found}) AS {own.step('lanes')}"
        for number, step in enumerate(feistel(self, own), start=2):
            found = f"(SELECT *, {step} AS {own.half(number)} FROM {found}) AS {own.step(f'round_{number}')}"
        return found, f"COALESCE({self.sum_of_hashes(own.row)}, 0)"


@dataclass(frozen=True)
class Figure:
    """One number of a receipt: the column, what of it (as in ColumnReceipt), and the SQL that computes it."""

    column: pa.Field
    what: str
    sql: str


def figures(schema: pa.Schema, dialect: Dialect, *, limits: bool = True) -> Iterator[Figure]:
    """List every figure of the columns of a table's receipt. limits: least and greatest values, too."""
    for field in schema:
        name = dialect.quoted(field.name)
        yield Figure(field, "nulls", f"COUNT(*) - COUNT({name})")
        if is_summed(field):
            yield Figure(field, "sum", dialect.exact_sum(field, name))
        if limits and has_range(field):
            yield Figure(field, "min", dialect.extreme(field, name, "MIN"))
            yield Figure(field, "max", dialect.extreme(field, name, "MAX"))


@dataclass(frozen=True)
class Own:
    """The names of what is computed on the way to a row's hash. prefix: how no column of the table begins."""

    prefix: str

    @classmethod
    def beside(cls, schema: pa.Schema) -> "Own":
        """Choose names that no column of a table has, in whatever case."""
        prefix = "_etl_"  # no column of a contract begins with an underscore, one of a source may
        while any(name.casefold().startswith(prefix) for name in schema.names):
            prefix = f"_{prefix}"
        return cls(prefix)

    @property
    def text_hash(self) -> str:
        """The column with the hash of a row's texts."""
        return f"{self.prefix}text_hash"

    def half(self, number: int) -> str:
        """Name the column of a lane (0 and 1) or of what a round of the hash gave."""
        return f"{self.prefix}half_{number}"

    def step(self, name: str) -> str:
        """Name the relation of a step: BigQuery takes a column of the same name for the relation."""
        return f"{self.prefix}{name}"

    @property
    def row(self) -> str:
        """A row's hash, computed from what the last two rounds gave."""
        return f"{self.half(len(rows.ROUNDS))} * {2**BITS} + {self.half(len(rows.ROUNDS) + 1)}"


def joined_texts(schema: pa.Schema, dialect: Dialect) -> str | None:
    """Write the texts of a row, joined; None where no column counts as text."""
    pieces = [
        piece
        for field in schema
        if is_text(field)
        for piece in (*dialect.texts(field, dialect.quoted(field.name)), f"'{SEPARATOR}'")
    ]
    return dialect.joined(pieces) if pieces else None


def lane_sql(schema: pa.Schema, dialect: Dialect, lane: int, own: Own) -> str:
    """Write a row's linear form in a lane's field."""
    terms = [
        f"COALESCE({dialect.residue(field, dialect.quoted(field.name), lane)} * {rows.factor(lane, place)},"
        f" {rows.null(lane, place)})"
        for place, field in enumerate(schema, start=1)
        if is_number(field)
    ]
    if any(map(is_text, schema)):
        terms.append(f"({text_lane(own.text_hash, lane)}) * {rows.factor(lane, rows.TEXTS)}")
    groups = [terms[start : start + rows.TERMS] for start in range(0, len(terms), rows.TERMS)]
    sums = [" + ".join(group) for group in groups]
    if len(sums) > 1:
        sums = [f"mod({each}, {PRIMES[lane]})" for each in sums]
    prime = PRIMES[lane]
    return f"mod(mod({' + '.join(sums) or '0'}, {prime}) + {prime}, {prime})"


def text_lane(text_hash: str, lane: int) -> str:
    """Write the bits of a text's hash that a lane takes, as `rows.text_lanes` does."""
    return f"{text_hash} & {MASK}" if lane else f"{text_hash} >> {rows.TEXT_BITS - BITS}"


def feistel(dialect: Dialect, own: Own) -> Iterator[str]:
    """Write what each round computes of what the two before it gave, as `rows.scattered` does."""
    for number, k in enumerate(rows.ROUNDS):
        a, b = own.half(number), own.half(number + 1)
        mixed = f"(({dialect.xor(b, f'({b} >> {rows.SHIFT})')} * {k}) >> {rows.SPREAD}) & {MASK}"
        yield dialect.xor(a, f"({mixed})")


def cube_sql(root: str) -> str:
    """Write the number by which a root is scattered, as `slices.cube_of` does."""
    prime = PRIMES[0]
    return f"mod(mod(mod({root} * {root}, {prime}) * {root}, {prime}) * {MULTIPLIER}, {prime})"


def select_receipt(schema: pa.Schema, dialect: Dialect, relation: str, *, hashes: bool, limits: bool = True) -> str:
    """Write the query over `relation` whose only row `receipt_from` reads. hashes: whether it hashes the rows.

    limits: whether it tells least and greatest values.
    """
    hashed = dialect.hashed(schema, relation) if hashes else None
    [whole] = receipt_parts(schema, dialect, relation, hashed, sys.maxsize, limits=limits)
    return whole


def receipt_parts(
    schema: pa.Schema,
    dialect: Dialect,
    relation: str,
    hashed: tuple[str, str] | None,
    most: int = 900,
    *,
    limits: bool = True,
) -> Iterator[str]:
    """Write it as queries of no more than `most` columns (the default is what every database takes), a row each.

    Their rows, put together, are what `receipt_from` reads. hashed: what `Dialect.hashed` gave, None to hash no rows.
    """
    told = enumerate(figures(schema, dialect, limits=limits))
    computed = [f"{figure.sql} AS f{number}" for number, figure in told]
    every = ["COUNT(*) AS row_count", *([f"{hashed[1]} AS {_HASH}"] if hashed else []), *computed]
    for start in range(0, len(every), most):
        source = hashed[0] if hashed and not start else relation
        yield "SELECT\n  " + ",\n  ".join(every[start : start + most]) + f"\nFROM {source}"


def receipt_from(row: Mapping[str, Any], schema: pa.Schema, dialect: Dialect, *, limits: bool = True) -> TableReceipt:
    """Read the receipt off the query's row. limits: whether it tells least and greatest values."""
    columns: dict[str, dict[str, Any]] = {field.name: {} for field in schema}
    for number, figure in enumerate(figures(schema, dialect, limits=limits)):
        value = row[f"f{number}"]
        columns[figure.column.name][figure.what] = value if figure.what == "nulls" else figure_text(value)
    hashed = None if row.get(_HASH) is None else str(int(row[_HASH]))
    return TableReceipt(
        rows=row["row_count"], columns={name: ColumnReceipt(**c) for name, c in columns.items()}, hash_sum=hashed
    )
