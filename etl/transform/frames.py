"""Frames of Arrow columns: turning into them what a table file returned, and leaving rows out without copying all."""

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.core.errors import ContractError

Mask = npt.NDArray[np.bool_]


def arrow_backed(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the frame with Arrow columns only, categories as their values.

    Raises ContractError naming the column of which a value has another type.
    """
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ContractError(f"{table}: build returned the column {twice} twice.", "Return each column once.")
    converted = {
        str(name): _arrow_column(frame[name], table)
        for name, kind in frame.dtypes.items()
        if not isinstance(kind, pd.ArrowDtype) or _is_encoded(kind.pyarrow_dtype)
    }
    return frame.assign(**converted) if converted else frame


def _arrow_column(column: pd.Series, table: str) -> pd.Series:
    try:
        values = _values(column)
    except (pa.ArrowException, ArithmeticError, TypeError, ValueError):
        kinds = sorted({type(value).__name__ for value in column.dropna()})
        what = f"values of several types for {column.name}" if len(kinds) > 1 else f"odd values for {column.name}"
        raise ContractError(
            f"{table}: build returned {what}: {', '.join(kinds[:5])}.",
            'Let one column hold one type: convert them in build, e.g. by .map(str, na_action="ignore").',
        ) from None
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(values.type)), index=column.index, name=column.name)


def _values(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    try:
        values = pa.array(column, from_pandas=True)
    except OverflowError:  # integers of Python that have more than 64 bits
        values = pa.array([None if pd.isna(value) else Decimal(value) for value in column])
    return values.cast(getattr(values.type, "value_type", pa.string())) if _is_encoded(values.type) else values


def _is_encoded(kind: pa.DataType) -> bool:
    """Whether a type stores texts or other plain values in a way of its own, which not all that Arrow does can read."""
    return bool(pa.types.is_dictionary(kind) or pa.types.is_string_view(kind))


def only(frame: pd.DataFrame, wanted: Mask) -> pd.DataFrame:
    """Leave the rows where `wanted` is true: Arrow filters texts faster than pandas takes them."""
    if wanted.all():
        return frame
    mask = pa.array(wanted)
    columns = {name: _filtered(frame[name], mask) for name in frame.columns}
    return pd.DataFrame(columns, index=frame.index[wanted])


def all_but(frame: pd.DataFrame, positions: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Leave the rows out that stand at these positions."""
    wanted = np.ones(len(frame), dtype=bool)
    wanted[positions] = False
    return only(frame, wanted)


def same_rows(one: pd.DataFrame, other: pd.DataFrame) -> Mask:
    """Tell which rows at the same places of two frames are the same; NULL equals NULL.

    None of them where their columns differ, or these have other types.
    """
    same = np.full(len(one), list(one.columns) == list(other.columns))
    for name in one.columns if same.any() else ():
        mine, theirs = (pa.array(frame[name], from_pandas=True) for frame in (one, other))
        if mine.type != theirs.type:
            return np.zeros(len(one), dtype=bool)
        both_null = pc.and_(pc.is_null(mine), pc.is_null(theirs))
        same &= pc.or_(pc.fill_null(pc.equal(mine, theirs), fill_value=False), both_null).to_numpy(zero_copy_only=False)
    return same


def _filtered(column: pd.Series, mask: pa.Array) -> pd.api.extensions.ExtensionArray:
    values = pa.array(column, from_pandas=True).filter(mask)
    return pd.array(values, dtype=pd.ArrowDtype(values.type))
