"""Which months were over, and which leave the published window."""

from dataclasses import dataclass
from datetime import date, datetime

from etl.core.clock import date_at, years_before


@dataclass(frozen=True)
class Calendar:
    """What tells which months were over. cut: whether a query leaves rows out that lie before the window.

    Those are gone without a trace.
    """

    time_zone: str
    window_years: int
    cut: bool = False

    def today(self, as_of: datetime) -> date:
        """Return the business date of a snapshot."""
        return date_at(as_of, self.time_zone)

    def first_month(self, as_of: datetime) -> str:
        """Return the month in which the published window begins."""
        return f"{years_before(self.today(as_of), self.window_years):%Y-%m}"
