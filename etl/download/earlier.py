"""`--since`: the changes of more days than those since the last night, which a person asks for."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from etl.company.queries import Query
from etl.core.errors import UsageError
from etl.core.log import log
from etl.download.changes import Question, changed_since


def earlier(query: Query, found: Question, day: date, zone: str) -> Question:
    """Return how to ask a query from a day on that is before its own watermark. zone: in which the day begins.

    Raises UsageError where it is later: what changed in between would never be read.
    """
    if found.since is None:
        return found
    if found.since.lstrip("-").isdecimal():
        log.warning(
            "download %s: its watermark is a number, which no day is: it is read from %s on, as every night",
            *(query.name, found.since),
        )
        return found
    since = _begin_of(day, found.since, zone)
    if datetime.fromisoformat(since) > datetime.fromisoformat(found.since):
        raise UsageError(
            f"--since {day} is later than {found.since}, up to which {query.name} was read: what changed in"
            " between would be lost.",
            "Name an earlier day, or leave --since out.",
        )
    return replace(found, query=changed_since(query, since), since=since)


def _begin_of(day: date, like: str, zone: str) -> str:
    """Write when a day begins as a watermark is written: a day, or a time.

    A time is of UTC, or of a column without a zone: then of a clock that nobody knows, and it shows midnight as well.
    """
    if len(like) == len(day.isoformat()):
        return day.isoformat()
    midnight = datetime.combine(day, time(), datetime.fromisoformat(like).tzinfo)
    if midnight.tzinfo is None:
        return str(midnight)
    try:
        return str(min(midnight, datetime.combine(day, time(), ZoneInfo(zone)).astimezone(midnight.tzinfo)))
    except OverflowError:
        return str(midnight)
