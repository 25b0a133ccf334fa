"""The calendar of a draft: a table file that needs no query."""

CALENDAR = '''"""The calendar: drafted, with the years of the dates that were found."""

from datetime import date

import pandas as pd

from etl.contract import Date, Dimension, Flag, Integer, Key, Night, Text, attribute, natural_key, surrogate_key

FIRST, LAST = {first}, {last}
"""The years of the dates in the source when this was drafted; the year after the night's is always there."""

MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]
WEEKDAYS = [date(2001, 1, day).strftime("%A") for day in range(1, 8)]
"""1 January 2001 was a Monday."""


class DimDate(Dimension, hierarchies={{"Calendar": ("year", "quarter", "month_name", "date")}}):
    """One row per calendar date."""

    date_key: Key = surrogate_key()
    date: Date = natural_key("The date.")
    year: Integer = attribute("Calendar year.")
    quarter: Integer = attribute("Quarter of the year, 1 to 4.")
    month: Integer = attribute("Month of the year, 1 to 12.")
    month_name: Text = attribute("English name of the month.", unknown="Unknown", sort_by="month")
    year_month: Text = attribute("Year and month as 2030-01.", unknown="Unknown")
    weekday: Integer = attribute("ISO 8601 day of the week, Monday is 1.")
    weekday_name: Text = attribute("English name of the weekday.", unknown="Unknown", sort_by="weekday")
    is_weekend: Flag = attribute("Saturday or Sunday.", unknown=False)


def build(night: Night) -> pd.DataFrame:
    """Whole years, so that comparisons over time find every day."""
    this_year = night.business_date.year
    first, last = min(FIRST, this_year), max(LAST, this_year + 1)
    days = pd.Series(pd.date_range(date(first, 1, 1), date(last, 12, 31), unit="s"))
    month, weekday = days.dt.month, days.dt.day_of_week
    return pd.DataFrame(
        {{
            "date": days.dt.date,
            "year": days.dt.year,
            "quarter": days.dt.quarter,
            "month": month,
            "month_name": month.map(dict(enumerate(MONTHS, 1))),
            "year_month": days.dt.strftime("%Y-%m"),
            "weekday": weekday + 1,
            "weekday_name": weekday.map(dict(enumerate(WEEKDAYS))),
            "is_weekend": weekday >= 5,
        }}
    )
'''
