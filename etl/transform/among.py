"""Finding rows by the values that they have in some columns, NULL among them: one of many rows, or of none."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
_MOST = 2**62


class Among:
    """Some rows, by which others are found that have the same values in the same columns; NULL equals NULL.

    The columns are comparable ones (etl.contract.comparing): whole numbers or texts.
    """

    def __init__(self, rows: pa.Table) -> None:
        self.columns = rows.column_names
        self._values = [pc.unique(rows.column(name)) for name in self.columns]
        self._numbers: list[npt.NDArray[np.int64]] = []
        self._rows = np.unique(self._codes(rows, learning=True)) if len(rows) else np.empty(0, np.int64)

    def __bool__(self) -> bool:
        """Whether there are any rows."""
        return bool(len(self._rows))

    def mask(self, table: pa.Table) -> Mask:
        """Tell of each row of a table whether it is among them. table: has their columns, in their order."""
        if not len(self._rows) or not len(table):
            return np.zeros(len(table), dtype=bool)
        codes = self._codes(table)
        places = np.minimum(np.searchsorted(self._rows, codes), len(self._rows) - 1)
        found: Mask = (self._rows[places] == codes) & (codes >= 0)
        return found

    def _codes(self, table: pa.Table, *, learning: bool = False) -> npt.NDArray[np.int64]:
        """Combine the positions of each row's values: (i, j) → i·n + j; −1 where one is none of theirs."""
        codes = np.zeros(len(table), dtype=np.int64)
        missing = np.zeros(len(table), dtype=bool)
        size, renumbered = 1, 0
        for column, values in zip(table.columns, self._values, strict=True):
            if size * max(len(values), 1) > _MOST:
                if learning:
                    self._numbers.append(np.unique(codes))
                known = self._numbers[renumbered]
                places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
                missing |= known[places] != codes
                codes, size, renumbered = places, len(known), renumbered + 1
            found = _positions(column, values)
            missing |= found < 0
            codes = codes * max(len(values), 1) + found
            size *= max(len(values), 1)
        codes[missing] = -1
        return codes


def _positions(column: pa.ChunkedArray, values: pa.Array) -> npt.NDArray[np.int64]:
    """Return where each value is among others, −1 where it is not."""
    if pa.null() in (column.type, values.type):
        kind = pa.string() if pa.string() in (column.type, values.type) else pa.int64()
        column, values = column.cast(kind), values.cast(kind)
    found = pc.fill_null(pc.index_in(column, value_set=values), -1)
    return found.to_numpy().astype(np.int64)  # type: ignore[no-any-return]
