"""Versions of members, found as of a day: by the member's key, and among its versions by the day, without a merge."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.comparing import arrow_type
from etl.contract.history import BEGINNING, IS_CURRENT, VALID_FROM
from etl.contract.key_index import KeyIndex, Positions, compact
from etl.core.errors import ContractError

NO_DAY = np.iinfo(np.int64).min
"""Stands for NULL among days."""
_FIRST = (BEGINNING - pd.Timestamp(0).date()).days
_DAYS = 1 << 22
"""More days than there are from the beginning to the end."""
_ATTRIBUTE = "versions"


class VersionIndex:
    """An index over the versions of members.

    As of a day it finds the one with the latest beginning up to that day, before the first one that one, and as of no
    day the current one.
    """

    def __init__(self, keys: pd.DataFrame, days: Positions, current: npt.NDArray[np.bool_]) -> None:
        """keys: one row per version; days: since when each holds, counted from 1970; current: which are today's."""
        members = keys.drop_duplicates().reset_index(drop=True)
        self._members = KeyIndex(members)
        codes = self._members.positions([keys[name] for name in keys.columns])
        there = np.flatnonzero(codes >= 0)
        order = there[np.lexsort((days[there], codes[there]))]
        codes = codes[order]
        counts = np.bincount(codes, minlength=len(members))
        lasts = np.cumsum(counts) - 1
        self._order, self._has_several = compact(order), counts > 1
        self._first, now = compact(lasts - counts + 1), lasts
        now[codes[current[order]]] = np.flatnonzero(current[order])
        self._current = compact(now)
        self._several = compact(np.flatnonzero(self._has_several[codes]))
        self._begins = codes[self._several] * _DAYS + _offsets(days[order][self._several])

    @classmethod
    def of(cls, frame: pd.DataFrame, key: list[str]) -> Self:
        """Index a frame of versions. key: the columns of the member's natural key."""
        current = np.zeros(len(frame), dtype=bool)
        if IS_CURRENT in frame:
            current = frame[IS_CURRENT].fillna(False).to_numpy(dtype=bool)
        return cls(frame[key], days_of(frame[VALID_FROM]), current)

    def positions(self, columns: list[pd.Series], days: Positions | None = None) -> Positions:
        """Return the position of each row's version; −1, never to be used as an index, where there is no such member.

        days: as of which, counted from 1970, `NO_DAY` for NULL; without them all are current versions.
        """
        codes = self._members.positions(columns)
        found = np.full(len(codes), -1, dtype=np.int64)
        if not len(self._order):
            return found
        is_known = codes >= 0
        found = self._current[codes].astype(np.int64)  # of −1, too, which is mended below
        if days is not None and len(self._several):
            asked = np.flatnonzero(is_known & self._has_several[codes] & (days != NO_DAY))
            of = codes[asked]
            places = np.searchsorted(self._begins, of * _DAYS + _offsets(days[asked]), side="right") - 1
            found[asked] = np.maximum(self._several[np.maximum(places, 0)], self._first[of])
        found = self._order[found].astype(np.int64)
        found[~is_known] = -1
        return found


def days_of(column: pd.Series) -> Positions:
    """Return days, counted from 1970. Raises ContractError where a column holds anything else."""
    kind = arrow_type(column)
    if not (pa.types.is_date(kind) or pa.types.is_null(kind)):
        raise ContractError(
            f"{column.name}, as of which versions are looked up, is of the type {kind}, and no date.",
            "Take the day: business_date(column, night.time_zone).",
        )
    values = pa.array(column, from_pandas=True)
    days = values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    return np.asarray(pc.fill_null(days, NO_DAY))


def with_versions(frame: pd.DataFrame, versions: pd.DataFrame) -> pd.DataFrame:
    """Let a frame of current members know all versions of them, for `lookup(…, as_of=…)`."""
    frame.attrs[_ATTRIBUTE] = _Versions(versions, len(frame))
    return frame


def versions_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return all versions of the members of a frame, as `build` got it or a test draws it.

    Raises ContractError where it has none, or not those any more that `build` got.
    """
    known = frame.attrs.get(_ATTRIBUTE)
    if known is not None:
        if len(frame) != known.members:
            raise ContractError(
                "lookup(…, as_of=…) is to look versions up in a part of a dimension.",
                "Give it the dimension as build got it, and choose among what it returns.",
            )
        versions: pd.DataFrame = known.frame
        return versions
    if VALID_FROM not in frame:
        raise ContractError(
            "lookup(…, as_of=…) is to look versions up in a table that has none.",
            "Give it a dimension with history=True, or leave as_of out.",
        )
    return frame


def has_versions(frame: pd.DataFrame) -> bool:
    """Whether a frame of current members knows all versions of them."""
    return _ATTRIBUTE in frame.attrs


def without_versions(frame: pd.DataFrame) -> pd.DataFrame:
    """Let a frame forget them, which pandas hands on to whatever is made of it."""
    frame.attrs.pop(_ATTRIBUTE, None)
    return frame


class _Versions:
    """A frame that pandas copies with the frame that knows it, without copying its rows."""

    def __init__(self, frame: pd.DataFrame, members: int) -> None:
        self.frame, self.members = frame, members

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def _offsets(days: Positions) -> Positions:
    return np.clip(days - _FIRST, 0, _DAYS - 1)
