"""The types of SQLite's columns: what a table was declared with, or else what is stored."""

import re

import pyarrow as pa

from etl.core.manifest import EXPRESSION
from etl.download.generic.columns import Column
from etl.download.types import known_type

_AFFINITIES = (
    ("INT", "integer", pa.int64()),
    ("CHAR|CLOB|TEXT", "text", pa.string()),
    ("BLOB", "blob", pa.string()),
    ("REAL|FLOA|DOUB", "double", pa.float64()),
)
"""How SQLite reads a type that a table was declared with, in this order."""

STORED = {
    (): ("null", pa.null()),
    ("integer",): ("integer", pa.int64()),
    ("integer", "real"): ("real", pa.float64()),
    ("real",): ("real", pa.float64()),
    ("blob",): ("blob", pa.string()),
}
"""What a column is that has no declared type, by the classes of all its values; else it is text."""


def declared(name: str, words: str) -> Column:
    """Read what a table was declared with; nothing is known of a column without it."""
    kind = known_type(words) if words else None
    source_type = words.lower() or EXPRESSION
    if kind is None and (found := affinity(words)):
        return Column(name, source_type, found[1])
    return Column(name, source_type if kind is not None else EXPRESSION, kind)


def affinity(words: str) -> tuple[str, pa.DataType] | None:
    """Return how SQLite reads a type that a table was declared with, by its name and in Arrow."""
    return next(((name, kind) for marks, name, kind in _AFFINITIES if re.search(marks, words.upper())), None)
