"""Tables drawn in Markdown: read into typed frames, and drawn again of what was built.

∅ is NULL, an empty cell an empty text, · a blank; times are UTC, flags yes and no. A column's type stands behind its
name in the head, as in a query's header (`price numeric(12,2)`); else it is what its values look like.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from etl.core.arrow_types import ANY_NUMERIC
from etl.core.errors import ContractError
from etl.download.types import DIGITS, declared_type

NULL = "∅"
_BLANK = "·"
_YES_NO = {"yes": True, "no": False}
_LOOKS = (
    (re.compile(r"-?(0|[1-9]\d*)"), pa.int64()),
    (re.compile(r"-?(0|[1-9]\d*)\.\d+"), ANY_NUMERIC),
    (re.compile(r"\d{4}-\d\d-\d\d"), pa.date32()),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"), pa.timestamp("us", "UTC")),
    (re.compile("yes|no"), pa.bool_()),
)
"""What values of a type look like; others are texts."""


def cells_of(table: str) -> list[list[str]]:
    """Return the rows below the table's head and rule, each cell without the blanks around it."""
    return [_cells(line) for line in table.strip().splitlines()[2:]]


def head_of(table: str) -> list[str]:
    """Return the cells of the table's head."""
    return _cells(table.strip().splitlines()[0])


def frame_of(table: str, types: Mapping[str, pa.DataType]) -> pd.DataFrame:
    """Return the frame that a table draws, with Arrow columns. types: of columns whose head says none."""
    heads, rows = head_of(table), cells_of(table)
    if short := [" | ".join(row) for row in rows if len(row) != len(heads)]:
        raise ContractError(f"This row is drawn with another number of cells than its head: {short[0]}.")
    texts = list(zip(*rows, strict=True)) or [()] * len(heads)
    columns = {}
    for head, cells in zip(heads, texts, strict=True):
        name, _, words = head.partition(" ")
        kind = _declared(name, words) if words else types.get(name) or _looks_like(cells)
        exact = _scaled(cells) if kind == ANY_NUMERIC else kind
        columns[name] = _array(name, [value_of(text, exact) for text in cells], exact)
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def value_of(text: str, kind: pa.DataType) -> Any:
    """Return the value that a cell draws. Raises ContractError where it is none of that type."""
    if text == NULL:
        return None
    try:
        if pa.types.is_integer(kind):
            return int(text)
        if pa.types.is_decimal(kind):
            return Decimal(text)
        if pa.types.is_floating(kind):
            return float(text)
        if pa.types.is_timestamp(kind):
            instant = datetime.fromisoformat(text)
            return instant.replace(tzinfo=instant.tzinfo or UTC) if kind.tz else instant
        if pa.types.is_date(kind):
            return date.fromisoformat(text)
        if pa.types.is_time(kind):
            return time.fromisoformat(text)
        return _YES_NO[text] if pa.types.is_boolean(kind) else text.replace(_BLANK, " ")
    except (ArithmeticError, KeyError, ValueError):
        raise ContractError(f"{text!r} is drawn in a column of type {kind}.", f"NULL is drawn {NULL}.") from None


def drawn(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Draw rows as a table."""
    lines = [list(columns), *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _array(name: str, values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except pa.ArrowInvalid as error:
        raise ContractError(f"A value of column {name} is no {kind}: {error}.", "Draw it as that.") from None


def _declared(name: str, words: str) -> pa.DataType:
    try:
        return declared_type(words)
    except ValueError as error:
        raise ContractError(f"The head of column {name} names no type: {words}.", str(error)) from None


def _looks_like(cells: Sequence[str]) -> pa.DataType:
    given = [text for text in cells if text != NULL]
    if given and all(_LOOKS[0][0].fullmatch(text) or _LOOKS[1][0].fullmatch(text) for text in given):
        return _LOOKS[0][1] if all(_LOOKS[0][0].fullmatch(text) for text in given) else ANY_NUMERIC
    return next((kind for form, kind in _LOOKS if given and all(map(form.fullmatch, given))), pa.string())


def _scaled(cells: Sequence[str]) -> pa.DataType:
    """Return the type of decimals with as many of them behind the point as the longest has."""
    return pa.decimal128(DIGITS, max([len(text.partition(".")[2]) for text in cells if text != NULL] or [0]))


def _cell(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    text = str(value)
    return text.replace(" ", _BLANK) if text != text.strip() else text
