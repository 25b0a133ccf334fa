"""When a night is due: once a day, whatever the clocks on the wall do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.core.errors import UsageError
from etl.due import last_due, time_of_day

MADRID = ZoneInfo("Europe/Madrid")
ZONES = [ZoneInfo(name) for name in ("Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata")]
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(now=INSTANTS, due=TIMES, zone=st.sampled_from(ZONES))
def test_the_last_time_that_was_due_lies_within_a_day(now: datetime, due: time, zone: ZoneInfo) -> None:
    """A day of 25 hours, at the most, when the clocks are put back."""
    assert timedelta(0) <= now - last_due(now, due, zone) <= timedelta(hours=25)


@given(start=INSTANTS, due=TIMES, zone=st.sampled_from(ZONES))
def test_every_calendar_day_has_one_due_time(start: datetime, due: time, zone: ZoneInfo) -> None:
    """Looking every half hour for three weeks sees as many due times as days pass."""
    seen = {last_due(start + timedelta(minutes=30 * n), due, zone) for n in range(21 * 48)}
    assert len({day.astimezone(zone).date() for day in seen}) in (21, 22)
    assert abs(len(seen) - 21.5) <= 1


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2030-03-31T00:40", "2030-03-31T00:30"),  # 02:30 is jumped over; daemons run it at the jump, 03:00 CEST
        ("2030-03-31T01:00", "2030-03-31T00:30"),
        ("2030-03-31T00:20", "2030-03-30T01:30"),
        ("2030-10-27T00:30", "2030-10-27T00:30"),  # 02:30 for the first time
        ("2030-10-27T01:30", "2030-10-27T00:30"),  # 02:30 again
        ("2030-10-28T01:30", "2030-10-28T01:30"),
    ],
)
def test_the_nights_of_the_clock_changes_are_due_once(now: str, due: str) -> None:
    """In spring 02:30 does not come and is due all the same; in autumn it comes twice and is due the first time."""
    assert last_due(at(now), time(2, 30), MADRID) == at(due)


@pytest.mark.parametrize("text", ["", "2:30 am", "25:00", "0230"])
def test_what_is_no_time_of_day_is_a_fault_of_the_command_line(text: str) -> None:
    """With an example of the right one."""
    with pytest.raises(UsageError, match="is not a time of day"):
        time_of_day(text)
