"""Writing what drivers return as PostgreSQL's COPY would: NULL is nothing, text is quoted, times are UTC.

A value whose class is not known is refused: Python's own text for it is nobody's data.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from etl.core.arrow_types import arrow_type
from etl.core.manifest import RawColumn

Write = Callable[[Any], str]

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_HAS_ZONE = re.compile(r"(?:Z|[+-]\d\d(?::?\d\d)?)$")
_SINGLES = ("float", "float(24)", "binary_float")
"""What single precision is called where a driver hands it on as a double: in MySQL, SQL Server, Oracle."""
_FLAGS = {
    **dict.fromkeys((False, 0, "0", b"\0", "f", "false"), "f"),
    **dict.fromkeys((True, 1, "1", b"\1", "t", "true"), "t"),
}


class UnknownClass(Exception):  # noqa: N818 -- it names what was found
    """A value of a class that has no text of its own; the arguments are the class's name, and the column's."""


def writers(columns: Sequence[RawColumn]) -> list[Write]:
    """Return what writes each column's values."""
    return [_writer(arrow_type(column.type), column.source_type) for column in columns]


def plain(value: Any) -> str:
    """Write a value by its class. Raises UnknownClass."""
    write = _BY_CLASS.get(type(value))
    if write is None:
        write = next((_BY_CLASS[cls] for cls in type(value).__mro__ if cls in _BY_CLASS), None)
        if write is None:
            raise UnknownClass(type(value).__name__)
        _BY_CLASS[type(value)] = write
    return write(value)


def _writer(kind: pa.DataType, source_type: str) -> Write:
    if pa.types.is_boolean(kind):
        return _flag
    if source_type in _SINGLES:
        return _single
    if pa.types.is_timestamp(kind) and kind.tz:
        return _instant
    if pa.types.is_integer(kind) and source_type.startswith("bit"):
        return _bits
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return number
    if pa.types.is_date(kind):
        return day
    return _text if pa.types.is_string(kind) else plain


def day(value: Any) -> str:
    """Write a day; some databases give it a time of day, which is midnight."""
    return str(value.date()) if type(value) is datetime and value.time() == time() else plain(value)


def _text(value: Any) -> str:
    return '"' + value.replace('"', '""') + '"' if type(value) is str else plain(value)


def number(value: Any) -> str:
    """Write a number; one that came as the database's text stays as it is, unless it needs quotes."""
    return value if type(value) is str and value.isascii() and _is_bare(value) else plain(value)


def _is_bare(text: str) -> bool:
    return bool(text) and not set(text) & set(',"\r\n')


def _flag(value: Any) -> str:
    try:
        return _FLAGS[value]
    except (KeyError, TypeError):
        return plain(value)


def _bits(value: Any) -> str:
    return str(int.from_bytes(value, "big")) if type(value) is bytes else plain(value)


def _single(value: Any) -> str:
    """Write a number of single precision with as many digits as tell it from its neighbours: 0.1, not 0.1000000015."""
    if value is None:
        return ""
    try:
        return str(np.format_float_positional(np.float32(value), trim="-"))
    except (TypeError, ValueError):
        return plain(value)


def _instant(value: Any) -> str:
    """Write an instant; one that tells no zone is in UTC, as the session is, and a day alone is its midnight."""
    if type(value) is str:
        if _DAY.fullmatch(value):
            value += " 00:00:00"
        return plain(value if _HAS_ZONE.search(value, 10) else value + "+00")
    if isinstance(value, datetime) and value.tzinfo is None:
        return plain(value.replace(tzinfo=UTC))
    return plain(value)


def _time(value: datetime) -> str:
    return (value.astimezone(UTC) if value.tzinfo else value).isoformat(sep=" ")


def _binary(value: bytes | bytearray | memoryview) -> str:
    return "\\x" + value.hex()


_BY_CLASS: dict[type, Write] = {
    type(None): lambda _: "",
    bool: lambda value: "t" if value else "f",
    int: str,
    float: str,
    Decimal: lambda value: format(value, "f"),
    str: lambda value: '"' + value.replace('"', '""') + '"',
    datetime: _time,
    date: str,
    time: str,
    UUID: str,
    bytes: _binary,
    bytearray: _binary,
    memoryview: _binary,
}
