"""Key lookups through an index: the position of each row's key among a table's keys, without a merge."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Positions = npt.NDArray[np.int64]


class KeyIndex:
    """An index over one or more key columns of a frame whose keys are unique.

    Several columns are combined by the positions of their distinct values, (i, j) → i·n + j, so that (1, 23) and
    (12, 3) never meet, as they would if their texts were glued.
    """

    def __init__(self, keys: pd.DataFrame) -> None:
        """keys: one column per part of the key, one row per member; a member with a NULL in its key is never found."""
        self._parts = [_Part(keys[name]) for name in keys.columns]
        if prod(part.size for part in self._parts) > np.iinfo(np.int64).max:
            raise ValueError(f"The key {list(keys.columns)} has more combinations than 63 bits can number.")
        combined = self._combined([keys[name] for name in keys.columns])
        self._members = np.flatnonzero(combined >= 0)
        self._index = pd.Index(combined[self._members])

    def positions(self, columns: Sequence[pd.Series]) -> Positions:
        """Give each row's position among the keys; −1, never to be used as an index, where there is none."""
        combined = self._combined(columns)
        found = self._index.get_indexer(pd.Index(combined))
        missing = (found < 0) | (combined < 0)
        if not len(self._members):
            return np.full(len(combined), -1, dtype=np.int64)
        return np.where(missing, -1, self._members[found]).astype(np.int64)

    def _combined(self, columns: Sequence[pd.Series]) -> Positions:
        combined = np.zeros(len(columns[0]), dtype=np.int64)
        missing = np.zeros(len(columns[0]), dtype=bool)
        for part, column in zip(self._parts, columns, strict=True):
            codes = part.codes(column)
            missing |= codes < 0
            combined = combined * part.size + codes
        combined[missing] = -1
        return combined


class _Part:
    """The distinct values of one key column."""

    def __init__(self, column: pd.Series) -> None:
        distinct = pc.unique(comparable(column)).drop_null()
        self.size = max(len(distinct), 1)
        self._is_text = pa.types.is_string(distinct.type)
        self._distinct = distinct if self._is_text else pd.Index(distinct.to_numpy(zero_copy_only=False))

    def codes(self, column: pd.Series) -> Positions:
        """Give each row's position among the distinct values, −1 where there is none."""
        values = comparable(column)
        if self._is_text:
            codes = pc.index_in(values.cast(pa.string()), value_set=self._distinct)
            return np.asarray(pc.fill_null(codes, -1), dtype=np.int64)
        if pa.types.is_string(values.type):
            return np.full(len(values), -1, dtype=np.int64)
        numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
        codes = np.asarray(self._distinct.get_indexer(numbers), dtype=np.int64)
        if values.null_count:
            codes[pc.is_null(values).to_numpy(zero_copy_only=False)] = -1
        return codes


def comparable(column: pd.Series) -> pa.Array:
    """Turn a key column into int64 or text, so that int32 and int64, or dates of both kinds, compare equal."""
    values = pa.array(column, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type
    if pa.types.is_date32(kind):
        return values.cast(pa.int32()).cast(pa.int64())
    if pa.types.is_temporal(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return values.cast(pa.int64())
    if pa.types.is_null(kind):
        return values.cast(pa.int64())
    return values.cast(pa.string())


def lookup(columns: pd.DataFrame, frame: pd.DataFrame, value: str) -> pd.Series:
    """Look a column of another table up by its key: for each row of `columns`, `frame[value]` of the matching row.

    columns: the key's columns, named as in `frame`, whose keys are unique. NULL where nothing matches.
    """
    names = list(columns.columns)
    positions = KeyIndex(frame[names]).positions([columns[name] for name in names])
    values = pa.array(frame[value], from_pandas=True)
    taken = values.take(pa.array(positions, mask=positions < 0))
    return pd.Series(pd.array(taken, dtype=pd.ArrowDtype(taken.type)), index=columns.index, name=value)
