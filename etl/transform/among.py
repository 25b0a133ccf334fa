"""Finding rows by the values that they have in some columns, NULL among them: one of many rows, or of none."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
_MOST = 2**62
_MOST_TOLD = 2**24
"""Up to here it is told of each code whether it is one; of greater ones those are looked up that are."""


class Among:
    """Some rows, by which others are found that have the same values in the same columns; NULL equals NULL.

    The columns are comparable ones (etl.contract.comparing): whole numbers or texts.
    """

    def __init__(self, rows: pa.Table) -> None:
        self.columns = rows.column_names
        self._values = [pc.unique(rows.column(name)) for name in self.columns]
        self._order = sorted(range(len(self._values)), key=lambda place: -len(self._values[place]))
        self._numbers: list[npt.NDArray[np.int64]] = []
        self._rows = np.unique(self._codes(rows, learning=True)[1]) if len(rows) else np.empty(0, np.int64)
        self._is_there = np.zeros(0, dtype=bool)
        if len(self._rows) and self._rows[-1] < _MOST_TOLD:
            self._is_there = np.zeros(int(self._rows[-1]) + 2, dtype=bool)  # the last one stands for all beyond
            self._is_there[self._rows] = True

    def __bool__(self) -> bool:
        """Whether there are any rows."""
        return bool(len(self._rows))

    def mask(self, table: pa.Table) -> Mask:
        """Tell of each row of a table whether it is among them. table: has their columns, in their order."""
        found = np.zeros(len(table), dtype=bool)
        if not len(self._rows) or not len(table):
            return found
        places, codes = self._codes(table)
        if len(self._is_there):
            found[places] = self._is_there[np.minimum(codes, len(self._is_there) - 1)]
        else:
            found[places] = self._rows[np.minimum(np.searchsorted(self._rows, codes), len(self._rows) - 1)] == codes
        return found

    def _codes(self, table: pa.Table, *, learning: bool = False) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Combine the positions of each row's values: (i, j) → i·n + j; returns where these rows are, and their codes.

        A row with a value that none of them has is not among them: the column with the most values leaves the fewest.
        """
        places, codes = np.arange(len(table)), np.zeros(len(table), dtype=np.int64)
        size, renumbered = 1, 0
        for place in self._order:
            values, column = self._values[place], table.column(place)
            if size * max(len(values), 1) > _MOST:
                if learning:
                    self._numbers.append(np.unique(codes))
                known = self._numbers[renumbered]
                found = np.minimum(np.searchsorted(known, codes), len(known) - 1)
                places, codes = places[known[found] == codes], found[known[found] == codes]
                size, renumbered = len(known), renumbered + 1
            found = _positions(column if len(places) == len(table) else column.take(pa.array(places)), values)
            if (found < 0).any():
                places, codes, found = places[found >= 0], codes[found >= 0], found[found >= 0]
            codes = codes * max(len(values), 1) + found
            size *= max(len(values), 1)
        return places, codes


def _positions(column: pa.ChunkedArray, values: pa.Array) -> npt.NDArray[np.int64]:
    """Return where each value is among others, −1 where it is not."""
    if pa.null() in (column.type, values.type):
        kind = pa.string() if pa.string() in (column.type, values.type) else pa.int64()
        column, values = column.cast(kind), values.cast(kind)
    found = pc.fill_null(pc.index_in(column, value_set=values), -1)
    return found.to_numpy().astype(np.int64)  # type: ignore[no-any-return]
