"""The business calendar: which day it is for the business, and where the published window begins."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def business_date(instant: datetime, time_zone: str) -> date:
    """Give an instant's calendar date in the business time zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def years_before(day: date, years: int) -> date:
    """Give the same day some years before; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
