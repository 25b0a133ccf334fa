"""The guard over months that were over: what was published of them changes little from night to night."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from etl.core.log import log
from etl.core.manifest import LoadedTable
from etl.guards.calendar import Calendar
from etl.guards.figures import OTHER, fingerprint
from etl.guards.guard import LOAD, Finding, guard
from etl.guards.star import StarSeen

FEW = 100
"""Rows of closed months that may always change."""

_TOLD = 10
"""Changed months, the newest, that a refusal or the log names."""

Months = Mapping[str, Mapping[str, str]]


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


@guard(
    LOAD,
    worse=OTHER,
    stops="what is published of closed months changed since last night or a week before; smaller changes are listed",
    reads=("closed_months", "tolerance"),
    needs=lambda contract: contract.closed_months,
)
def months(seen: StarSeen) -> Iterator[Finding]:
    """Compare the sums of the months that were over; say in the log what changed within the tolerance."""
    if not seen.contract.closed_months:
        return
    noted, allowed = "", seen.contract.tolerance
    for last in seen.before(months):
        changes = list(_changes(seen, last))
        large = [change for change in changes if abs(change.share) > Decimal(str(allowed))]
        if large:
            count = seen.changed_rows(last, {c.month: {o.measure for o in large if o.month == c.month} for c in large})
            if count is None or count > FEW:
                told = f"{_told(large)}; as of {last.as_of:%Y-%m-%d}; the contract allows {allowed:.1%}"
                yield Finding(told, fingerprint(*map(str, large)))
                break
        noted = noted or _told(changes)
    if noted:
        log.info("load %s: closed months changed within the tolerance: %s", seen.name, noted)


def _changes(seen: StarSeen, last: LoadedTable) -> Iterator[_Change]:
    """Find the sums that changed, of the measures that both nights have."""
    table, calendar = seen.table, seen.calendar
    closed = min(calendar.today(at) for at in (last.as_of, table.as_of))  # a clock may have been ahead
    before = {measure for months in (last.star.months, last.star.left) for sums in months.values() for measure in sums}
    measures = [name for name in seen.contract.measures if name in before]
    for month in sorted({*table.months, *table.left, *last.star.months, *last.star.left}):
        for measure in measures if month < f"{closed:%Y-%m}" else []:
            now, then = (_sum(month, measure, night.months, night.left) for night in (table, last.star))
            if now != then and not _may_have_left(month, abs(now) < abs(then), seen, last):
                yield _Change(month, measure, then, now)


def _sum(month: str, measure: str, *parts: Months) -> Decimal:
    """Add up what is published of a month and what is computed with, but has left the published window."""
    with localcontext(prec=100):
        return sum((Decimal(months.get(month, {}).get(measure, "0")) for months in parts), Decimal())


def _may_have_left(month: str, is_less: bool, seen: StarSeen, last: LoadedTable) -> bool:
    """Whether a month may be another because the window moved on; what left was counted in if build marked it.

    Rows are gone without a trace where a query cuts at the window, or build does: then nothing older was published.
    """
    calendar: Calendar = seen.calendar
    if month > calendar.first_month(seen.table.as_of):
        return False
    if not last.columns:  # an older version kept it, which did not count in what had left
        return True
    return is_less and (calendar.cut or min(last.star.months, default="") >= calendar.first_month(last.as_of))


def _told(changes: Sequence[_Change]) -> str:
    more = f"; and {len(changes) - _TOLD} more" if len(changes) > _TOLD else ""
    return "; ".join(map(str, changes[-_TOLD:])) + more
