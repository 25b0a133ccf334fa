"""The rows of tables and views with their members' codes: what all of a report's questions are put to.

Where a relation can be kept, it is joined and coded once, with the columns of all questions; else inside of each.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from etl.contract.column import Column
from etl.report.filters import label, member
from etl.report.sql import Composer

NO_MEMBER = 0
"""The code of NULL; those of the other members follow, in the order of their texts."""

Pairs = tuple[tuple[str, str], ...]
"""Columns ("table.column"), and what a question calls them."""


def coded(composer: Composer, columns: Mapping[str, str], found: str) -> str:
    """Return the query for the codes of the members of a table's columns, by what they are called.

    found: the column beside them by which rows find theirs. A code is a member's place in the order of their texts. Of
    a table with a row a key, each has one row.
    """
    table = next(iter(columns)).partition(".")[0]
    has_keys = found == composer.contracts[table].surrogate_key
    compared = {code: composer.tables.compared(table, column) for column, code in columns.items()}
    shown = ", ".join(f"{name} AS {code}compared" for code, (name, _) in compared.items())
    codes = ", ".join(f"{_code(f'{code}compared', of)} AS {code}" for code, (_, of) in compared.items())
    rows = f"SELECT {'' if has_keys else 'DISTINCT '}{table}.{found} AS found, {shown} FROM {table}"
    return f"SELECT found, {codes} FROM ({rows}) AS every_"


def members_of(composer: Composer, column: str) -> str:
    """Return the query for a column's members: code and label."""
    shown = label("found", composer.tables.column(column))
    members = coded(composer, {column: "code"}, column.partition(".")[2])
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
        self._composer, self._keep = composer, keep
        self._needs: dict[tuple[str, str | None], _Needs] = {}

    def need(self, wanted: Wanted) -> _Needs:
        """Have the columns of a question among those of its table or view."""
        needs = self._needs.setdefault((wanted.of, wanted.along), _Needs()) if self._keep else _Needs()
        for column, _ in wanted.codes:
            needs.codes.setdefault(column, f"code{len(needs.codes)}_")
        for column, _ in wanted.values:
            needs.values.setdefault(column, f"value{len(needs.values)}_")
        needs.own.update(dict.fromkeys(wanted.own or ()))
        needs.day = wanted.day or needs.day
        return needs

    def select(self, wanted: Wanted) -> str:
        """Return the query for the rows as a question names their columns."""
        needs = self.need(wanted)
        own = ["coded.*"] if wanted.own is None else [f"coded.{name}" for name in wanted.own]
        named = [*own, *(f"{needs.codes[column]} AS {alias}" for column, alias in wanted.codes)]
        named += [f"{needs.values[column]} AS {alias}" for column, alias in wanted.values]
        named += ["months_ AS month_"] if wanted.day else []
        return f"SELECT {', '.join(named) or 'TRUE AS row_'}\nFROM {self.kept(self._rows(wanted, needs))} AS coded"

    def kept(self, sql: str) -> str:
        """Return a query's rows as something to select from: kept, where that is possible."""
        return self._keep(sql) if self._keep else f"({sql})"

    def _rows(self, wanted: Wanted, needs: _Needs) -> str:
        """Join the members' codes to the rows: those of a table's columns by its key, or else by themselves."""
        of_rows, joins = dict(needs.values), ""
        shown = ["joined.*"] if wanted.own is None else [f"joined.{name}" for name in needs.own]
        shown += [] if wanted.own is None else [f"joined.{alias}" for alias in needs.values.values()]
        coming: dict[tuple[str, str], dict[str, str]] = {}
        for column, alias in needs.codes.items():
            table, _, name = column.partition(".")
            found = self._composer.contracts[table].surrogate_key or name
            coming.setdefault((table, found), {})[column] = alias
        for number, ((table, found), columns) in enumerate(coming.items()):
            key = of_rows.setdefault(f"{table}.{found}", f"key{number}_")
            codes = coded(self._composer, columns, found)
            joins += f"\nLEFT JOIN ({codes}) AS c{number} ON c{number}.found = joined.{key}"
            shown += [f"CAST(COALESCE(c{number}.{a}, {NO_MEMBER}) AS INTEGER) AS {a}" for a in columns.values()]
        if needs.day:
            day = f"joined.{of_rows.setdefault(needs.day, 'day_')}"
            shown.append(f"CAST(EXTRACT(YEAR FROM {day}) * 12 + EXTRACT(MONTH FROM {day}) - 1 AS INTEGER) AS months_")
        source = self._composer.tables.joined(wanted.of, of_rows, wanted.along)
        return f"SELECT {', '.join(shown) or 'TRUE AS row_'}\nFROM ({source}) AS joined{joins}"


def words_of(names: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """Return the columns, of these names, that texts of SQL may name."""
    words = {word.casefold() for text in texts for word in re.findall(r"\w+", text)}
    return tuple(name for name in names if name.casefold() in words)
