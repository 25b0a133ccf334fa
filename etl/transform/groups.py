"""Rows that belong together: that a query delivers them sorted by its `group by`.

NULL comes last and text is in the order of its bytes, as PostgreSQL sorts it COLLATE "C".
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.comparing import comparable
from etl.core.errors import ContractError

Group = tuple[object, ...]
Edges = tuple[Group, Group]


def edges_of(frame: pd.DataFrame, group_by: tuple[str, ...], file: str) -> Edges | None:
    """Return the first and the last group of a block; raises where the query does not sort by its groups."""
    if not group_by or frame.empty:
        return None
    columns = [part for name in group_by for part in _parts(frame[name])]
    tied = np.ones(len(frame) - 1, dtype=bool)
    wrong = np.zeros(len(frame) - 1, dtype=bool)
    for values in columns:
        wrong |= tied & (values[1:] < values[:-1])
        tied &= values[1:] == values[:-1]
    if wrong.any():
        raise _not_sorted(file, group_by)
    first, last = (tuple(values[place : place + 1 or None].tolist()[0] for values in columns) for place in (0, -1))
    return first, last


def check_order(edges: Iterable[Edges | None], file: str, group_by: tuple[str, ...]) -> None:
    """Raise where a block begins with the group with which the one before it ended, or an earlier one."""
    for (_, last), (first, _) in pairwise(edge for edge in edges if edge):
        if not last < first:
            raise _not_sorted(file, group_by)


def _parts(column: pd.Series) -> list[npt.NDArray[Any]]:
    """Return what a column is sorted by: whether it is NULL, then its value."""
    values = comparable(column)
    filled = pc.fill_null(values, "" if pa.types.is_string(values.type) else 0)
    return [part.to_numpy(zero_copy_only=False) for part in (pc.is_null(values), filled)]


def _not_sorted(file: str, group_by: tuple[str, ...]) -> ContractError:
    return ContractError(
        f"{file}: the rows are not sorted by {', '.join(group_by)}, as the header's `group by` promises.",
        f'Let the query end with ORDER BY {", ".join(group_by)}, … (texts COLLATE "C").',
    )
