"""The types of columns in BigQuery's words, as a contract wants them and as a table has them."""

from typing import Any

import pyarrow as pa
from google.cloud.bigquery import PolicyTagList, SchemaField

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


def field_of(column: Column, policy_tag: str | None = None) -> SchemaField:
    """Return a contract's column with its type, mode and description.

    policy_tag: put on it if it holds personal data that can be read.
    """
    mode, kind = "NULLABLE" if column.nullable else "REQUIRED", column.type
    more: dict[str, Any] = (
        {"policy_tags": PolicyTagList([policy_tag])} if policy_tag and column.pii and not column.is_hashed else {}
    )
    if not pa.types.is_decimal(kind):
        return SchemaField(column.name, WORDS[kind], mode, description=column.description, **more)
    more |= {"precision": kind.precision, "scale": kind.scale}
    return SchemaField(column.name, "NUMERIC", mode, description=column.description, **more)


def written(field: SchemaField) -> str:
    """Write a column's type the way SQL does, e.g. NUMERIC(18, 2)."""
    kind = _OLD_NAMES.get(field.field_type, field.field_type)
    return kind if field.precision is None else f"{kind}({field.precision}, {field.scale or 0})"
