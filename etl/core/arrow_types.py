"""The types of raw columns, as a manifest writes them."""

from typing import Any

import pyarrow as pa

ANY_NUMERIC = pa.decimal128(38, 9)
"""For a numeric without precision: what BigQuery's NUMERIC holds. A value beyond it is rejected, not rounded."""

_SIMPLE: dict[str, Any] = {
    str(t): t
    for t in (
        pa.null(),
        pa.int64(),
        pa.int32(),
        pa.int16(),
        pa.float64(),
        pa.float32(),
        pa.bool_(),
        pa.string(),
        pa.date32(),
    )
} | {str(t): t for t in (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.binary(), pa.time64("us"))}


def arrow_type(text: str) -> pa.DataType:
    """Read a manifest's column type, e.g. "decimal128(12, 2)", back."""
    if text.startswith("decimal128("):
        precision, scale = text.removeprefix("decimal128(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return _SIMPLE[text]
