"""The business calendar: which day it is for the business, and where the published window begins."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def date_at(instant: datetime, time_zone: str) -> date:
    """Return an instant's calendar date in the business time zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def told(instant: datetime, time_zone: str) -> str:
    """Write an instant in UTC and, where that is another, in business time.

    >>> told(datetime(2030, 3, 31, 23, 30, tzinfo=UTC), "Europe/Madrid")
    '2030-03-31 23:30:00 UTC (2030-04-01 01:30 in Europe/Madrid)'
    """
    utc, there = instant.astimezone(UTC), instant.astimezone(ZoneInfo(time_zone))
    if utc.utcoffset() == there.utcoffset():
        return f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    local = f"{there:%H:%M}" if there.date() == utc.date() else f"{there:%Y-%m-%d %H:%M}"
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC ({local} in {time_zone})"


def night_binds(instant: datetime, time_zone: str, window_years: int) -> dict[str, str]:
    """Write the night's values for the :names that a query may use; all of them come from its one instant."""
    today = date_at(instant, time_zone)
    return {
        "as_of": instant.astimezone(UTC).isoformat(sep=" "),
        "business_time_zone": time_zone,
        "business_date": today.isoformat(),
        "window_start": years_before(today, window_years).isoformat(),
    }


def years_before(day: date, years: int) -> date:
    """Return the same day some years before; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
