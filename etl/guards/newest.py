"""The guard over a table's newest rows: the greatest date, time or number of a column must not go back."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.core.arrow_types import arrow_type
from etl.core.errors import ContractError
from etl.core.manifest import RawColumn, RawTable, rows_of
from etl.guards.figures import EARLIER, GONE, is_less
from etl.guards.guard import DOWNLOAD, Finding, guard
from etl.guards.raw import RawSeen
from etl.receipts.arrow import canonical


def check_newest(path: Path, column: RawColumn) -> None:
    """Refuse `-- newest:` of a column that has no order that means anything: a text, a flag, a time of day."""
    kind = arrow_type(column.type)
    if not (pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind) or _is_day(kind)):
        raise ContractError(
            f"{path}: `-- newest: {column.name}` names a column of {column.source_type},"
            " which is not a date, a time or a number.",
            f"Cast it in the query: CAST({column.name} AS date) AS {column.name}; or name another column.",
        )


def with_newest(folder: Path, table: RawTable, column: str | None) -> RawTable:
    """Return a table's entry with the greatest value of `-- newest:`, by the source's word or else by its files."""
    if column is None or column in table.newest:
        return table
    told = table.receipt.columns.get(column) if table.receipt else None
    known = told and (told.max is not None or told.nulls == table.rows)
    figure = told.max if told and known else _greatest(folder, table, column)
    return table.model_copy(update={"newest": {column: figure}})


@guard(
    DOWNLOAD,
    worse=EARLIER,
    stops="the newest rows are gone: the greatest value of a date, time or number went back",
    reads=("newest",),
    needs=lambda tolerance: tolerance.newest,
)
def newest(seen: RawSeen) -> Iterator[Finding]:
    """Compare with the newest of the nights before that had one; a table without rows is judged by `empty`."""
    column, table = seen.tolerance.newest, seen.table
    if column is None or not table.rows:
        return
    nights = ((_figure(one, column), one) for one in seen.before(newest))
    now, then = _figure(table, column), next(((figure, one) for figure, one in nights if figure is not None), None)
    if then is not None and (now is None or is_less(now, then[0])):
        yield seen.found(
            then[1], f"the newest {column} is {now or 'gone'}, {then[0]} in run {then[1].run}", now or GONE
        )


def _figure(table: RawTable, column: str) -> str | None:
    if column in table.newest:
        return table.newest[column]
    told = table.receipt.columns.get(column) if table.receipt else None  # a run of an older version
    return told.max if told else None


def _is_day(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _greatest(folder: Path, table: RawTable, column: str) -> str | None:
    """Read a column's greatest value from a raw table's files, a block at a time: as receipts write it."""
    names = [one.name for one in table.columns]
    kind = next(arrow_type(one.type) for one in table.columns if one.name == column)
    found = []
    for block in table.blocks:
        found.append(_greatest_of(pa.py_buffer(rows_of(folder, table, block)), names, column, kind))
    return canonical(max((value for value in found if value is not None), default=None))


def _greatest_of(data: pa.Buffer, names: list[str], column: str, kind: pa.DataType) -> Any:
    from etl.core import arrow_csv  # here: it takes memory that a night whose receipts tell the figure does not need

    def read(kind: pa.DataType) -> pa.ChunkedArray:
        return arrow_csv.read(data, pa.schema([(column, kind)]), header=False, names=names).column(0)

    try:
        values = read(kind)
        return pc.max(values.filter(pc.is_finite(values)) if pa.types.is_floating(kind) else values).as_py()
    except pa.ArrowInvalid:  # some value is none of the type's: infinity, or one that will be rejected
        texts = pc.unique(read(pa.string())).drop_null().to_pylist()
        return max((value for text in texts if (value := _value(text, kind)) is not None), default=None)


def _value(text: str, kind: pa.DataType) -> Any:
    """Read one value as the type's; None where it is none."""
    try:
        if not _is_day(kind):
            number = Decimal(text)
            return number if number.is_finite() else None
        value = datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return None
    return value.date() if pa.types.is_date(kind) else value
