"""What a dashboard shows: pages of visuals with their numbers. How it is drawn is not said here."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Value = Decimal | int | float | bool | str | date | datetime | None
"""A number, text or time as the warehouse gave it; None where there is none."""

Kind = Literal["card", "line", "column", "bar", "table"]
"""card: single values. line, column: over an axis that has an order. bar: members, the greatest first. table: rows."""


@dataclass(frozen=True)
class Series:
    """One measure of a visual. number_format: as spreadsheets write it: #,0 · #,0.00 · 0.0% or yyyy-mm-dd."""

    name: str
    number_format: str
    meaning: str


@dataclass(frozen=True)
class Visual:
    """One visual. axis: what its rows are (None for a card, which has one row), e.g. "Region".

    rows: the axis' label (None of a card), then a value for each series; in the order in which they are shown.
    width: in twelfths of the page. alt: what it shows, for who cannot see it.
    """

    kind: Kind
    title: str
    alt: str
    width: int
    axis: str | None
    series: tuple[Series, ...]
    rows: tuple[tuple[Value, ...], ...]


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
    """

    title: str
    as_of: datetime
    one_night: bool
    source: str
    pages: tuple[Page, ...]
    is_published: bool = True
