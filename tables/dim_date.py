"""The calendar."""

from datetime import date

import pandas as pd

from etl.contract import Date, Dimension, Flag, Integer, Key, Night, Text, attribute, natural_key, surrogate_key

MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]
WEEKDAYS = [date(2001, 1, day).strftime("%A") for day in range(1, 8)]
"""1 January 2001 was a Monday."""


class DimDate(Dimension, hierarchies={"Calendar": ("year", "quarter", "month_name", "date")}):
    """One row per calendar date.

    Whole years, from the first deployment's opening to the last one's close, or to the next year.
    """

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


def build(deployments: pd.DataFrame, night: Night) -> pd.DataFrame:
    """Whole years, so that comparisons over time find every day."""
    this_year = night.business_date.year
    first = min([this_year, *(day.year for day in deployments["opened_on"].dropna())])
    last = max([this_year + 1, *(day.year for day in deployments["closes_on"].dropna())])
    days = pd.Series(pd.date_range(date(first, 1, 1), date(last, 12, 31), unit="s"))
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
