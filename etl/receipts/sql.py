"""Receipts computed in SQL: what to select, and the receipt that a row of the answer says.

Whatever computes it, a source, pyarrow or a warehouse, the receipt of the same rows is the same; `rows` says what the
hash over them is.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from etl.core.manifest import ColumnReceipt, TableReceipt
from etl.receipts import rows
from etl.receipts.arrow import figure_text, has_range, is_summed
from etl.receipts.rows import BITS, MASK, PRIMES, is_narrow, is_number, is_text, text_lanes

SLICES = 64
"""Of how many slices of the keys a night hashes one, where it does not hash all rows."""

_MULTIPLIER = 1_327_217_885
"""The golden section of the first prime."""

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

    def hashed(self, schema: pa.Schema, relation: str) -> tuple[str, str]:
        """Return a relation with the same columns, to select from instead, and the SQL of the hash over its rows.

        Each step is a relation of its own, so that nothing is computed twice.
        """
        found, texts = relation, joined_texts(schema, self)
        if texts:
            found = f"(SELECT *, {self.text_hash(texts)} AS {TEXT_HASH} FROM {found}) AS joined"
        lanes = ", ".join(f"{lane_sql(schema, self, lane)} AS {half(lane)}" for lane in (0, 1))
        found = f"(SELECT *, {lanes} FROM {found}) AS lanes"
        for number, step in enumerate(feistel(self), start=2):
            found = f"(SELECT *, {step} AS {half(number)} FROM {found}) AS round_{number}"
        return found, f"COALESCE({self.sum_of_hashes(ROW)}, 0)"


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


TEXT_HASH = "etl_text_hash"
"""The name of the column in which the hash of a row's texts is computed."""


def half(number: int) -> str:
    """Name the column of a lane (0 and 1) or of what a round of the hash gave."""
    return f"etl_half_{number}"


ROW = f"{half(len(rows.ROUNDS))} * {2**BITS} + {half(len(rows.ROUNDS) + 1)}"
"""A row's hash, computed from what the last two rounds gave."""


def joined_texts(schema: pa.Schema, dialect: Dialect) -> str | None:
    """Write the texts of a row, joined; None where no column counts as text."""
    pieces = [
        piece
        for field in schema
        if is_text(field)
        for piece in (*dialect.texts(field, dialect.quoted(field.name)), f"'{SEPARATOR}'")
    ]
    return dialect.joined(pieces) if pieces else None


def lane_sql(schema: pa.Schema, dialect: Dialect, lane: int) -> str:
    """Write a row's linear form in a lane's field."""
    terms = [
        f"COALESCE({dialect.residue(field, dialect.quoted(field.name), lane)} * {rows.factor(lane, place)},"
        f" {rows.null(lane, place)})"
        for place, field in enumerate(schema, start=1)
        if is_number(field)
    ]
    if any(map(is_text, schema)):
        terms.append(f"({text_lane(TEXT_HASH, lane)}) * {rows.factor(lane, rows.TEXTS)}")
    groups = [terms[start : start + rows.TERMS] for start in range(0, len(terms), rows.TERMS)]
    sums = [" + ".join(group) for group in groups]
    if len(sums) > 1:
        sums = [f"mod({each}, {PRIMES[lane]})" for each in sums]
    prime = PRIMES[lane]
    return f"mod(mod({' + '.join(sums) or '0'}, {prime}) + {prime}, {prime})"


def text_lane(text_hash: str, lane: int) -> str:
    """Write the bits of a text's hash that a lane takes, as `rows.text_lanes` does."""
    return f"{text_hash} & {MASK}" if lane else f"{text_hash} >> {rows.TEXT_BITS - BITS}"


def feistel(dialect: Dialect) -> Iterator[str]:
    """Write what each round computes of what the two before it gave, as `rows.scattered` does."""
    for number, k in enumerate(rows.ROUNDS):
        a, b = half(number), half(number + 1)
        mixed = f"(({dialect.xor(b, f'({b} >> {rows.SHIFT})')} * {k}) >> {rows.SPREAD}) & {MASK}"
        yield dialect.xor(a, f"({mixed})")


