"""Decimals of another precision and scale, exactly, where Arrow's own cast wraps or asks for room without need."""

from typing import Any

import pyarrow as pa

_MOST_DIGITS = 38
"""Digits of a decimal of 128 bits."""


def rescaled(values: Any, kind: pa.DataType) -> Any:
    """Return integers or decimals (an array, chunked or not) as the decimals `kind`.

    Raises pyarrow.ArrowInvalid where one does not fit.
    """
    if pa.types.is_integer(values.type):
        values = values.cast(pa.decimal128(20, 0))  # Arrow asks for room for any integer, but 10 fits decimal(4, 2)
    digits = values.type.precision - values.type.scale + kind.scale
    if digits > _MOST_DIGITS:  # Arrow multiplies within 128 bits, and wraps
        values = values.cast(pa.decimal256(max(digits, values.type.precision), kind.scale))
    return values.cast(kind)
