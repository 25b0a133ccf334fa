"""The hash over rows: one number for a table, whoever computes it and in whatever order its rows come.

Each row becomes two numbers of 31 bits, its lanes. A lane is a linear form of the row's values in a field of its own;
four Feistel rounds scatter both, so that rows which exchange values are other rows. The hash is the sum over the rows
of the two lanes side by side, 62 bits a row: sums of parts add up, and no order matters.

    integers      as they are                   dates     days since 1970-01-01
    decimals      times 10 to their scale       times     microseconds since 1970, UTC
    booleans      0 and 1                       of day    microseconds since midnight
    NULL          a number that no other column has

These are taken modulo the lane's prime and multiplied by 24 bits that belong to the column and the lane. All texts of a
row are joined (each behind its length in bytes, which NULL has not, and a colon; "|" after it) and count as one more
value: 60 bits of their MD5, other bits for each lane. A value that its column's type cannot hold (`infinity`, NaN, the
year 15000) counts likewise, by the source's text of it. Floats are left out: no two databases write them alike.

One lane would not do: it misses every difference that its prime divides. Nor would sums of the linear forms: they miss
whatever keeps the sum of each column. Two tables that differ by accident have the same hash once in 2^60 times or so.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

import pyarrow as pa

BITS = 31
MASK: int = 2**BITS - 1
PRIMES = (2**31 - 1, 2**31 - 19)
"""The lanes' primes; a residue times a factor has 55 bits, so that 250 of them fit into 64."""
TERMS = 250

ROUNDS = (0x3C6EF372 | 1, 0x1B873593 | 1, 0x27D4EB2F | 1, 0x2545F491 | 1)
"""The rounds' factors: odd, of 30 bits."""
SHIFT, SPREAD = 13, 29

TEXT_BITS = 60
"""Of a text's MD5, as 15 hexadecimal digits, which every database can read as a number."""
TEXTS = 0
"""The place of the joined texts; the columns have 1, 2, …"""


def is_number(field: pa.Field) -> bool:
    """Whether a column counts by its number."""
    kind = field.type
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_time(kind)
        or pa.types.is_boolean(kind)
    )


def is_narrow(field: pa.Field) -> bool:
    """Whether every value of a column's type has a number of no more than 31 bits and a sign."""
    kind = field.type
    return bool(
        pa.types.is_date32(kind) or pa.types.is_boolean(kind) or (pa.types.is_integer(kind) and kind.bit_width <= 32)
    )


def is_text(field: pa.Field) -> bool:
    """Whether a column counts as text."""
    return not is_number(field) and not pa.types.is_floating(field.type)


@cache
def factor(lane: int, place: int) -> int:
    """Return what a lane multiplies the column at a place by: an odd number of 24 bits."""
    return _digits(lane, place) >> 40 | 2**23 | 1


@cache
def null(lane: int, place: int) -> int:
    """Return what NULL adds to a lane in the column at a place."""
    return _digits(lane, place) & MASK


def text_hash(text: str) -> int:
    """Return the first 60 bits of a text's MD5."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[: TEXT_BITS // 4], 16)


def text_lanes(hashed: Any) -> tuple[Any, Any]:
    """Return the bits of a text's hash that each lane takes."""
    return hashed >> (TEXT_BITS - BITS), hashed & MASK


def scattered(a: Any, b: Any) -> tuple[Any, Any]:
    """Return the halves of a row's hash from the residues of its lanes: numbers, or numpy's arrays of them."""
    for k in ROUNDS:
        a, b = b, a ^ ((b ^ b >> SHIFT) * k >> SPREAD & MASK)
    return a, b


def hash_of(values: Iterable[tuple[int, int | tuple[int, int] | None]]) -> int:
    """Return a row's hash. values: by place, a number, the lanes of a text, or None for NULL."""
    sums = [0, 0]
    for place, value in values:
        for lane in (0, 1):
            if value is None:
                sums[lane] += null(lane, place)
            else:
                sums[lane] += (value if isinstance(value, int) else value[lane]) * factor(lane, place)
    a, b = scattered(*(total % prime for total, prime in zip(sums, PRIMES, strict=True)))
    return int(a << BITS | b)


def _digits(lane: int, place: int) -> int:
    return int.from_bytes(hashlib.md5(f"{lane}:{place}".encode(), usedforsecurity=False).digest()[:8], "big")
