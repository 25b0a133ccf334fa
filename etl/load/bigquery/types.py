"""The types of columns in BigQuery's words, as a contract wants them and as a table has them."""

import pyarrow as pa
from google.cloud.bigquery import SchemaField

from etl.contract.column import Column

WORDS = {
    pa.int64(): "INT64",
    pa.string(): "STRING",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
    pa.timestamp("us", "UTC"): "TIMESTAMP",
    pa.float64(): "FLOAT64",
    pa.time64("us"): "TIME",
}
_OLD_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


def field_of(column: Column) -> SchemaField:
    """Return a contract's column with its type, mode and description."""
    mode, kind = "NULLABLE" if column.nullable else "REQUIRED", column.type
    if not pa.types.is_decimal(kind):
        return SchemaField(column.name, WORDS[kind], mode, description=column.description)
    precision, scale = kind.precision, kind.scale
    return SchemaField(column.name, "NUMERIC", mode, description=column.description, precision=precision, scale=scale)


def written(field: SchemaField) -> str:
    """Write a column's type the way SQL does, e.g. NUMERIC(18, 2)."""
    kind = _OLD_NAMES.get(field.field_type, field.field_type)
    return kind if field.precision is None else f"{kind}({field.precision}, {field.scale or 0})"
