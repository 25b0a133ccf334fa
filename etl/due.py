"""Whether a night is due: cron may start one twice (clocks that are put back), late (the machine was off) or again."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from etl.core.errors import UsageError
from etl.core.nights import records
from etl.core.runs import Store, run_time


def time_of_day(text: str) -> time:
    """Read HH:MM. Raises UsageError."""
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise UsageError(f"--due {text} is not a time of day.", "Write e.g. --due 02:30.") from None


def last_due(now: datetime, at: time, zone: tzinfo | None) -> datetime:
    """Return the last instant (UTC) at which a clock on the wall showed `at`. zone: None for the machine's.

    A time that the clocks jump over counts as when they jump; one that they show twice, as the first.
    """
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=back) for back in range(-1, 3))
    return max(due for day in days if (due := _instant(datetime.combine(day, at), zone)) <= now)


def published_between(store: Store, since: datetime, now: datetime) -> str | None:
    """Name the newest published run that began between the two instants.

    A run's name is its beginning, unless the clock stood in the future before: then names count on from there, and the
    night's record knows better. What seems to begin in the future tells of a clock that was set back, and of no night.
    """
    noted = {record.run: record.started for record in records(store.local)}
    began = {run: noted.get(run) or run_time(run) for run in store.loaded.committed()}
    return max((run for run, instant in began.items() if since <= instant <= now), default=None)


def _instant(wall: datetime, zone: tzinfo | None) -> datetime:
    both = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(both)
