"""Rows by the context that they are of: of one member, or all, of each slicer."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.dashboard.picture import Value
from etl.report.cubes import ALL

Context = tuple[int, ...]
Row = tuple[int, *tuple[Value, ...]]
"""The code of the axis' member, and a value for each measure."""


class Contexts(Mapping[Context, list[Row]]):
    """The rows of each context of which there are any. table: all of them, context after context.

    Its columns: the codes of the slicers, `width` of them, axis, and one for each measure.
    """

    def __init__(self, table: pa.Table, width: int) -> None:
        self.table, self._width = table, width
        first = np.flatnonzero(begins(table, width)).tolist()
        codes = [column.take(pa.array(first, pa.int64())).to_pylist() for column in table.columns[:width]]
        contexts = list(zip(*codes, strict=True)) if width else [()] * len(first)
        self._places = dict(zip(contexts, pairwise([*first, len(table)]), strict=True))

    def __getitem__(self, context: Context) -> list[Row]:
        begin, end = self._places[context]
        columns = self.table.columns[self._width :]
        return list(zip(*(column.slice(begin, end - begin).to_pylist() for column in columns), strict=True))

    def __iter__(self) -> Iterator[Context]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def lengths(self) -> list[int]:
        """How many rows each context has."""
        return [end - begin for begin, end in self._places.values()]

    @property
    def members(self) -> list[int]:
        """The members of the axis, in the order in which they come."""
        members: list[int] = pc.unique(self.table.column("axis")).to_pylist()
        return members

    def under(self, slicers: int) -> "Contexts":
        """Return those in which a member of each of the first slicers is chosen."""
        table = self.table
        for n in range(slicers):
            table = table.filter(pc.not_equal(table.column(f"a{n}"), ALL))
        return Contexts(table, self._width)


def first_of_each(table: pa.Table, width: int, most: int) -> pa.Table:
    """Return the first rows of each context, so many at most."""
    places = np.arange(len(table))
    return table.filter(pa.array(places - np.maximum.accumulate(np.where(begins(table, width), places, 0)) < most))


def begins(table: pa.Table, width: int) -> npt.NDArray[np.bool_]:
    """Return of each row whether a context begins with it. width: how many columns of codes there are."""
    first = np.zeros(len(table), dtype=bool)
    first[:1] = True
    for column in table.columns[:width]:
        codes = column.to_numpy()
        first[1:] |= codes[1:] != codes[:-1]
    return first
