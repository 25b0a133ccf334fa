"""The rules that Arrow judges by itself: that there is a value, and comparisons of it with values of the contract.

pandera takes 20 ms for a block, however small it is; Arrow takes a tenth of that, by the same comparisons.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Broken = list[tuple[str, npt.NDArray[np.int64]]]
"""Rules, worded as pandera words them, and the positions of the rows that break them."""

NOT_NULLABLE = "not_nullable"

_COMPARE: dict[str, Callable[[pa.ChunkedArray, Any], pa.ChunkedArray]] = {
    "equal_to": pc.equal,
    "not_equal_to": pc.not_equal,
    "greater_than": pc.greater,
    "greater_than_or_equal_to": pc.greater_equal,
    "less_than": pc.less,
    "less_than_or_equal_to": pc.less_equal,
}


def broken(column: pa.ChunkedArray, rules: Any) -> Broken | None:
    """Judge a column by its rules, a pandera column's; None where one of them is pandera's to judge."""
    if rules.unique or rules.parsers or rules.drop_invalid_rows or pa.types.is_floating(column.type):
        return None  # NaN is no value, or one that nothing equals: pandas decides
    found: Broken = []
    if column.null_count and not rules.nullable:
        found.append((NOT_NULLABLE, _positions(pc.is_null(column))))
    for check in rules.checks:
        try:
            fulfils = _judged(column, check)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return None
        if fulfils is None:
            return None
        if pc.all(fulfils).as_py() is False:  # of a NULL nothing is known, and nothing broken
            found.append((check.error, _positions(pc.invert(fulfils))))
    return found


def _judged(column: pa.ChunkedArray, check: Any) -> pa.ChunkedArray | None:
    """Say of each value whether it fulfils a rule, NULL for NULL; None where the rule is another than a comparison."""
    ours = check.statistics_args and check.ignore_na and not (check.raise_warning or check.n_failure_cases)
    told = check.statistics
    if not ours or check.groupby or check.native or not isinstance(check.error, str):
        return None
    if check.name in _COMPARE:
        [value] = told.values()
        return _COMPARE[check.name](column, _scalar(value))
    if check.name == "in_range":
        above = pc.greater_equal if told["include_min"] else pc.greater
        below = pc.less_equal if told["include_max"] else pc.less
        return pc.and_(above(column, _scalar(told["min_value"])), below(column, _scalar(told["max_value"])))
    if check.name in ("isin", "notin"):
        [values] = told.values()
        among = pa.array(values, from_pandas=True)
        if among.type != column.type or among.null_count:
            return None
        found = pc.if_else(pc.is_null(column), None, pc.is_in(column, value_set=among))
        return found if check.name == "isin" else pc.invert(found)
    return None


def _scalar(value: object) -> pa.Scalar:
    """Return a value as pandas gives it to Arrow."""
    return pa.scalar(value, from_pandas=True)


def _positions(mask: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy())
