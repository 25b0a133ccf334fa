"""The slices of the keys of which a night hashes one, where it does not hash all rows: in SQL and in memory alike."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from etl.receipts.rows import BITS, PRIMES, is_number, text_lanes
from etl.receipts.sql import MULTIPLIER, Dialect, joined_texts, text_lane

SLICES = 64
"""Of how many slices of the keys a night hashes one, where it does not hash all rows."""


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
    cube = dialect.cube(key, root)
    texts = joined_texts(key, dialect)
    if texts is None:
        return f"({cube} >> {BITS - 6}) = {number}"
    hashed = dialect.text_hash(texts)
    if not terms:
        return f"mod({hashed}, {SLICES}) = {number}"
    both = f"mod(mod(({text_lane(hashed, 1)}) + {cube}, {prime}) * {MULTIPLIER}, {prime})"
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
    return root * root % prime * root % prime * MULTIPLIER % prime


def eighth_of(cube: Any, text: Any) -> Any:
    """Return in which eighth of the slices with the same numbers a row is."""
    return (text_lanes(text)[1] + cube) % PRIMES[0] * MULTIPLIER % PRIMES[0] >> (BITS - 3)


def _factor(place: int) -> int:
    """Return what the number at a place of the key is multiplied by, so that (1, 23) is not (23, 1)."""
    return int(pow(MULTIPLIER, place, PRIMES[0]))
