"""What the pace of an edition needs: the largest of what was sold so far, and why there is nothing to compare with."""

import pandas as pd

from etl.contract import lookup

NO_CLOSE = "No closing date"
NO_EDITION = "No edition before"
NO_CLOSE_BEFORE = "Edition before without closing date"
NOT_SO_FAR = "Edition before not so far yet"
GAPS = [NO_CLOSE, NO_EDITION, NO_CLOSE_BEFORE, NOT_SO_FAR]
"""Why an edition's day has no pace."""


def running_largest(frame: pd.DataFrame, by: list[str], column: str) -> pd.Series:
    """Return the largest value from row to row within each group, in the order of the rows."""
    reached: dict[tuple[object, ...], object] = {}
    found = []
    for *group, value in frame[[*by, column]].itertuples(index=False, name=None):
        before = reached.get(tuple(group))
        reached[tuple(group)] = value if before is None or value > before else before  # type: ignore[operator]
        found.append(reached[tuple(group)])
    return pd.Series(found, index=frame.index, dtype=frame[column].dtype)


def why_no_pace(days: pd.DataFrame, edition: list[str]) -> pd.Series:
    """Say of each day without one why it has no edition before to compare with; nothing of an unfinished day."""
    before = days[edition].assign(edition=days["edition"] - 1)
    sold = days.groupby(edition, as_index=False)["days_before_close"].min().assign(is_sold=True)
    gap = pd.Series(NOT_SO_FAR, index=days.index, dtype="string[pyarrow]")
    gap = gap.mask(lookup(before, sold, "days_before_close").isna(), NO_CLOSE_BEFORE)
    gap = gap.mask(lookup(before, sold, "is_sold").isna(), NO_EDITION).mask(days["days_before_close"].isna(), NO_CLOSE)
    return gap.where(days["previous_net_revenue_to_date"].isna() & ~days["is_unfinished"])
