"""Frames of Arrow columns: turning into them what a table file returned, and leaving rows out without copying all."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from etl.core.errors import ContractError

Mask = npt.NDArray[np.bool_]


def arrow_backed(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Turn what is not Arrow yet into it. Raises ContractError naming the column of which a value has another type."""
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ContractError(f"{table}: build returned the column {twice} twice.", "Return each column once.")
    converted = {
        str(name): _arrow_column(frame[name], table)
        for name, kind in frame.dtypes.items()
        if not isinstance(kind, pd.ArrowDtype)
    }
    return frame.assign(**converted) if converted else frame


def _arrow_column(column: pd.Series, table: str) -> pd.Series:
    try:
        values = pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise ContractError(
            f"{table}: build returned values of several types for {column.name}: {str(error).partition(chr(10))[0]}.",
            "Convert the column in build.",
        ) from None
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(values.type)), index=column.index, name=column.name)


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


def _filtered(column: pd.Series, mask: pa.Array) -> pd.api.extensions.ExtensionArray:
    values = pa.array(column, from_pandas=True).filter(mask)
    return pd.array(values, dtype=pd.ArrowDtype(values.type))