def slice_sql(key: pa.Schema, dialect: Dialect, number: int) -> str:
    """Write the condition that a row is in slice `number` of the SLICES. key: the columns that identify a row.

    Numbers are scattered by arithmetic, which costs next to nothing: their cube, in the field of a prime. Texts take an
    MD5; where there are numbers besides, these choose the eighth of the rows that need one.
    """
    prime = PRIMES[0]
    fields = [field for field in key if is_number(field)]
    terms = [f"abs(COALESCE({dialect.residue(f, dialect.quoted(f.name), 0)}, 0))" for f in fields]
    others = [f"mod({term} * {_factor(place)}, {prime})" for place, term in enumerate(terms) if place]
    root = f"mod({' + '.join([*terms[:1], *others]) or '0'}, {prime})"
    cube = f"mod(mod(mod({root} * {root}, {prime}) * {root}, {prime}) * {_MULTIPLIER}, {prime})"
    texts = joined_texts(key, dialect)
    if texts is None:
        return f"({cube} >> {BITS - 6}) = {number}"
    hashed = dialect.text_hash(texts)
    if not terms:
        return f"mod({hashed}, {SLICES}) = {number}"
    both = f"mod(mod(({text_lane(hashed, 1)}) + {cube}, {prime}) * {_MULTIPLIER}, {prime})"
    return f"({cube} >> {BITS - 3}) = {number % 8} AND ({both} >> {BITS - 3}) = {number // 8}"


def slice_of(residues: Sequence[Any], text: Any) -> Any:
    """Return in which slice a row is, as `slice_sql` does: numbers of 64 bits, or numpy's arrays of them.

    residues: of the key's numbers, without sign, NULL as 0; text: the hash of its texts, None where it has none.
    """
    cube = cube_of(residues)
    if text is None:
        return cube >> (BITS - 6)
    return cube >> (BITS - 3) | eighth_of(cube, text) << 3 if residues else text % SLICES


def cube_of(residues: Sequence[Any]) -> Any:
    """Return the number by which the key's numbers are scattered."""
    prime = PRIMES[0]
    root = sum(residue % prime * _factor(place) % prime for place, residue in enumerate(residues)) % prime
    return root * root % prime * root % prime * _MULTIPLIER % prime


def eighth_of(cube: Any, text: Any) -> Any:
    """Return in which eighth of the slices with the same numbers a row is."""
    return (text_lanes(text)[1] + cube) % PRIMES[0] * _MULTIPLIER % PRIMES[0] >> (BITS - 3)


def _factor(place: int) -> int:
    """Return what the number at a place of the key is multiplied by, so that (1, 23) is not (23, 1)."""
    return int(pow(_MULTIPLIER, place, PRIMES[0]))


def select_receipt(schema: pa.Schema, dialect: Dialect, relation: str, *, hashes: bool) -> str:
    """Write the query over `relation` whose only row `receipt_from` reads. hashes: whether it hashes the rows."""
    [whole] = receipt_parts(
        schema, dialect, relation, dialect.hashed(schema, relation) if hashes else None, sys.maxsize
    )
    return whole


def receipt_parts(
    schema: pa.Schema, dialect: Dialect, relation: str, hashed: tuple[str, str] | None, most: int = 900
) -> Iterator[str]:
    """Write it as queries of no more than `most` columns (the default is what every database takes), a row each.

    Their rows, put together, are what `receipt_from` reads. hashed: what `Dialect.hashed` gave, None to hash no rows.
    """
    computed = [f"{figure.sql} AS f{number}" for number, figure in enumerate(figures(schema, dialect))]
    every = ["COUNT(*) AS row_count", *([f"{hashed[1]} AS {_HASH}"] if hashed else []), *computed]
    for start in range(0, len(every), most):
        source = hashed[0] if hashed and not start else relation
        yield "SELECT\n  " + ",\n  ".join(every[start : start + most]) + f"\nFROM {source}"


def receipt_from(row: Mapping[str, Any], schema: pa.Schema, dialect: Dialect) -> TableReceipt:
    """Read the receipt off the query's row."""
    columns: dict[str, dict[str, Any]] = {field.name: {} for field in schema}
    for number, figure in enumerate(figures(schema, dialect)):
        value = row[f"f{number}"]
        columns[figure.column.name][figure.what] = value if figure.what == "nulls" else figure_text(value)
    hashed = None if row.get(_HASH) is None else str(int(row[_HASH]))
    return TableReceipt(
        rows=row["row_count"], columns={name: ColumnReceipt(**c) for name, c in columns.items()}, hash_sum=hashed
    )
