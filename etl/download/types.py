"""What a source's column types are in Arrow. What has no exact counterpart stays text."""

import re
from difflib import get_close_matches

import pyarrow as pa

from etl.core.arrow_types import ANY_NUMERIC

DIGITS = 38
"""The most that a decimal may have."""

_UTC = pa.timestamp("us", "UTC")
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
    "timestamp with time zone": _UTC,
    "timestamptz": _UTC,
    "numeric": ANY_NUMERIC,
}
_WORDS = _BY_NAME | {
    "tinyint": pa.int64(),
    "mediumint": pa.int64(),
    "float": pa.float64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "datetime": pa.timestamp("us"),
    "decimal": ANY_NUMERIC,
    "number": ANY_NUMERIC,
    "char": pa.string(),
    "varchar": pa.string(),
    "text": pa.string(),
    "string": pa.string(),
    "time": pa.string(),
    "json": pa.string(),
    "uuid": pa.string(),
}
"""The words of a query's header (`-- types:`), and of databases that call their types as most do."""

_LENGTH = re.compile(r"\((\d+)(?:\s*,\s*(-?\d+))?\)")


def arrow_type_of(sql_type: str) -> pa.DataType:
    """Return the Arrow type of a column that SQL calls e.g. "numeric(12,2)" or "timestamp with time zone"."""
    name = sql_type.strip().lower()
    if match := re.fullmatch(r"(?:numeric|decimal)\((\d+)(?:,\s*(-?\d+))?\)", name):
        precision, scale = int(match[1]), int(match[2] or 0)
        return pa.decimal128(precision, scale) if precision <= DIGITS and 0 <= scale <= precision else pa.string()
    return _BY_NAME.get(re.sub(r"\(\d+\)", "", name), pa.string())


def known_type(words: str) -> pa.DataType | None:
    """Return the Arrow type for a type as most databases write it, e.g. "number(12, 2)"; None where it is not known."""
    length = _LENGTH.search(words)
    name = " ".join(_LENGTH.sub(" ", words).lower().split())
    kind = _WORDS.get(name)
    if length is None or kind != ANY_NUMERIC:
        return kind
    precision, scale = int(length[1]), int(length[2] or 0)
    return pa.decimal128(precision, scale) if 0 < precision <= DIGITS and 0 <= scale <= precision else None


def declared_type(words: str) -> pa.DataType:
    """Return the Arrow type for what a query's header calls it. Raises ValueError, its argument what to write."""
    if (kind := known_type(words)) is not None:
        return kind
    if _LENGTH.search(words) and known_type(_LENGTH.sub("", words)) == ANY_NUMERIC:
        raise ValueError(f"Write numeric(p,s) with at most {DIGITS} digits, s of them decimals, or text.")
    near = get_close_matches(words.lower(), _WORDS, 1)
    raise ValueError(f"Write {near[0]}." if near else f"Known: {', '.join(sorted(_WORDS))}, numeric(p,s).")
