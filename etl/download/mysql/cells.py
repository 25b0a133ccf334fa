"""The cells of a raw CSV out of what MySQL's protocol sends, a column at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import CursorResult

from etl.core.arrow_types import arrow_type
from etl.core.manifest import RawColumn
from etl.download.generic.cells import as_sqlalchemy, constant, decoded, lines, of_distinct, quoted, writer_of
from etl.download.generic.values import Write, writers
from etl.download.mysql.packets import Packets

_Cells = Callable[[pa.Array], pa.Array]

_UTC, _NOTHING = constant("+00"), constant("")
_TIMESTAMP = 7
_NUMBERS = frozenset((0, 1, 2, 3, 5, 8, 9, 13, 246))
_DAYS = frozenset((10, 12))
_TEXTS = frozenset((15, 16, 249, 250, 251, 252, 253, 254, 255))
"""Types of the protocol. Of texts, those whose character set is binary are bytes."""
_BINARY = 63


def can_read(cursor: Any) -> bool:
    """Whether a cursor is one of PyMySQL's, as we know it, with rows to come."""
    result = getattr(cursor, "_result", None)
    connection = getattr(result, "connection", None)
    known = hasattr(connection, "_rfile") and hasattr(connection, "_force_close") and hasattr(result, "fields")
    return known and getattr(result, "unbuffered_active", False) is True


def batches(result: CursorResult[Any], columns: Sequence[RawColumn]) -> Iterator[pa.Array]:
    """Yield the rows that a cursor is about to read as lines of a CSV. Raises what SQLAlchemy raises."""
    cursor: Any = result.cursor
    described = zip(columns, cursor._result.fields, writers(columns), strict=True)
    cells = [_cells(column, field.type_code, field.charsetnr, write) for column, field, write in described]
    yield writer_of(columns)(result.fetchmany(1))  # which SQLAlchemy has fetched already
    with as_sqlalchemy(result, cursor):
        for found in Packets(cursor).batches():
            yield lines([one(texts) for one, texts in zip(cells, found, strict=True)])


def _cells(column: RawColumn, code: int, charset: int, write: Write) -> _Cells:
    """Return what makes a column's cells: of most types by Arrow, else `write` makes each different one."""
    kind = arrow_type(column.type)
    if code in _TEXTS and charset == _BINARY:
        return lambda texts: of_distinct(texts, write)
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    if code in _NUMBERS and is_number and column.source_type != "float":
        return decoded
    is_time = pa.types.is_timestamp(kind)
    if code in _DAYS and (pa.types.is_date(kind) or (is_time and not kind.tz)):
        return decoded
    if code == _TIMESTAMP and is_time and kind.tz:
        return lambda texts: pc.binary_join_element_wise(decoded(texts), _UTC, _NOTHING)
    if pa.types.is_string(kind):
        return lambda texts: quoted(decoded(texts))
    return lambda texts: of_distinct(decoded(texts), write)
