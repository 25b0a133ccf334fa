"""Oracle's types, by what python-oracledb's cursor tells of them."""

from typing import Any

import pyarrow as pa

from etl.core.arrow_types import ANY_NUMERIC
from etl.download.generic.columns import Column, decimals

ZONED = ("timestamp with time zone", "timestamp with local time zone")
"""What is read in UTC: the driver would drop the zone, and knows none by name."""
SINGLE = "binary_float"

_INT_DIGITS = 18
_KINDS: dict[str, tuple[str, pa.DataType]] = {
    **dict.fromkeys(("CHAR", "NCHAR"), ("char", pa.string())),
    **dict.fromkeys(("VARCHAR", "NVARCHAR"), ("varchar2", pa.string())),
    **dict.fromkeys(("CLOB", "NCLOB", "LONG"), ("clob", pa.string())),
    **dict.fromkeys(("LONG_NVARCHAR",), ("clob", pa.string())),
    **dict.fromkeys(("RAW", "BLOB", "LONG_RAW"), ("blob", pa.string())),
    **dict.fromkeys(("ROWID", "UROWID"), ("rowid", pa.string())),
    "XMLTYPE": ("xmltype", pa.string()),
    "BOOLEAN": ("boolean", pa.bool_()),
    "BINARY_FLOAT": (SINGLE, pa.float64()),
    "BINARY_DOUBLE": ("binary_double", pa.float64()),
    "BINARY_INTEGER": ("integer", pa.int64()),
    "DATE": ("date", pa.timestamp("us")),  # which has a time of day
    "TIMESTAMP": ("timestamp", pa.timestamp("us")),
    "TIMESTAMP_TZ": (ZONED[0], pa.timestamp("us", "UTC")),
    "TIMESTAMP_LTZ": (ZONED[1], pa.timestamp("us", "UTC")),
}
_CURES = {
    "INTERVAL_DS": "TO_CHAR({0}) AS {0}",
    "INTERVAL_YM": "TO_CHAR({0}) AS {0}",
    "JSON": "JSON_SERIALIZE({0} RETURNING CLOB) AS {0}",
}


def column_of(name: str, code: Any, precision: int | None, scale: int | None) -> Column:
    """Read a column off the cursor's description. code: DB_TYPE_NUMBER and the like."""
    told = str(getattr(code, "name", code)).removeprefix("DB_TYPE_")
    if told == "NUMBER":
        return _number(name, precision, scale)
    if told in _KINDS:
        return Column(name, *_KINDS[told])
    cure = _CURES.get(told, "TO_CHAR({0}) AS {0}").format(name)
    return Column(name, told.lower().replace("_", " "), None, cure)


def _number(name: str, precision: int | None, scale: int | None) -> Column:
    """Read NUMBER: with precision and scale it is exact, without them it holds any; FLOAT has binary digits."""
    if not precision or scale is None or scale < 0:
        return Column(name, "number", ANY_NUMERIC)
    exact = pa.int64() if scale == 0 and precision <= _INT_DIGITS else decimals(precision, scale)
    return Column(name, f"number({precision},{scale})", exact if exact is not None else ANY_NUMERIC)
