"""Looking up a column of another table, through an index and without a merge."""

import pandas as pd
import pyarrow as pa

from etl.contract.key_index import KeyIndex
from etl.contract.versions import VersionIndex, days_of, versions_of


def lookup(columns: pd.DataFrame, frame: pd.DataFrame, value: str, *, as_of: pd.Series | None = None) -> pd.Series:
    """Look a column of another table up by its key: for each row of `columns`, `frame[value]` of the matching row.

    columns: the key's columns, named as in `frame`, whose keys are unique. NULL where nothing matches. as_of: days, on
    which versions of a dimension with history are looked up (see `etl.contract.versions`); without it, or where it is
    NULL, it is the current version.
    """
    names = list(columns.columns)
    asked = [columns[name] for name in names]
    if as_of is None:
        positions = KeyIndex(frame[names]).positions(asked)
    else:
        frame = versions_of(frame)
        positions = VersionIndex.of(frame, names).positions(asked, days_of(as_of))
    values = pa.array(frame[value], from_pandas=True)
    taken = values.take(pa.array(positions, mask=positions < 0))
    return pd.Series(pd.array(taken, dtype=pd.ArrowDtype(taken.type)), index=columns.index, name=value)
