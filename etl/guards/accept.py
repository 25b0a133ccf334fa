"""--accept: a person lets pass what a guard refused, up to the figure that the refusal printed, and no worse.

`--accept sales:shrank=1700` lets the table `sales` pass with 1,700 rows or more; with 1,699 it is refused again. The
general form is TABLE:GUARD=FIGURE. `unknown` judges a column: `fact_sale.shop_key:unknown=21`. The guards of a stage
have its name for the table: `download:fast`, `transform:fast`, `night:disk`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from etl.core.errors import UsageError
from etl.core.names import guess
from etl.guards.every import GUARDS
from etl.guards.figures import EARLIER, GONE, OTHER, is_worse, value_of
from etl.guards.guard import DOWNLOAD, LOAD, TRANSFORM, WHOLE_NIGHT, Guard, Refusal

_PLAIN = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d)?")
"""Rows, seconds, 12.5 gigabytes. 1.700 is a thousand more to some than to others, and 1,7 is not 17."""


@dataclass(frozen=True)
class Accepted:
    """One --accept, as it was written: the table (or table.column, or stage), the guard, the figure."""

    table: str
    guard: Guard[Any]
    figure: str

    def __str__(self) -> str:
        """Write it as on the command line."""
        return f"{self.guard.label(self.table)}={self.figure}"

    def covers(self, refusal: Refusal) -> bool:
        """Whether what a guard refuses is what was accepted, or no worse."""
        same = (refusal.table, refusal.guard) == (self.table, self.guard.name)
        return same and not is_worse(self.guard.worse, refusal.figure, self.figure)


def read_accept(texts: Iterable[str]) -> list[Accepted]:
    """Read what --accept was given; raises UsageError for what can mean nothing. Needs no settings and no tables."""
    return [_read(text) for text in texts]


def check_tables(accepted: Iterable[Accepted], tables: Iterable[str]) -> None:
    """Refuse an --accept of a table that there is not. tables: every query and every star table."""
    known = [*dict.fromkeys(tables), WHOLE_NIGHT, DOWNLOAD, TRANSFORM, LOAD]
    for one in accepted:
        name = one.table.partition(".")[0]
        if name not in known:
            raise UsageError(
                f"--accept {one}: there is no table {name}.", guess(name, known, f"Choose: {_listed(known)}.")
            )


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
    worse = GUARDS[guard].worse
    if worse is not OTHER and value_of(figure) is None and not (worse is EARLIER and figure == GONE):
        raise UsageError(
            f"--accept {text}: {figure} is not a number, date or time.", "Copy the figure that the refusal printed."
        )
    if worse not in (OTHER, EARLIER) and not _PLAIN.fullmatch(figure):
        raise UsageError(
            f"--accept {text}: {figure} may mean more than one number.",
            "Copy the figure that the refusal printed: digits alone, e.g. 1700.",
        )
    return Accepted(table, GUARDS[guard], figure)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
