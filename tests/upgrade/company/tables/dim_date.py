"""Days."""

import pandas as pd

from etl.contract import Date, Dimension, Integer, Key, Night, attribute, natural_key, surrogate_key


class DimDate(Dimension, hierarchies={"Calendar": ("year", "date")}):
    """One row per day of the published window."""

    date_key: Key = surrogate_key()
    date: Date = natural_key("The day.")
    year: Integer = attribute("Its year.", nullable=True)


def build(night: Night) -> pd.DataFrame:
    """List the days of two months, so that the folder stays small."""
    days = pd.Series(pd.date_range("2026-02-01", "2026-03-31"))
    return pd.DataFrame({"date": days.dt.date, "year": days.dt.year})
