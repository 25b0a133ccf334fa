"""Retention: who is new, who stayed, and who came back. The tables of clients and of team members share it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

COMES_BACK_WITHIN = 10
"""Editions: who was active last longer ago is new again."""

RETENTION = ["New", "Retained", "Reactivated", "None"]
"""The classes."""
_NEW, _RETAINED, _REACTIVATED, _NONE = range(len(RETENTION))


def retention(frame: pd.DataFrame, by: list[str], period: str, *, active: pd.Series, within: int) -> pd.Series:
    """Class each row by how many periods ago the same `by` was active last; one row per `by` and period.

    Not active in this one: None. Active in the one before: Retained; up to `within` ago: Reactivated; longer ago, or
    never: New. A NULL is the same as nothing else, so it is New.
    """
    rows = np.flatnonzero(active.fillna(False).to_numpy(dtype=bool))
    keys = pa.table({name: pa.array(frame[name], from_pandas=True) for name in [*by, period]}).take(rows)
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    keys = keys.take(order)
    periods = keys.column(period).combine_chunks()
    if pa.types.is_integer(periods.type):  # the gap between small ones may not be small
        periods = periods.cast(pa.int64())
    gap = pc.fill_null(pc.subtract(periods[1:], periods[:-1]), 0).to_numpy(zero_copy_only=False)
    known = (gap > 0) & (gap <= within)
    for column in (keys.column(name).combine_chunks() for name in by):
        known &= pc.fill_null(pc.equal(column[1:], column[:-1]), False).to_numpy(zero_copy_only=False)
    found = np.full(len(rows), _NEW, dtype=np.int8)
    found[1:][known] = np.where(gap[known] == 1, _RETAINED, _REACTIVATED)
    classes = np.full(len(frame), _NONE, dtype=np.int8)
    classes[rows[order.to_numpy()]] = found
    texts = pa.array(RETENTION).take(pa.array(classes))
    return pd.Series(pd.array(texts, dtype=pd.ArrowDtype(texts.type)), index=frame.index)
