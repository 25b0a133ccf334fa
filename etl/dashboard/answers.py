"""The rows of a visual under one choice, as they are shown, asked of the published tables or of the star."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.company import pages as catalogue
from etl.core.errors import ContractError
from etl.dashboard.formats import member
from etl.dashboard.picture import Value
from etl.report.filters import fold
from etl.report.read import Read
from etl.report.sql import Composer, Filters

Row = tuple[Value, ...]


def asked_rows(
    visual: catalogue.Visual, composer: Composer, read: Read, filters: Filters | None = None
) -> tuple[Row, ...]:
    """Ask for the rows of a visual, in the order in which they are shown."""
    asked = list(dict.fromkeys([*visual.measures, visual.ranked_by]))
    table = read(composer.query(asked, visual.by, filters))
    if visual.by and visual.top and len(table) > visual.top:
        table = candidates(table, len(visual.measures), 1 + asked.index(visual.ranked_by), visual.top)
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    if visual.by is None:
        return tuple((None, *row) for row in rows)
    shown = len(visual.measures) + 1
    rows = [row for row in rows if any(value is not None for value in row[1:shown])]
    rows.sort(key=lambda row: order_of(row[0]))
    rows.sort(key=lambda row: rank_of(row[1 + asked.index(visual.ranked_by)]))
    rows = rows[: visual.top]
    if visual.kind in ("line", "column"):
        rows = sorted((r for r in rows if r[0] is not None), key=lambda row: row[0], reverse=visual.descending)
    return tuple(row[:shown] for row in rows)


def checked(measures: Sequence[str], rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Return rows of measures. Raises ContractError for what is no number."""
    for row in rows:
        for name, value in zip(measures, row[1:], strict=True):
            if isinstance(value, float) and not isfinite(value):
                raise ContractError(f"[{name}] is {value}.", "Divide by NULLIF(…, 0) in its sql.")
    return rows


def candidates(table: pa.Table, measures: int, rank: int, top: int) -> pa.Table:
    """Leave the rows that may be among the first `top`: of a million members few, before they are Python's objects.

    measures: how many columns after the first are shown, of which a row has to have one; rank: the column that ranks.
    """
    if not table.num_rows:
        return table
    there = [pc.is_valid(column) for column in table.columns[1 : measures + 1]]
    table = table.filter(reduce(pc.or_, there))
    values = table.column(rank)
    if len(table) <= top or not _can_be_ranked(values.type):
        return table
    order = pc.sort_indices(values, sort_keys=[("", "descending")])
    last = values[order[top - 1].as_py()]
    if not last.is_valid:
        return table
    return table.filter(pc.fill_null(pc.greater_equal(values, last), False))


def _can_be_ranked(kind: pa.DataType) -> bool:
    """Whether Arrow orders values as they are ranked here: not those of which some may be no number."""
    types = pa.types
    return bool(types.is_integer(kind) or types.is_decimal(kind) or types.is_date(kind) or types.is_timestamp(kind))


def named(visual: catalogue.Visual, rows: tuple[Row, ...], composer: Composer, read: Read) -> tuple[Row, ...]:
    """Call the members of a visual by their names, and by what tells them apart: there are namesakes."""
    called = named_members(visual, {place: row[0] for place, row in enumerate(rows)}, composer, read)
    return tuple((called[place], *row[1:]) for place, row in enumerate(rows))


def named_members(
    visual: catalogue.Visual, members: Mapping[int, Value], composer: Composer, read: Read
) -> dict[int, Value]:
    """Return what members of a visual's axis are called. members: their labels, by any number."""
    known = list(dict.fromkeys(label for label in members.values() if label is not None))
    if not (visual.by and visual.names and known):
        return dict(members)
    asked = read(composer.names(visual.by, visual.names, known)).to_pylist()
    found = {fold(row["label"]): row["name"] for row in asked}
    return {
        place: label if label is None else f"{member(found.get(fold(label)))} · {member(label)}"
        for place, label in members.items()
    }


def order_of(label: Value) -> tuple[Any, ...]:
    """Order members, also those of one rank: numbers and days by what they are, texts in no case, NULL last.

    So the empty text, the least of all, comes first. What a warehouse's own order is does not matter.
    """
    if label is None:
        return (True,)
    return (False, label.casefold(), label) if isinstance(label, str) else (False, label)


def rank_of(value: Any) -> tuple[int, Any]:
    """Order from the greatest or latest on; what is not known comes last."""
    if isinstance(value, datetime):
        return (0, -value.timestamp())
    if isinstance(value, date):
        return (0, -value.toordinal())
    return (0, -value) if isinstance(value, int | float | Decimal) else (1, 0)
