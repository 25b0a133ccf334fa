"""What a source's column types are in Arrow. What has no exact counterpart stays text."""

import re

import pyarrow as pa

ANY_NUMERIC = pa.decimal128(38, 9)
"""For a numeric without precision: what BigQuery's NUMERIC holds. A value beyond it is rejected, not rounded."""

_BY_NAME = {
    "smallint": pa.int64(),
    "integer": pa.int64(),
    "int": pa.int64(),
    "bigint": pa.int64(),
    "real": pa.float64(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp without time zone": pa.timestamp("us"),
    "timestamp": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "numeric": ANY_NUMERIC,
}


def arrow_type_of(sql_type: str) -> pa.DataType:
    """Give the Arrow type of a column that SQL calls e.g. "numeric(12,2)" or "timestamp with time zone"."""
    name = sql_type.strip().lower()
    if match := re.fullmatch(r"(?:numeric|decimal)\((\d+)(?:,\s*(-?\d+))?\)", name):
        precision, scale = int(match[1]), int(match[2] or 0)
        return pa.decimal128(precision, scale) if precision <= 38 and 0 <= scale <= precision else pa.string()
    return _BY_NAME.get(re.sub(r"\(\d+\)", "", name), pa.string())
