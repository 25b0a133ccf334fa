"""The calendar."""

from datetime import date

import pandas as pd

from etl.contract import Date, Dimension, Flag, Integer, Key, Night, Text, attribute, natural_key, surrogate_key

FIRST_YEAR = 1990
"""The first year of which there are data: earlier dates are unknown."""

MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]
WEEKDAYS = [date(2001, 1, day).strftime("%A") for day in range(1, 8)]
"""1 January 2001 was a Monday."""


class DimDate(Dimension, hierarchies={"Calendar": ("year", "quarter", "month_name", "date")}):
    """One row per calendar date."""

    date_key: Key = surrogate_key()
    date: Date = natural_key("The date.")
    year: Integer = attribute("Calendar year.")
    quarter: Integer = attribute("Quarter of the year, 1 to 4.")
    month: Integer = attribute("Month of the year, 1 to 12.")
    month_name: Text = attribute("English name of the month.", unknown="Unknown", sort_by="month")
    year_month: Text = attribute("Year and month as 2030-01.", unknown="Unknown")
    day_of_month: Integer = attribute("Day of the month, 1 to 31.")
    iso_week: Integer = attribute("ISO 8601 week, 1 to 53.")
    weekday: Integer = attribute("ISO 8601 day of the week, Monday is 1.")
    weekday_name: Text = attribute("English name of the weekday.", unknown="Unknown", sort_by="weekday")
    is_weekend: Flag = attribute("Saturday or Sunday.", unknown=False)
    one_year_later: Date = attribute("The date one year later; of 29 February the 28th.")


def build(night: Night) -> pd.DataFrame:
    """Whole years, to the end of the next one, so that comparisons over time find every day."""
    last = date(night.business_date.year + 1, 12, 31)
    days = pd.Series(pd.date_range(date(FIRST_YEAR, 1, 1), last, unit="s"))
    month, weekday = days.dt.month, days.dt.day_of_week
    return pd.DataFrame(
        {
            "date": days.dt.date,
            "year": days.dt.year,
            "quarter": days.dt.quarter,
            "month": month,
            "month_name": month.map(dict(enumerate(MONTHS, 1))),
            "year_month": days.dt.strftime("%Y-%m"),
            "day_of_month": days.dt.day,
            "iso_week": days.dt.isocalendar().week,
            "weekday": weekday + 1,
            "weekday_name": weekday.map(dict(enumerate(WEEKDAYS))),
            "is_weekend": weekday >= 5,
            "one_year_later": (days + pd.DateOffset(years=1)).dt.date,
        }
    )
