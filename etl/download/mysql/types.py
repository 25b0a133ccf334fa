"""The types of MySQL's and MariaDB's columns, by what the protocol tells of them."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from etl.core.arrow_types import ANY_NUMERIC
from etl.download.generic.columns import Column, decimals

_UNSIGNED, _ENUM, _SET = 32, 256, 2048
_BINARY = 63
"""The character set of what is no text."""

INTEGERS = {1: "tinyint", 2: "smallint", 3: "int", 8: "bigint", 9: "mediumint", 13: "year"}
OTHERS: dict[int, tuple[str, pa.DataType]] = {
    4: ("float", pa.float64()),
    5: ("double", pa.float64()),
    6: ("null", pa.string()),
    7: ("timestamp", pa.timestamp("us", "UTC")),
    10: ("date", pa.date32()),
    11: ("time", pa.string()),
    12: ("datetime", pa.timestamp("us")),
    14: ("date", pa.date32()),
    16: ("bit", pa.int64()),
    245: ("json", pa.string()),
    247: ("enum", pa.string()),
    248: ("set", pa.string()),
}
_TEXTS = {15: ("varbinary", "varchar"), 253: ("varbinary", "varchar"), 254: ("binary", "char")} | dict.fromkeys(
    (249, 250, 251, 252), ("blob", "text")
)
"""Types by their number in the protocol; of texts, the name without a character set and with one."""

BIT, _GEOMETRY = 16, 255
_FLOAT, _ANY_DECIMALS = 4, 31
"""A FLOAT that was declared without decimals; the server prints six of its digits."""


def flags_and_charsets(cursor: Any) -> Iterable[tuple[int | None, int | None]]:
    """Return each column's flags and character set, as far as the driver tells them."""
    described = cursor.description or ()
    if fields := getattr(getattr(cursor, "_result", None), "fields", None):  # PyMySQL
        return [(field.flags, field.charsetnr) for field in fields]
    if flags := getattr(cursor, "description_flags", None):  # mysqlclient
        return [(flag, None) for flag in flags]
    return [tuple(each[7:9]) if len(each) > 8 else (None, None) for each in described]  # Connector/Python


def column_of(
    name: str, code: int, length: int | None, scale: int | None, flags: int | None, charset: int | None
) -> Column:
    """Read a column off what the protocol tells of it."""
    flags = flags or 0
    unsigned = " unsigned" if flags & _UNSIGNED and code != 13 else ""
    if code in INTEGERS:
        return Column(name, INTEGERS[code] + unsigned, pa.int64())
    if code in (0, 246):
        if length is None or scale is None:
            return Column(name, "decimal", ANY_NUMERIC)
        digits = length - (scale > 0) - (not unsigned)
        return Column(name, f"decimal({digits},{scale})", decimals(digits, scale))
    if code == _FLOAT and scale is not None and scale < _ANY_DECIMALS:
        return Column(name, f"float({length},{scale})", pa.float64())
    if code in _TEXTS:
        kind = "enum" if flags & _ENUM else "set" if flags & _SET else _TEXTS[code][charset != _BINARY]
        return Column(name, kind, pa.string())
    source_type, known = OTHERS.get(code, ("geometry" if code == _GEOMETRY else f"type {code}", None))
    function = "ST_AsText({0})" if code == _GEOMETRY else "CAST({0} AS CHAR)"
    return Column(name, source_type, known, f"{function.format(name)} AS {name}")
