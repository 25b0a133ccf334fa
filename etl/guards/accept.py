"""--accept: a person lets pass what a guard refused, up to the figure that the refusal printed, and no worse.

`--accept sales:shrank=1700` lets the table `sales` pass with 1,700 rows or more; with 1,699 it is refused again. The
general form is TABLE:GUARD=FIGURE. `unknown` judges a column: `fact_sale.shop_key:unknown=21`. The guards of a stage
have its name for the table: `download:fast`, `transform:fast`, `night:disk`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etl.core.errors import UsageError
from etl.core.names import guess
from etl.guards.every import DIMENSIONS, GUARDS, NIGHT, SOURCE, STAGES, STAR
from etl.guards.figures import EARLIER, GONE, OTHER, is_worse, value_of
from etl.guards.guard import DOWNLOAD, LOAD, TRANSFORM, WHOLE_NIGHT, Guard, Refusal

if TYPE_CHECKING:
    from etl.contract.table import Contract
    from etl.guards.raw import Tolerance

_PLAIN = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d)?")
"""Rows, seconds, 12.5 gigabytes. 1.700 is a thousand more to some than to others, and 1,7 is not 17."""


SCRIPTS = {DOWNLOAD: "SQLDownloadMain.py", TRANSFORM: "TablesTransformMain.py", LOAD: "LoadFilesBQ.py"}


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


def check_names(accepted: Iterable[Accepted], queries: Collection[str], tables: Collection[str]) -> None:
    """Refuse an --accept of what there is not, or of what its guard never judges. tables: of the star."""
    known = [*dict.fromkeys([*queries, *tables]), WHOLE_NIGHT, DOWNLOAD, TRANSFORM, LOAD]
    for one in accepted:
        name, point, _ = one.table.partition(".")
        if name not in known:
            raise UsageError(
                f"--accept {one}: there is no table {name}.", guess(name, known, f"Choose: {_listed(known)}.")
            )
        judged = _judged(one.guard, queries, tables)
        if name not in judged:
            ours = [guard.name for guard in GUARDS.values() if name in _judged(guard, queries, tables)]
            others = f"{name} is judged by {_listed(ours)}." if ours else f"No guard judges {name}."
            raise UsageError(
                f"--accept {one}: the guard {one.guard.name} never judges {name}.",
                f"{guess(name, judged, f'It judges {_listed(judged)}.')} {others}",
            )
        if point and not one.guard.of_columns:
            raise UsageError(
                f"--accept {one}: the guard {one.guard.name} judges whole tables.",
                f"Write --accept {one.guard.label(name)}={one.figure}.",
            )


def check_stage(accepted: Iterable[Accepted], stage: str) -> None:
    """Refuse an --accept whose guard judges in other stages. A night hands all of them to every stage."""
    for one in accepted:
        stages = (one.table,) if one.guard in STAGES else one.guard.stages
        if stage not in stages and one.guard not in NIGHT:
            scripts = " and ".join(SCRIPTS[each] for each in stages)
            raise UsageError(
                f"--accept {one}: {SCRIPTS[stage]} does not ask this guard.",
                f"Give it to {scripts}, or to the whole night.",
            )


def check_queries(accepted: Iterable[Accepted], tolerances: Mapping[str, "Tolerance"]) -> None:
    """Refuse an --accept of what a query's header does not declare, so that there is nothing to judge."""
    for one in accepted:
        if one.guard in SOURCE and one.table in tolerances:
            _check_needs(one, one.table, tolerances[one.table])


def check_contracts(accepted: Iterable[Accepted], contracts: Iterable["Contract"]) -> None:
    """Refuse an --accept of what a contract does not declare."""
    named = {contract.name: contract for contract in contracts}
    for one in accepted:
        name, _, column = one.table.partition(".")
        if name not in named or one.guard not in (*STAR, *DIMENSIONS):
            continue
        _check_needs(one, name, named[name])
        columns = [reference.name for reference in named[name].references]
        if one.guard.of_columns and column not in columns:
            what = f"{name} has no reference {column}" if column else f"the guard {one.guard.name} judges columns"
            found = guess(column, columns, f"Name one of {_listed(columns)}: {one.guard.label(name, columns[0])}=…")
            raise UsageError(f"--accept {one}: {what}.", found)


def _check_needs(one: Accepted, name: str, declared: Any) -> None:
    if not one.guard.needs(declared):
        raise UsageError(
            f"--accept {one}: {name} has nothing that the guard {one.guard.name} judges.",
            f"Leave it out: this guard stops only where {one.guard.stops.partition(';')[0]}.",
        )


def _judged(guard: Guard[Any], queries: Collection[str], tables: Collection[str]) -> Collection[str]:
    """List what a guard judges, by the names that --accept has for them."""
    if guard in SOURCE:
        return queries
    if guard in (*STAR, *DIMENSIONS):
        return tables
    return guard.stages if guard in STAGES else (WHOLE_NIGHT,)


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
