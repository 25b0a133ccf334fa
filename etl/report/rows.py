"""The rows of tables and views with their members' codes: what all of a report's questions are put to.

Where a relation can be kept, it is joined and coded once, with the columns of all questions; else inside of each.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from etl.contract.column import Column
from etl.report.filters import label, member
from etl.report.sql import Composer

NO_MEMBER = 0
"""The code of NULL; those of the other members follow, in the order of their texts."""

Pairs = tuple[tuple[str, str], ...]
"""Columns ("table.column"), and what a question calls them."""


def coded(composer: Composer, column: str, found: str) -> str:
    """Return the query for the codes of a column's members. found: the column beside them by which rows find theirs.

    A code is a member's place in the order of their texts. Of a table with a row a key, each has one row.
    """
    table = column.partition(".")[0]
    compared, of = composer.tables.compared(table, column)
    has_keys = found == composer.contracts[table].surrogate_key
    rows = f"SELECT {'' if has_keys else 'DISTINCT '}{table}.{found} AS found, {compared} AS compared FROM {table}"
    return f"SELECT found, {_code('compared', of)} AS code FROM ({rows}) AS every_"


def members_of(composer: Composer, column: str) -> str:
    """Return the query for a column's members: code and label."""
    shown = label("found", composer.tables.column(column))
    members = coded(composer, column, column.partition(".")[2])
    return f"SELECT code, {shown} AS label FROM ({members}) AS coded GROUP BY code"


def _code(sql: str, column: Column) -> str:
    return f"CASE WHEN {sql} IS NULL THEN {NO_MEMBER} ELSE DENSE_RANK() OVER (ORDER BY {member(sql, column)}) END"


@dataclass(frozen=True)
class Wanted:
    """What a question needs of the rows of a table or view.

    codes, values: of columns of the table and of those that it refers to; own: the columns that its aggregates name,
    None for whatever a view has; day: the column of days of which the rows have their month_, counted from the year 0;
    along: the reference by which they are joined instead of by the active one to its dimension.
    """

    of: str
    codes: Pairs
    values: Pairs
    own: tuple[str, ...] | None
    day: str | None = None
    along: str | None = None


@dataclass
class _Needs:
    """What all questions need of a table or view, by the names that the columns have here."""

    codes: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    own: dict[str, None] = field(default_factory=dict)
    day: str | None = None


class CodedRows:
    """The rows with the columns that were asked for. keep: gives a query's rows a name, once for each text."""

    def __init__(self, composer: Composer, keep: Callable[[str], str] | None = None) -> None:
        self._composer, self.keep = composer, keep
        self._needs: dict[tuple[str, str | None], _Needs] = {}

    def need(self, wanted: Wanted) -> _Needs:
        """Have the columns of a question among those of its table or view."""
        needs = self._needs.setdefault((wanted.of, wanted.along), _Needs())
        for column, _ in wanted.codes:
            needs.codes.setdefault(column, f"code{len(needs.codes)}_")
        for column, _ in wanted.values:
            needs.values.setdefault(column, f"value{len(needs.values)}_")
        needs.own.update(dict.fromkeys(wanted.own or ()))
        needs.day = wanted.day or needs.day
        return needs

    def select(self, wanted: Wanted) -> str:
        """Return the query for the rows as a question names their columns."""
        needs = (self if self.keep else CodedRows(self._composer)).need(wanted)
        rows = self._rows(wanted, needs)
        own = ["coded.*"] if wanted.own is None else [f"coded.{name}" for name in wanted.own]
        named = [*own, *(f"{needs.codes[column]} AS {alias}" for column, alias in wanted.codes)]
        named += [f"{needs.values[column]} AS {alias}" for column, alias in wanted.values]
        named += ["months_ AS month_"] if wanted.day else []
        relation = self.keep(rows) if self.keep else f"({rows})"
        return f"SELECT {', '.join(named) or 'TRUE AS row_'}\nFROM {relation} AS coded"

    def _rows(self, wanted: Wanted, needs: _Needs) -> str:
        """Join the members' codes to the rows."""
        of_rows, joins = dict(needs.values), ""
        shown = ["joined.*"] if wanted.own is None else [f"joined.{name}" for name in needs.own]
        shown += [] if wanted.own is None else [f"joined.{alias}" for alias in needs.values.values()]
        for number, (column, alias) in enumerate(needs.codes.items()):
            table, _, name = column.partition(".")
            found = self._composer.contracts[table].surrogate_key or name
            key = of_rows.setdefault(f"{table}.{found}", f"key{number}_")
            joins += (
                f"\nLEFT JOIN ({coded(self._composer, column, found)}) AS c{number} ON c{number}.found = joined.{key}"
            )
            shown.append(f"CAST(COALESCE(c{number}.code, {NO_MEMBER}) AS INTEGER) AS {alias}")
        if needs.day:
            day = f"joined.{of_rows.setdefault(needs.day, 'day_')}"
            shown.append(f"CAST(EXTRACT(YEAR FROM {day}) * 12 + EXTRACT(MONTH FROM {day}) - 1 AS INTEGER) AS months_")
        source = self._composer.tables.joined(wanted.of, of_rows, wanted.along)
        return f"SELECT {', '.join(shown) or 'TRUE AS row_'}\nFROM ({source}) AS joined{joins}"


def words_of(names: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """Return the columns, of these names, that texts of SQL may name."""
    words = {word.casefold() for text in texts for word in re.findall(r"\w+", text)}
    return tuple(name for name in names if name.casefold() in words)
