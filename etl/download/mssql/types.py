"""SQL Server's types, by the names that its catalogue gives the columns of a query."""

import re

import pyarrow as pa

from etl.download.generic.columns import Column, decimals

SINGLE = "float(24)"
"""What `real` is called by its other name: of single precision, as MySQL's FLOAT is."""

_KINDS: dict[str, pa.DataType] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), pa.int64()),
    "bit": pa.bool_(),
    "money": pa.decimal128(19, 4),
    "smallmoney": pa.decimal128(10, 4),
    **dict.fromkeys(("float", "real"), pa.float64()),
    "date": pa.date32(),
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), pa.timestamp("us")),
    "datetimeoffset": pa.timestamp("us", "UTC"),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "text", "ntext", "sysname"), pa.string()),
    **dict.fromkeys(("time", "xml", "json", "uniqueidentifier"), pa.string()),
    **dict.fromkeys(("binary", "varbinary", "image", "timestamp", "rowversion"), pa.string()),
}
_NAMES = {"float": "double", "real": SINGLE, "timestamp": "rowversion"}
"""Names that mean something else in other databases."""
_CURES = {"hierarchyid": "{0}.ToString()", "geography": "{0}.STAsText()", "geometry": "{0}.STAsText()"}


def column_of(name: str, told: str) -> Column:
    """Read a column off what the catalogue calls its type: decimal(12,2), nvarchar(max), datetimeoffset(7)."""
    words, _, length = told.lower().rstrip(")").partition("(")
    if words in ("decimal", "numeric"):
        precision, scale = (int(part) for part in re.findall(r"\d+", length))
        return Column(name, f"decimal({precision},{scale})", decimals(precision, scale))
    kind = _KINDS.get(words)
    quoted = f"[{name.replace(']', ']]')}]"
    function = _CURES.get(words, "CAST({0} AS NVARCHAR(4000))")
    return Column(name, _NAMES.get(words, words), kind, f"{function.format(quoted)} AS {quoted}")
