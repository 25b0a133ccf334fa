"""The figures by which --accept lets a refusal pass, and which ones are worse than others."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from hashlib import sha256

GONE = "gone"
"""The figure of what is EARLIER where the value is there no more: worse than any other."""


class Worse(Enum):
    """Which figures are worse than the accepted one.

    LESS: the figure is the least that passes (rows). MORE: it is the most (rejects, gigabytes). EARLIER: it is the
    least date, time or number that passes, or GONE. OTHER: nothing but the same figure passes (fingerprints).
    """

    LESS = "less"
    MORE = "more"
    EARLIER = "earlier"
    OTHER = "other"


LESS, MORE, EARLIER, OTHER = Worse.LESS, Worse.MORE, Worse.EARLIER, Worse.OTHER


def fingerprint(*parts: str) -> str:
    """Return eight letters and digits that stand for what was looked at: the same for the same texts in any order."""
    return sha256("\0".join(sorted(parts)).encode()).hexdigest()[:8]


def is_worse(worse: Worse, figure: str, accepted: str) -> bool:
    """Whether a figure is worse than the accepted one."""
    if figure == accepted or (worse is EARLIER and accepted == GONE):
        return False
    if not _alike(figure, accepted):
        return True
    return {LESS: is_less(figure, accepted), EARLIER: is_less(figure, accepted), MORE: is_less(accepted, figure)}.get(
        worse, True
    )


def is_less(figure: str, other: str) -> bool:
    """Whether a figure is less than another of the same kind, as numbers or as times, never as texts."""
    now, then = value_of(figure), value_of(other)
    return now is not None and then is not None and now[0] == then[0] and now < then


def value_of(figure: str) -> tuple[str, Decimal] | None:
    """Return what a figure is, and its value, so that numbers and times compare as such; None where it is neither."""
    try:
        number = Decimal(figure.replace(",", ""))
    except InvalidOperation:
        pass
    else:
        return ("number", number) if number.is_finite() else None
    try:
        at = datetime.fromisoformat(figure)
    except ValueError:
        return None
    since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime(1, 1, 1, tzinfo=UTC)
    return "time", Decimal(since // timedelta(microseconds=1))


def _alike(figure: str, other: str) -> bool:
    now, then = value_of(figure), value_of(other)
    return now is not None and then is not None and now[0] == then[0]
