"""Surrogate keys over time: a member keeps its number, and no number ever means two members.

The published dimensions know the numbers that everybody has seen, so they win over a key map that is behind, or gone.
A table of numbers has a dimension's natural key and its surrogate key, which is its last column; of a dimension with
history it has a number for each version, by the member and the change key, or NULL for one whose change nobody knows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.table import Contract
from etl.core.decimals import rescaled
from etl.core.head import Head
from etl.core.receipt import TableReceipt

_OTHER = " now"


@dataclass(frozen=True)
class Published:
    """What a warehouse knows of what is published, and of numbers.

    star_runs: by table, the run that built its rows; as_of: of which instant these are; receipts: of the published
    tables, as far as there are any; numbers: reads a dimension's, None where there is no such table with such a key;
    greatest: reads the greatest number that a dimension has ever had; rows: reads a table, some rows at a time, nothing
    where there is none.
    """

    head: Head
    star_runs: Mapping[str, str]
    as_of: Mapping[str, datetime]
    receipts: Mapping[str, TableReceipt]
    numbers: Callable[[Contract], pa.Table | None]
    greatest: Callable[[Contract], int]
    rows: Callable[[str], Iterator[pa.RecordBatch]]


def schema_of(contract: Contract) -> pa.Schema:
    """Return the columns of a dimension's numbers."""
    names = (*contract.row_key, str(contract.surrogate_key))
    return pa.schema([pa.field(name, contract.schema.field(name).type) for name in names])


def renamed(numbers: pa.Table, contract: Contract) -> pa.Table:
    """Give numbers the names of a contract whose key says what it was called before; else they are returned as is."""
    there = numbers.column_names
    names = {c.renamed_from: c.name for c in contract.columns if c.renamed_from and c.name not in there}
    new = [*(names.get(name, name) for name in there[:-1]), str(contract.surrogate_key)]
    return numbers if new == there else numbers.rename_columns(new)


def with_change_key(numbers: pa.Table, contract: Contract) -> pa.Table:
    """Return the numbers of members as those of versions, with no change key yet, where history is new."""
    *natural, _ = numbers.column_names
    if not contract.has_history or natural != list(contract.natural_key):
        return numbers
    change = schema_of(contract).field(str(contract.change_key))
    return numbers.add_column(len(natural), change, pa.nulls(len(numbers), change.type))


def converted(numbers: pa.Table, wanted: pa.Schema) -> pa.Table | None:
    """Give numbers the types of a contract; None where its columns are others, or a value would be lost on the way."""
    if numbers.column_names != wanted.names:
        return None
    if numbers.schema.types == wanted.types:
        return numbers
    columns = [converted_column(numbers.column(field.name), field.type) for field in wanted]
    return None if None in columns else pa.table(columns, wanted)


def converted_column(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """Give values another type; None where one would be lost on the way, or has no text that anybody would write."""
    if column.type == kind:
        return column
    both = (column.type, kind), (kind, column.type)
    if not (any(_is_one_text(a, b) for a, b in both) or all(pa.types.is_timestamp(each) for each in both[0])):
        return None
    try:
        cast = _cast(column, kind)
        return cast if _cast(cast, column.type).equals(column) else None
    except pa.ArrowException:
        return None


def _is_one_text(some: pa.DataType, other: pa.DataType) -> bool:
    """Whether each value of a type has one text (or number) of the other type that anybody would write for it."""
    exact = pa.types.is_integer(some) or pa.types.is_decimal(some)
    if pa.types.is_string(other):
        return bool(pa.types.is_integer(some) or pa.types.is_date(some))
    return exact and bool(pa.types.is_integer(other) or pa.types.is_decimal(other))


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    exact = pa.types.is_integer(column.type) or pa.types.is_decimal(column.type)
    return rescaled(column, kind) if exact and pa.types.is_decimal(kind) else column.cast(kind)


def conflicts(theirs: pa.Table, ours: pa.Table) -> pa.Table:
    """Return the rows of `ours` that contradict `theirs`: a member with another number, a number of another member."""
    *natural, key = ours.column_names
    other = theirs.rename_columns([name + _OTHER for name in theirs.column_names])
    moved = ours.join(other, natural, [name + _OTHER for name in natural], "inner")
    moved = moved.filter(pc.not_equal(moved.column(key), moved.column(key + _OTHER)))
    taken = ours.join(other, key, key + _OTHER, "inner")
    differs = [pc.not_equal(taken.column(name), taken.column(name + _OTHER)) for name in natural]
    for mask in differs[1:]:
        differs[0] = pc.or_kleene(differs[0], mask)
    found = pa.concat_tables([moved.select(ours.column_names), taken.filter(differs[0]).select(ours.column_names)])
    return found.group_by(found.column_names).aggregate([]).select(ours.column_names)


def reconciled(known: pa.Table, published: pa.Table) -> tuple[pa.Table, int, int]:
    """Return a key map that agrees with what is published, the members it lacked, and those whose number it had wrong.

    What contradicts is dropped: such a member gets the published number, or, if it is not published, the next free one.
    """
    *natural, key = known.column_names
    wrong = conflicts(published, known)
    right = known.join(wrong, known.column_names, join_type="left anti") if len(wrong) else known
    lacking = published.join(right, natural, join_type="left anti").select(known.column_names)
    lacking = lacking.filter(_is_lacking(lacking, right))
    whole = pa.concat_tables([right, lacking]).sort_by(key)
    return whole, len(lacking), len(wrong)


def _is_lacking(numbers: pa.Table, right: pa.Table) -> pa.ChunkedArray:
    """Tell which numbers are not among the right ones: without a change key it is the number that says so."""
    *natural, key = numbers.column_names
    unknown = pa.array(np.zeros(len(numbers), dtype=bool))
    for name in natural:
        unknown = pc.or_(unknown, pc.is_null(numbers.column(name)))
    return pc.invert(pc.and_(unknown, pc.is_in(numbers.column(key), right.column(key).combine_chunks())))
