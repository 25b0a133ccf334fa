"""What a table may know of the night that it is built in."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Night:
    """The reserved parameter `night` of a table's functions.

    as_of: the instant of the source snapshot (UTC). business_date: its calendar date in the business time zone.
    time_zone: the business time zone's IANA name. window_start: what ended before this date is computed with, but
    not published.
    """

    as_of: datetime
    business_date: date
    time_zone: str
    window_start: date
