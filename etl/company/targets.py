"""What a measure is to reach: declared in report.toml, and the only thing that makes a number good or bad."""

from decimal import Decimal
from typing import Self, cast

from pydantic import model_validator

from etl.company.entries import Entry
from etl.company.sayings import Comparison


class Target(Entry):
    """The value that a measure, as it is shown, has to reach (at_least) or not to exceed (at_most)."""

    measure: str
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @property
    def comparison(self) -> Comparison:
        """What holds where it is met."""
        if self.at_least is not None:
            return Comparison(self.measure, ">=", self.at_least)
        return Comparison(self.measure, "<=", cast(Decimal, self.at_most))

    @model_validator(mode="after")
    def _has_one_bound(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a target is either at_least = … or at_most = …")
        return self
