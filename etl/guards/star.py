"""The guards over a star, compared with what was published last and a week before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.core.call import call
from etl.core.counts import Unknown
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.guards.before import last_and_week, since_accepted
from etl.guards.calendar import Calendar
from etl.guards.figures import LESS, MORE
from etl.guards.guard import LOAD, Finding, Guard, guard

if TYPE_CHECKING:  # pandas comes with it, which who reads an --accept does without
    from etl.contract.table import Contract

_FEW = 10
"""Rows that may always be rejected, refer to nothing or be gone: but never all of them, and never more than half."""

Changed = Mapping[str, set[str]]
"""By month, the measures whose sums changed."""


@dataclass(frozen=True)
class StarSeen:
    """A table that is to be published, as the guards see it. kept: what was published before, oldest first.

    changed_rows: counts the rows of some months that are not as they were published then, up to one more than the guard
    lets pass or beyond; None where that cannot be told. settings_file: for the commands in the sentences.
    """

    contract: "Contract"
    table: StarTable
    kept: Sequence[LoadedManifest]
    calendar: Calendar
    changed_rows: Callable[[LoadedTable, Changed], int | None]
    settings_file: Path | None = None

    @property
    def name(self) -> str:
        """The table's name."""
        return self.contract.name

    @property
    def last(self) -> LoadedTable | None:
        """What was published of it last."""
        return next(iter(since_accepted(self.kept, self.name, [])), None)

    def before(self, one: Guard[Any], column: str = "") -> list[LoadedTable]:
        """Return what was published last and a week before, since a person let pass what this guard refused."""
        return last_and_week(since_accepted(self.kept, self.name, [one.label(self.name, column)]), self.table.as_of)


@guard(
    LOAD,
    worse=LESS,
    stops="a published table would lose all its rows, or too many, since last night or a week before",
    reads=("lost",),
)
def lost(seen: StarSeen) -> Iterator[Finding]:
    """Find a table that has lost all its rows or most of them, whatever became of them."""
    contract, table = seen.contract, seen.table
    now = table.rows - contract.is_dimension  # the unknown member is no row of the source
    for last in seen.before(lost):
        then = last.star.rows - contract.is_dimension
        if (now <= 0 < then and contract.lost < 1) or then - now > max(_FEW, contract.lost * then):
            told = (
                f"{now:,} rows, {then:,} as of {last.as_of:%Y-%m-%d}: of {table.handed:,} that went in,"
                f" {table.all_rejected:,} are rejected and {table.all_set_aside:,} set aside;"
                f" the contract allows that {contract.lost:.0%} are gone"
            )
            yield Finding(told, str(now))
            return


@guard(LOAD, worse=MORE, stops="too many rows of a table were rejected", reads=("rejects",))
def rejects(seen: StarSeen) -> Iterator[Finding]:
    """Find a table of which more rows are rejected than its contract allows."""
    table, last, allowed = seen.table, seen.last, seen.contract.rejects
    rejected, before = table.all_rejected, last.star.all_rejected if last else None
    if rejected and (rejected == table.handed or rejected > _allowed(allowed, table.handed)):
        most = ", ".join(f"{count:,} × {reason}" for reason, count in _most(table.rejected))
        told = (
            f"{rejected:,} of {table.handed:,} rows are rejected (last time {_or_none(before)}; the contract allows"
            f" {allowed:.1%}): {most}. `{call('-m etl rejects', seen.settings_file, seen.name)}` shows them"
        )
        yield Finding(told, str(rejected))


@guard(
    LOAD,
    worse=MORE,
    stops="too many references match nothing, or many more than last night or a week before",
    reads=("unknown",),
    needs=lambda contract: contract.references,
    of_columns=True,
)
def unknown(seen: StarSeen) -> Iterator[Finding]:
    """Find references that match no member, or are NULL in many more rows than before."""
    for column in (reference.name for reference in seen.contract.references):
        told = [*_nameless(seen, column), *_without(seen, column)]
        if told:
            yield Finding("; and ".join(told), str(_unknown(seen.table, column).rows), column)


def _unknown(table: StarTable, column: str) -> Unknown:
    return table.unknown.get(column, Unknown())


def _nameless(seen: StarSeen, column: str) -> Iterator[str]:
    table, last, allowed = seen.table, seen.last, seen.contract.unknown
    nameless = _unknown(table, column).unmatched
    if nameless > _allowed(allowed, table.rows):
        before = _unknown(last.star, column).unmatched if last else None
        yield (
            f"{nameless:,} of {table.rows:,} rows have a {column} that matches no member"
            f" (last time {_or_none(before)}; the contract allows {allowed:.1%})"
        )


def _without(seen: StarSeen, column: str) -> Iterator[str]:
    """Tell of a reference that is NULL in more rows than before; of one that was not there, there is no before."""
    table, allowed = seen.table, seen.contract.unknown
    for last in seen.before(unknown, column):
        names = last.columns or tuple(last.star.receipt.columns)
        if not last.star.rows or not table.rows or (names and column not in names):
            continue
        now, then = _unknown(table, column).null, _unknown(last.star, column).null
        more = now - then / last.star.rows * table.rows
        if more > _allowed(allowed, table.rows):
            yield (
                f"{now:,} of {table.rows:,} rows have no {column}, {then:,} of {last.star.rows:,}"
                f" as of {last.as_of:%Y-%m-%d} (the contract allows {allowed:.1%} more)"
            )
            return


def _allowed(share: float, rows: int) -> float:
    """Return how many of the rows may be at fault: the contract's share, and always a few, but no more than half."""
    return max(min(_FEW, rows // 2), share * rows)


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:3]


def _or_none(count: int | None) -> str:
    return "none is known" if count is None else f"{count:,}"
