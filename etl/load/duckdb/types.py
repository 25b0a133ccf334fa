"""The types of columns in DuckDB's words."""

import pyarrow as pa

from etl.contract.column import Column

_TYPES = {
    pa.int64(): "BIGINT",
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us", "UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.float64(): "DOUBLE",
    pa.time64("us"): "TIME",
}


def written(column: Column) -> str:
    """Write the type of a contract's column as DuckDB prints it."""
    kind = column.type
    return f"DECIMAL({kind.precision},{kind.scale})" if pa.types.is_decimal(kind) else _TYPES[kind]
