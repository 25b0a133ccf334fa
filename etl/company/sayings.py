"""Titles that are computed: sentences with measures in them, of which the first whose condition holds is said.

    said = [
        { when = "[Pace] >= 1 and [Open Editions] > 0", text = "Ahead of the edition before: {Pace}" },
        { when = "[Pace] < 1", text = "Behind the edition before: {Pace}" },
        { text = "Nothing is open" },
    ]

A condition compares a measure, as it is shown, with a number: what the text says is what the reader sees beside it. A
condition on a measure that is NULL does not hold, and a text with one in it is not said: the next one is tried, and
after the last one the visual's `title` stands.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal, Self, cast

from pydantic import model_validator

from etl.company.entries import Entry

Operator = Literal[">=", "<=", ">", "<", "="]
_COMPARISON = re.compile(r"\[([^\[\]]+)\]\s*(>=|<=|>|<|=)\s*(-?\d+(?:\.\d+)?)")
_AND = re.compile(r"\s+and\s+")
_PIECE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Comparison:
    """A measure, as it is shown, compared with a number."""

    measure: str
    operator: Operator
    number: Decimal


class Saying(Entry):
    """A sentence that may be a visual's title. text: with measures in braces; when: comparisons joined by `and`."""

    text: str
    when: str | None = None

    @cached_property
    def pieces(self) -> tuple[tuple[str, str | None], ...]:
        """The text, cut before each measure's end: what is written as it is, then the measure that follows, if any."""
        parts = _PIECE.split(self.text)
        return tuple(zip(parts[::2], [*parts[1::2], None], strict=True))

    @cached_property
    def conditions(self) -> tuple[Comparison, ...]:
        """The comparisons, all of which have to hold."""
        return tuple(_comparison(text) for text in _AND.split(self.when.strip())) if self.when is not None else ()

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that it needs, each once."""
        named = [*(each.measure for each in self.conditions), *(name for _, name in self.pieces if name)]
        return tuple(dict.fromkeys(named))

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if not self.text.strip():
            raise ValueError("`text` is empty: write a sentence")
        if any(brace in text for text, _ in self.pieces for brace in "{}"):
            raise ValueError(f"the braces in {self.text!r} do not enclose a measure: write {{Net Revenue}}")
        _ = self.conditions
        return self


def check_order(said: tuple[Saying, ...]) -> None:
    """Refuse sentences that do not end with one that can always be said. Raises ValueError."""
    for number, saying in enumerate(said, start=1):
        if number == len(said) and saying.when is not None:
            raise ValueError("the last sentence of `said` has a `when`: add one without, for all other cases")
        if number < len(said) and saying.when is None:
            raise ValueError(f"sentence {number} of `said` has no `when`, so the ones after it are never said")


def _comparison(text: str) -> Comparison:
    found = _COMPARISON.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"{text.strip()!r} is not a comparison: write [Measure] >= 1, with >=, <=, >, < or =, and join several by"
            " `and`"
        )
    return Comparison(found[1], cast(Operator, found[2]), Decimal(found[3]))
