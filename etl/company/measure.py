"""A measure as it is declared: by what it adds up or counts, by a formula, or by hand in DAX and SQL."""

import re
from datetime import date
from functools import cached_property
from typing import Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from etl.company.entries import Entry
from etl.company.formula import Formula, FormulaError, measures_in, parsed

NAMED = re.compile(r"\[([^\]]+)\]")
"""Another measure, as DAX and our SQL name it."""
Aggregate = Literal["sum", "count", "distinct", "min", "max"]
AGGREGATES: tuple[Aggregate, ...] = ("sum", "count", "distinct", "min", "max")
AS_IS = "as it is"
"""The way by which rows come to the current versions of their members; no reference is called so."""
Single: TypeAlias = bool | int | float | date | str
Conditions: TypeAlias = dict[str, tuple[Single, ...]]
"""Values by column: of each column the row has to have one of them."""


def conditions(given: object) -> object:
    """Return conditions as they are declared, `column = value` or `column = [values]`, all as tuples."""
    if not isinstance(given, dict):
        return given
    return {name: tuple(each) if isinstance(each, list | tuple) else (each,) for name, each in given.items()}


class Measure(Entry):
    """A number that analysts ask for. meaning: one sentence; format: as spreadsheets write it.

    Said once, for SQL and for DAX: `of` which table or view, and one of sum, count, distinct, min and max, of the rows
    that `where` chooses and in which `known` are known; or a `formula` of other measures. By hand what is neither, in
    both languages: `dax`, which Power BI evaluates, and `sql`, an aggregate over `of`, or without `of` made of other
    measures in brackets. With dax alone only Power BI has it.
    along: the reference of its table by which it is filtered, where that is not the active one to its dimension: sales
    by the day of return. as_is: whether members with history count as they are today, and not as they were then.
    latest: for a balance, which is not added up over time: (the column by which there is one balance, the column of
    which only the greatest value counts), both of `of`. ignores: dimensions whose filters do not matter to it.
    money: whether it is an amount in the report's currency, which its format then has in it.
    """

    name: str
    folder: str
    meaning: str
    format: str
    of: str | None = None
    sum: str | None = None
    count: Literal[True] | None = None
    distinct: str | None = None
    min: str | None = None
    max: str | None = None
    where: Conditions = Field(default_factory=dict)
    known: tuple[str, ...] = ()
    formula: str | None = None
    dax: str | None = None
    sql: str | None = None
    along: str | None = None
    as_is: bool = False
    latest: tuple[str, str] | None = None
    ignores: tuple[str, ...] = ()
    money: bool = False

    @field_validator("where", mode="before")
    @classmethod
    def _conditions(cls, given: object) -> object:
        return conditions(given)

    @property
    def way(self) -> str | None:
        """How its rows come to their members: along a reference, by their durable keys, or as the contracts say."""
        return AS_IS if self.as_is else self.along

    @property
    def aggregate(self) -> Aggregate | None:
        """How it makes one number of its rows, if it says so."""
        return next((word for word in AGGREGATES if getattr(self, word) is not None), None)

    @property
    def column(self) -> str | None:
        """The column that it adds up or counts the values of; None where it counts rows."""
        word = self.aggregate
        return None if word is None or word == "count" else str(getattr(self, word))

    @cached_property
    def tree(self) -> Formula | None:
        """Its formula, read."""
        return None if self.formula is None else parsed(self.formula)

    @property
    def made_of(self) -> tuple[str, ...]:
        """The measures that it directly names, where it has no rows of its own."""
        if self.tree is not None:
            return measures_in(self.tree)
        return tuple(dict.fromkeys(NAMED.findall(self.sql))) if self.sql and not self.of else ()

    @property
    def is_additive(self) -> bool:
        """Whether its value over several members is the sum of theirs."""
        return self.aggregate in ("sum", "count") and self.latest is None

    @model_validator(mode="after")
    def _is_said_once(self) -> Self:
        words = [word for word in AGGREGATES if getattr(self, word) is not None]
        ways = [*words, *(word for word in ("formula", "sql") if getattr(self, word) is not None)]
        if len(ways) > 1:
            raise ValueError(f"it says {' and '.join(ways)}: one of them says what it is")
        if not ways and self.dax is None:
            raise ValueError("say what it is: sum, count, distinct, min or max with `of`, or a formula, or dax and sql")
        if self.sql and self.dax is None:
            raise ValueError("its sql is by hand, so write its dax, too; or declare it, by sum, count, … or a formula")
        if words and not self.of:
            raise ValueError(f"`{words[0]}` needs `of`: the table or view whose rows it is made of")
        if not words and (self.where or self.known):
            raise ValueError("`where` and `known` are of a measure with sum, count, distinct, min or max")
        if self.along and (not words or self.dax is not None):
            raise ValueError(
                "`along` makes its SQL and its DAX: say sum, count, distinct, min or max, and leave dax out"
            )
        if self.as_is and (not words or self.dax is not None or self.along):
            raise ValueError(
                "`as_is` makes its SQL and its DAX: say sum, count, distinct, min or max, and leave dax and along out"
            )
        if self.latest and self.distinct:
            raise ValueError("distinct values cannot be added up over the latest rows: write dax and sql by hand")
        return self

    @model_validator(mode="after")
    def _has_rows_or_measures(self) -> Self:
        if self.formula is not None:
            self._check_formula()
        if self.sql and not self.of and not NAMED.search(self.sql):
            raise ValueError("its sql names no other measure, so say `of` which table or view it is")
        if not self.of and (self.latest or self.ignores):
            raise ValueError("`latest` and `ignores` are of a measure with `of`")
        return self

    def _check_formula(self) -> None:
        if self.of or self.dax is not None:
            raise ValueError("a formula is of other measures, in SQL and in DAX: leave `of` and `dax` out")
        try:
            if not measures_in(parsed(str(self.formula))):
                raise FormulaError("it names no measure")
        except FormulaError as error:
            raise ValueError(f"its formula cannot be read: {error}") from None
