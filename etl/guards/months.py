"""The guard over months that were over: what was published of them changes little from night to night."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext

from etl.contract.columns import Role
from etl.contract.table import Contract
from etl.core.clock import business_date, years_before
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.guards.accept import fingerprint
from etl.guards.before import last_and_week, since_accepted
from etl.guards.refusal import Refusal

FEW = 100
"""Rows of closed months that may always change."""

_TOLD = 10
"""Changed months, the newest, that a refusal or the log names."""

Months = Mapping[str, Mapping[str, str]]
Changed = Mapping[str, set[str]]
"""By month, the measures whose sums changed."""


@dataclass(frozen=True)
class Calendar:
    """What tells which months were over, and which leave the published window.

    cut: whether a query leaves rows out that lie before the window, so that they are gone without a trace.
    """

    time_zone: str
    window_years: int
    cut: bool = False

    def today(self, as_of: datetime) -> date:
        """Return the business date of a snapshot."""
        return business_date(as_of, self.time_zone)

    def first_month(self, as_of: datetime) -> str:
        """Return the month in which the published window begins."""
        return f"{years_before(self.today(as_of), self.window_years):%Y-%m}"


@dataclass(frozen=True)
class _Change:
    """One measure's sum over one month, then and now. None as share: there was nothing."""

    month: str
    measure: str
    then: Decimal
    now: Decimal

    @property
    def share(self) -> Decimal:
        """By which share of what it was the sum changed."""
        return (self.now - self.then) / abs(self.then) if self.then else Decimal("Infinity")

    def __str__(self) -> str:
        """Write it with both figures."""
        told = f"{self.month}: {self.measure} {self.then:,} is {self.now:,}"
        return f"{told} ({float(self.share):+.2%})" if self.then else told


def judge(
    contract: Contract,
    table: StarTable,
    kept: Sequence[LoadedManifest],
    calendar: Calendar,
    rows: Callable[[LoadedTable, Changed], int | None],
) -> tuple[str, list[Refusal]]:
    """Compare the sums of the months that were over with those of last night and of a week before.

    rows: counts the rows of some months that are not as they were published then, up to one more than FEW or beyond;
    None where that cannot be told. Gives a sentence about what is to be known and not refused, and the refusals.
    """
    noted = ""
    for last in last_and_week(since_accepted(kept, contract.name, [f"{contract.name}:months"]), table.as_of):
        changes = list(_changes(contract, table, last, calendar))
        large = [change for change in changes if abs(change.share) > Decimal(str(contract.tolerance))]
        if large:
            count = rows(last, {c.month: {o.measure for o in large if o.month == c.month} for c in large})
            if count is None or count > FEW:
                told = f"{_told(large)}; as of {last.as_of:%Y-%m-%d}; the contract allows {contract.tolerance:.1%}"
                return noted, [Refusal(contract.name, "months", told, fingerprint(*map(str, large)))]
        noted = noted or _told(changes)
    return noted, []


def _changes(contract: Contract, table: StarTable, last: LoadedTable, calendar: Calendar) -> Iterator[_Change]:
    """Find the sums that changed, of the measures that both nights have."""
    closed = min(calendar.today(at) for at in (last.as_of, table.as_of))  # a clock may have been ahead
    before = {measure for months in (last.months, last.left) for sums in months.values() for measure in sums}
    measures = [c.name for c in contract.columns if c.role is Role.MEASURE and c.name in before]
    for month in sorted({*table.months, *table.left, *last.months, *last.left}):
        for measure in measures if month < f"{closed:%Y-%m}" else []:
            now, then = (_sum(month, measure, night.months, night.left) for night in (table, last))
            if now != then and not _may_have_left(month, abs(now) < abs(then), table, last, calendar):
                yield _Change(month, measure, then, now)


def _sum(month: str, measure: str, *parts: Months) -> Decimal:
    """Add up what is published of a month and what is computed with, but has left the published window."""
    with localcontext(prec=100):
        return sum((Decimal(months.get(month, {}).get(measure, "0")) for months in parts), Decimal())


def _may_have_left(month: str, is_less: bool, table: StarTable, last: LoadedTable, calendar: Calendar) -> bool:
    """Whether a month may be another because the window moved on; what left was counted in if build marked it.

    Rows are gone without a trace where a query cuts at the window, or build does: then nothing older was published.
    """
    if month > calendar.first_month(table.as_of):
        return False
    if not last.columns:  # an older version kept it, which did not count in what had left
        return True
    return is_less and (calendar.cut or min(last.months, default="") >= calendar.first_month(last.as_of))


def _told(changes: Sequence[_Change]) -> str:
    more = f"; and {len(changes) - _TOLD} more" if len(changes) > _TOLD else ""
    return "; ".join(map(str, changes[-_TOLD:])) + more
