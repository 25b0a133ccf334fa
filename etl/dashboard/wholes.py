"""Numbers as whole ones of their last shown place: rounded half up, away from 0, as they are written.

Whole columns at once; a value by itself only where that would not be exact.
"""

from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.core.errors import ContractError
from etl.dashboard import formats
from etl.dashboard.picture import Value
from etl.dashboard.plain import EXACT_IN_JS

Wholes = list[int | str | None]
_DIGITS = 38
"""Of Arrow's decimals."""
_NEAR, _LARGE = 1e-4, 2.0**36
"""How near to a half, and from which size on, a float is rounded by its digits: 1.005 is less than it says."""


def is_number(kind: pa.DataType) -> bool:
    """Whether values of a type are numbers, which truth values are not."""
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def wholes(values: pa.ChunkedArray, places: int) -> Wholes:
    """Return numbers in units of their last shown place; as texts where JavaScript's numbers end."""
    if pa.types.is_floating(values.type):
        return _of_floats(values, places)
    try:
        found = _of_decimals(values, places)
    except pa.ArrowInvalid:  # too many digits for Arrow
        return _by_digits(values.to_pylist(), places)
    ends = pc.min_max(found).as_py()
    is_exact = all(end is None or abs(end) < EXACT_IN_JS for end in ends.values())
    return found.to_pylist() if is_exact else _by_digits(values.to_pylist(), places)


def _of_decimals(values: pa.ChunkedArray, places: int) -> pa.ChunkedArray:
    if pa.types.is_decimal(values.type) and values.type.scale > places:
        values = pc.round(values, ndigits=places, round_mode="half_towards_infinity")
    exact = values.cast(pa.decimal128(_DIGITS, places))
    units = pa.decimal128(_DIGITS, 0)
    return pa.chunked_array([chunk.view(units) for chunk in exact.chunks], units).cast(pa.int64())


def _of_floats(values: pa.ChunkedArray, places: int) -> Wholes:
    known = pc.fill_null(values, 0.0).to_numpy()
    if len(strange := known[~np.isfinite(known)]):
        raise ContractError(f"A measure is {strange[0]}.", "Divide by NULLIF(…, 0) in its sql.")
    sizes = np.minimum(np.abs(known), _LARGE) * 10.0**places
    is_sure = (np.abs(sizes - np.floor(sizes) - 0.5) > _NEAR) & (sizes < _LARGE)
    rounded = np.copysign(np.floor(np.where(is_sure, sizes, 0) + 0.5), known)
    found: Wholes = rounded.astype(np.int64).tolist()
    for at in np.flatnonzero(~is_sure).tolist():
        (found[at],) = _by_digits([float(known[at])], places)
    return [None if is_null else number for is_null, number in zip(values.is_null().to_pylist(), found, strict=True)]


def _by_digits(values: Iterable[Value], places: int) -> Wholes:
    return [None if value is None else _whole(value, places) for value in values]


def _whole(value: Value, places: int) -> int | str:
    number = int(formats.rounded(Decimal(str(value)), places).scaleb(places))
    return number if abs(number) < EXACT_IN_JS else str(number)
