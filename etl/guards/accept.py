"""--accept: a person lets pass what a guard refused, up to the figure that the refusal printed, and no worse.

`--accept sales:shrank=1700` lets the table `sales` pass with 1,700 rows or more; with 1,699 it is refused again. The
general form is TABLE:GUARD=FIGURE. `unknown` judges a column: `fact_sale.shop_key:unknown=21`. The guards of a stage
have its name for the table: `download:fast`, `transform:fast`, `night:disk`.

A new guard is one entry in GUARDS and a `Refusal(table, guard, sentence, figure)` where it judges (etl.guards.refusal).
Its figure is a number, a date or time, or, where there is nothing to count, the `fingerprint` of what was looked at:

    worse = LESS    the figure is the least that passes (rows, the newest time)
    worse = MORE    the figure is the most that passes (rejects, gigabytes)
    worse = OTHER   nothing but the same figure passes (fingerprints)
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from hashlib import sha256

from etl.core.errors import UsageError
from etl.core.names import guess

GONE = "gone"
"""The figure of `newest` where the value is there no more: worse than any other."""


_PLAIN = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d)?")
"""Rows, seconds, 12.5 gigabytes. 1.700 is a thousand more to some than to others, and 1,7 is not 17."""


class Worse(Enum):
    """Which figures are worse than the accepted one."""

    LESS = "less"
    MORE = "more"
    OTHER = "other"


LESS, MORE, OTHER = Worse.LESS, Worse.MORE, Worse.OTHER

GUARDS = {
    "empty": OTHER,
    "shrank": LESS,
    "grew": MORE,
    "newest": LESS,
    "types": OTHER,
    "disk": MORE,
    "fast": LESS,
    "keys": OTHER,
    "lost": LESS,
    "rejects": MORE,
    "unknown": MORE,
    "months": OTHER,
    "origin": OTHER,
}
"""Every guard, with which figures are worse."""

STAGES = ("night", "download", "transform", "load")
"""What stands for the table where a guard judges a stage."""


@dataclass(frozen=True)
class Accepted:
    """One --accept, as it was written: the table (or table.column, or stage), the guard, the figure."""

    table: str
    guard: str
    figure: str

    def __str__(self) -> str:
        """Write it as on the command line."""
        return f"{self.table}:{self.guard}={self.figure}"

    def covers(self, table: str, guard: str, figure: str) -> bool:
        """Whether what a guard refuses is what was accepted, or no worse."""
        return (table, guard) == (self.table, self.guard) and not _is_worse(guard, figure, self.figure)


def read_accept(texts: Iterable[str]) -> list[Accepted]:
    """Read what --accept was given; raises UsageError for what can mean nothing. Needs no settings and no tables."""
    return [_read(text) for text in texts]


def check_tables(accepted: Iterable[Accepted], tables: Iterable[str]) -> None:
    """Refuse an --accept of a table that there is not. tables: every query and every star table."""
    known = [*dict.fromkeys(tables), *STAGES]
    for one in accepted:
        name = one.table.partition(".")[0]
        if name not in known:
            raise UsageError(
                f"--accept {one}: there is no table {name}.", guess(name, known, f"Choose: {_listed(known)}.")
            )


def fingerprint(*parts: str) -> str:
    """Return eight letters and digits that stand for what was looked at: the same for the same texts in any order."""
    return sha256("\0".join(sorted(parts)).encode()).hexdigest()[:8]


def _read(text: str) -> Accepted:
    name, equals, figure = text.partition("=")
    table, colon, guard = name.partition(":")
    if not (table and colon and guard in GUARDS):
        raise UsageError(
            f"--accept {text} names no guard.",
            guess(guard, GUARDS, f"Write TABLE:GUARD=FIGURE as the refusal printed it; guards: {_listed(GUARDS)}."),
        )
    if not (equals and figure):
        raise UsageError(
            f"--accept {text} does not say which figure is accepted.",
            f"Write --accept {name}=FIGURE as the refusal printed it; what is worse than that is refused again.",
        )
    if GUARDS[guard] is not OTHER and _value(figure) is None and not (guard == "newest" and figure == GONE):
        raise UsageError(
            f"--accept {text}: {figure} is not a number, date or time.", "Copy the figure that the refusal printed."
        )
    if GUARDS[guard] is not OTHER and guard != "newest" and not _PLAIN.fullmatch(figure):
        raise UsageError(
            f"--accept {text}: {figure} may mean more than one number.",
            "Copy the figure that the refusal printed: digits alone, e.g. 1700.",
        )
    return Accepted(table, guard, figure)


def _is_worse(guard: str, figure: str, accepted: str) -> bool:
    if figure == accepted or (guard == "newest" and accepted == GONE):
        return False
    if not _alike(figure, accepted):
        return True
    return {LESS: is_less(figure, accepted), MORE: is_less(accepted, figure), OTHER: True}[GUARDS[guard]]


def is_less(figure: str, other: str) -> bool:
    """Whether a figure is less than another of the same kind, as numbers or as times, never as texts."""
    now, then = _value(figure), _value(other)
    return now is not None and then is not None and now[0] == then[0] and now < then


def _alike(figure: str, other: str) -> bool:
    now, then = _value(figure), _value(other)
    return now is not None and then is not None and now[0] == then[0]


def _value(figure: str) -> tuple[str, Decimal] | None:
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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
