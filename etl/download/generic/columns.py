"""Which types a query's columns have: by the database's own word, never by the values that happen to be there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from etl.company.queries import Query
from etl.core.arrow_types import ANY_NUMERIC
from etl.core.errors import ContractError
from etl.core.manifest import RawColumn
from etl.download.source import checked_columns
from etl.download.types import DIGITS, declared_type, known_type

_CLASSES: dict[type, tuple[str, pa.DataType]] = {
    bool: ("boolean", pa.bool_()),
    int: ("integer", pa.int64()),
    float: ("double", pa.float64()),
    str: ("text", pa.string()),
    bytes: ("binary", pa.string()),
    bytearray: ("binary", pa.string()),
    date: ("date", pa.date32()),
    datetime: ("datetime", pa.timestamp("us")),
    time: ("time", pa.string()),
    UUID: ("uuid", pa.string()),
}
"""What drivers that tell a column's type by a Python class mean by it."""

_NAMES = {"time with time zone": pa.string(), "blob": pa.string(), "bit": pa.string()}
"""Names that few databases have."""


@dataclass(frozen=True)
class Column:
    """A column as the database tells it. type: in Arrow; None where it has none, and `cure` says what to write."""

    name: str
    source_type: str
    type: pa.DataType | None
    cure: str = ""


def raw_columns(query: Query, told: Sequence[Column]) -> tuple[RawColumn, ...]:
    """Join what the database tells and what the query's header says of the types. Raises ContractError."""
    names = [column.name for column in told]
    _check_names(query, names)
    declared = {name: declared_type(words) for name, words in query.types}
    stray = sorted(set(declared) - set(names))
    if stray:
        raise ContractError(
            f"{query.path}: `-- types:` names {stray[0]}, which the query does not return.",
            f"It returns: {', '.join(names)}.",
        )
    unknown = [column for column in told if column.type is None and column.name not in declared]
    if unknown:
        listed = ", ".join(f"{column.name} ({column.source_type})" for column in unknown)
        raise ContractError(
            f"{query.path}: values of these columns have no text of their own: {listed}.", _cure(unknown)
        )
    columns = [
        RawColumn(name=column.name, type=str(declared.get(column.name, column.type)), source_type=column.source_type)
        for column in told
    ]
    return checked_columns(query, columns)


def decimals(precision: int, scale: int) -> pa.DataType | None:
    """Return the type for decimals of so many digits; a value of more than fit is rejected."""
    return pa.decimal128(min(precision, DIGITS), scale) if 0 <= scale <= min(precision, DIGITS) else None


def column_of(described: Sequence[Any], names: Mapping[str, pa.DataType]) -> Column:
    """Read a column off a cursor's description, where the driver tells the type by its name or by a class.

    names: types that this database has besides.
    """
    name, code, precision, scale = described[0], described[1], described[4], described[5]
    if isinstance(code, type):
        if code is Decimal:
            kind = decimals(precision, scale) if precision and scale is not None else ANY_NUMERIC
            return Column(name, f"decimal({precision},{scale})" if precision else "decimal", kind)
        source_type, known = _CLASSES.get(code, (code.__name__, None))
    else:
        source_type = str(code)
        words = source_type.lower()
        known = pa.string() if words.startswith("enum(") else {**names, **_NAMES}.get(words, known_type(source_type))
    return Column(name, source_type, known, f"CAST({name} AS VARCHAR) AS {name}")


def _check_names(query: Query, names: Sequence[str]) -> None:
    """Refuse names that differ in their case alone, which most databases take for one."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(name.lower(), name)
        if other != name:
            raise ContractError(
                f"{query.path} returns two columns whose names differ in case only, {other} and {name}.",
                "Give each column a name of its own (AS).",
            )


def _cure(unknown: Sequence[Column]) -> str:
    """Return what to write, one column after the other."""
    casts = [column.cure for column in unknown if column.cure]
    types = [f"{column.name} text" for column in unknown if not column.cure]
    lines = [f"`-- types: {', '.join(types)}` (or what they are) into the header"] if types else []
    return f"Write {' and '.join([*(f'{cast}' for cast in casts), *lines])}."
