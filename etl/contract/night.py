"""What a table may know of the night that it is built in."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any


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


class WatchedNight(Night):
    """A night that notes in `asked` what it is asked for: as long as that is the same, so is what comes of it."""

    def __init__(self, night: Night) -> None:
        """night: the one that it is."""
        super().__init__(**{each.name: getattr(night, each.name) for each in fields(Night)})
        object.__setattr__(self, "asked", set())

    def __getattribute__(self, name: str) -> Any:
        """Return what is asked for."""
        value = super().__getattribute__(name)
        if name in Night.__dataclass_fields__:
            super().__getattribute__("asked").add(name)
        return value

    def __getstate__(self) -> object:
        """Refuse to be sent elsewhere, where what is asked would not be noted."""
        raise TypeError("a watched night stays where it is")
