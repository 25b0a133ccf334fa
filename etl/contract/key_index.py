"""Key lookups through an index: the position of each row's key among a table's keys, without a merge."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.comparing import arrow_type, check_comparable, comparable

Positions = npt.NDArray[np.int64]


_MOST = np.iinfo(np.int64).max
_MOST_SMALL = np.iinfo(np.int32).max


class KeyIndex:
    """An index over one or more key columns of a frame whose keys are unique.

    Several columns are combined by the positions of their distinct values, (i, j) → i·n + j, so that (1, 23) and
    (12, 3) never meet, as they would if their texts were glued.
    """

    def __init__(self, keys: pd.DataFrame) -> None:
        """keys: one column per part of the key, one row per member; a member with a NULL in its key is never found."""
        self._parts = [_Part(keys[name]) for name in keys.columns]
        self._renumbered: dict[int, _Numbers] = {}
        self._size, self._members, self._numbers = len(keys), None, None
        if len(self._parts) == 1 and len(keys) and self._parts[0].size == len(keys) and keys.notna().all(axis=None):
            return  # each value once: their positions are 0, 1, 2, … by what they were numbered
        combined = self._combined([keys[name] for name in keys.columns], learning=True)
        members = np.flatnonzero(combined >= 0)
        found = combined[members]
        self._size = len(members)
        self._members = None if len(members) == len(combined) else compact(members)
        self._numbers = None if np.array_equal(found, np.arange(len(found))) else _Numbers(found)
        if self._numbers is not None and not self._numbers.are_unique:
            twice = keys.iloc[members[pd.Series(found).duplicated().to_numpy()]].drop_duplicates().head(3)
            raise ValueError(f"these keys are not unique: {'; '.join(map(str, twice.to_dict('records')))}")

    def positions(self, columns: Sequence[pd.Series]) -> Positions:
        """Return each row's position among the keys; −1, never to be used as an index, where there is none."""
        combined = self._combined(columns)
        if not self._size:
            return np.full(len(combined), -1, dtype=np.int64)
        if self._numbers is None:  # they are 0, 1, 2, …; of several columns there may be more combinations than members
            found = np.where(combined < self._size, combined, -1)
        else:
            found = self._numbers.positions(combined)
            found[combined < 0] = -1
        return found if self._members is None else np.where(found < 0, -1, self._members[found]).astype(np.int64)

    def _combined(self, columns: Sequence[pd.Series], *, learning: bool = False) -> Positions:
        combined = np.zeros(len(columns[0]), dtype=np.int64)
        missing = np.zeros(len(columns[0]), dtype=bool)
        size = 1
        for number, (part, column) in enumerate(zip(self._parts, columns, strict=True)):
            if size * part.size > _MOST:
                combined = self._with_small_numbers(number, combined, missing, learning)
                missing |= combined < 0
                size = len(self._renumbered[number])
            codes = part.codes(column)
            missing |= codes < 0
            combined = combined * part.size + codes
            size *= part.size
        combined[missing] = -1
        return combined

    def _with_small_numbers(
        self, number: int, combined: Positions, missing: npt.NDArray[np.bool_], learning: bool
    ) -> Positions:
        """Number the combinations that occur anew, where 63 bits cannot number all that could."""
        if learning:
            self._renumbered[number] = _Numbers(_sorted_once(combined[~missing]))
        return self._renumbered[number].positions(combined)


class _Numbers:
    """The positions of numbers: in a plain array where they lie close together, as ids do, else in a hash table."""

    def __init__(self, numbers: Positions) -> None:
        self._low = int(numbers.min(initial=0))
        self._size = len(numbers)
        width = int(numbers.max(initial=0)) - self._low + 1
        self._table: npt.NDArray[np.int32] | Positions | None = None
        if width <= 4 * len(numbers) + 1024:
            is_small = len(numbers) <= _MOST_SMALL
            table = np.full(width, -1, dtype=np.int32) if is_small else np.full(width, -1, dtype=np.int64)
            table[numbers - self._low] = np.arange(len(numbers), dtype=table.dtype)
            self._table = table
        else:
            self._index = pd.Index(numbers)

    def __len__(self) -> int:
        return self._size

    @property
    def are_unique(self) -> bool:
        """Whether no number occurs twice."""
        if self._table is None:
            return bool(self._index.is_unique)
        return int(np.count_nonzero(self._table >= 0)) == self._size

    def positions(self, numbers: Positions) -> Positions:
        """Return each number's position, −1 where it has none."""
        if self._table is None:
            return np.asarray(self._index.get_indexer(pd.Index(numbers)), dtype=np.int64)
        places = numbers - self._low
        outside = (places < 0) | (places >= len(self._table))
        places[outside] = 0
        found = self._table[places].astype(np.int64)
        found[outside] = -1
        return found


class _Part:
    """The distinct values of one key column."""

    def __init__(self, column: pd.Series) -> None:
        values = comparable(column).drop_null()
        self._name, self._type = column.name, arrow_type(column)
        self._is_text = pa.types.is_string(values.type)
        self._distinct = pc.unique(values) if self._is_text else values.slice(0, 0)
        self._numbers = None if self._is_text else _numbers_of(values.to_numpy(zero_copy_only=False))
        self._is_empty = not len(values)
        self.size = max(len(self._numbers) if self._numbers else len(self._distinct), 1)

    def codes(self, column: pd.Series) -> Positions:
        """Return each row's position among the distinct values, −1 where there is none."""
        check_comparable(column.name, arrow_type(column), self._name, self._type)
        values = comparable(column)
        if values.null_count == len(values) or self._is_empty:
            return np.full(len(values), -1, dtype=np.int64)
        if self._numbers is None:
            codes = pc.index_in(values, value_set=self._distinct)
            return np.asarray(pc.fill_null(codes, -1), dtype=np.int64)
        numbers = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
        codes = self._numbers.positions(numbers)
        if values.null_count:
            codes[pc.is_null(values).to_numpy(zero_copy_only=False)] = -1
        return codes


def compact(numbers: Positions) -> npt.NDArray[np.int32] | Positions:
    """Return numbers that are kept for long half of their room, where they fit."""
    return numbers.astype(np.int32) if numbers.max(initial=0) <= _MOST_SMALL else numbers


def _numbers_of(numbers: Positions) -> _Numbers:
    """Number the distinct values: a key of one column has each once, and keeps its order."""
    found = _Numbers(numbers)
    return found if found.are_unique else _Numbers(_sorted_once(numbers))


def _sorted_once(numbers: Positions) -> Positions:
    """Return the distinct numbers. Sorting takes a fifth of the time and memory of hashing them."""
    ordered = np.sort(numbers)
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return np.asarray(ordered[first])
