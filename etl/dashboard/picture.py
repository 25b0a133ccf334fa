"""What a dashboard shows: pages of visuals with their numbers. How it is drawn is not said here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from etl.company.targets import Target

Value = Decimal | int | float | bool | str | date | datetime | None
"""A number, text or time as the warehouse gave it; None where there is none."""

Kind = Literal["card", "line", "column", "bar", "table"]
"""card: single values. line, column: over an axis that has an order. bar: members, the greatest first. table: rows."""


@dataclass(frozen=True)
class Series:
    """One measure of a visual. number_format: as spreadsheets write it: #,0 · "€"#,0.00 · 0.0% or yyyy-mm-dd.

    target: what it has to reach; change: the place, among the visual's series, of the one that says how it changed.
    """

    name: str
    number_format: str
    meaning: str
    target: Target | None = None
    change: int | None = None


@dataclass(frozen=True)
class Visual:
    """One visual. axis: what its rows are (None for a card, which has one row), e.g. "Region".

    rows: the axis' label (None of a card), then a value for each series; in the order in which they are shown.
    width: in twelfths of the page. alt: what it shows, for who cannot see it.
    said: the title as it is computed, or None: then `title` stands. figures: how many of the series are shown for
    themselves (None: all); those after them are only the changes of these. spark: the small lines of a card, as a line
    chart. panels: instead of rows, a small line chart for each member, whose title it is; member: which it is.
    """

    kind: Kind
    title: str
    alt: str
    width: int
    axis: str | None
    series: tuple[Series, ...]
    rows: tuple[tuple[Value, ...], ...]
    said: str | None = None
    figures: int | None = None
    spark: "Visual | None" = None
    panels: tuple["Visual", ...] = ()
    member: Value = None

    @property
    def heading(self) -> str:
        """What stands above it."""
        return self.said or self.title

    @property
    def shown(self) -> tuple[Series, ...]:
        """The series that are shown for themselves."""
        return self.series[: self.figures]


@dataclass(frozen=True)
class Page:
    """A page. name: on its tab; title: a sentence."""

    name: str
    title: str
    visuals: tuple[Visual, ...]


@dataclass(frozen=True)
class Picture:
    """The whole. as_of: the instant of the source's snapshot (UTC); one_night: whether all tables are of one night.

    source: where the numbers are from, a sentence; is_published: whether they are what everybody sees.
    data: what a reader's choices are answered from, as the scripts have it; None where nothing can be chosen.
    """

    title: str
    as_of: datetime
    one_night: bool
    source: str
    pages: tuple[Page, ...]
    is_published: bool = True
    data: Mapping[str, Any] | None = None
