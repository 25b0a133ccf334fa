"""What became of the rows that went into a star table, counted: each counter once, from a block to the manifest.

A new counter is a field here, and a `+=` where it is counted.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from etl.core.record import Record


class Unknown(Record):
    """The rows that refer to the unknown member. null: for want of a reference; unmatched: theirs matches no member."""

    null: int = 0
    unmatched: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.null + self.unmatched


class Counts(Record):
    """The rows of a star table, or of a part of it. handed: those that `build` was given or made.

    rejected: by the rule that they broke; set_aside: by build's reason; merged: into another row, by build's word;
    before_window: computed with and not published; unknown: of the published ones, by the column of the reference;
    earlier: published ones besides those handed in, which nights before saw and tonight's did not.
    """

    handed: int = 0
    rejected: dict[str, int] = Field(default_factory=dict)
    set_aside: dict[str, int] = Field(default_factory=dict)
    merged: int = 0
    before_window: int = 0
    unknown: dict[str, Unknown] = Field(default_factory=dict)
    earlier: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up what was counted of two parts."""
        return Counts(**{name: _sum(getattr(self, name), getattr(other, name)) for name in Counts.model_fields})

    @property
    def all_rejected(self) -> int:
        """How many rows were rejected."""
        return sum(self.rejected.values())

    @property
    def all_set_aside(self) -> int:
        """How many rows are not published, and not because they broke a rule."""
        return sum(self.set_aside.values()) + self.merged + self.before_window

    @property
    def why_set_aside(self) -> dict[str, int]:
        """What was set aside, by reasons to be shown, the most frequent first."""
        ours = {"merged into another row": self.merged, "before the published window": self.before_window}
        every = [*self.set_aside.items(), *((reason, count) for reason, count in ours.items() if count)]
        return dict(sorted(every, key=lambda item: -item[1]))


def _sum(one: Any, other: Any) -> Any:
    """Add numbers, or the numbers at the same places of mappings and records."""
    if isinstance(one, Mapping):
        both = {name: _sum(one[name], other[name]) for name in one if name in other}
        return {**one, **other, **both}
    if isinstance(one, Record):
        return type(one)(**{name: _sum(value, getattr(other, name)) for name, value in one})
    return one + other
