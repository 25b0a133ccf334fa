"""What is in a table's columns that will bite: one question to the source, over the whole table or its first rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from etl.download.edges import SANE_DAY
from etl.draft.asking import Asking
from etl.draft.catalogue import ForeignKey, Table
from etl.draft.edges import Edge, edges

_PART = 100_000
FIRST_YEAR, YEARS_AHEAD = 1900, 20
"""What a drafted calendar may have: from this year on, and so many from today."""


@dataclass
class Probe:
    """What was found. rows: that were looked at, None where nothing was; is_whole: whether they are all.

    counts: of each edge, by column; nulls: of each column; years: first and last of a column of dates, of those that a
    calendar has; outside: rows whose date no calendar has; flags: columns that hold 0 and 1 alone.
    """

    rows: int | None = None
    is_whole: bool = False
    counts: dict[str, list[tuple[Edge, int]]] = field(default_factory=dict)
    nulls: dict[str, int] = field(default_factory=dict)
    years: dict[str, tuple[int, int]] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    outside: dict[str, int] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """How much was looked at, for a comment."""
        return (
            "nothing was looked at"
            if self.rows is None
            else (f"{'all' if self.is_whole else 'the first'} {self.rows:,} rows were looked at")
        )

    def of(self, count: int) -> str:
        """Write how many rows of those that were looked at."""
        return f"{count:,} of {self.rows or 0:,} rows{'' if self.is_whole else ' that were looked at'}"


_YEAR = {
    "postgresql": "extract(year FROM {0})::int",
    "mysql": "YEAR({0})",
    "sqlite": "CAST(substr({0}, 1, 4) AS INTEGER)",
    "duckdb": "year({0})",
}
_SANE = SANE_DAY | {"sqlite": "date({0}) IS NOT NULL"}


def probe(asking: Asking, table: Table, types: dict[str, str]) -> Probe:
    """Look at a table's values. types: of the columns to look at, as the source tells them of a query's."""
    asked: list[tuple[str, str, Edge | None]] = []
    for column, kind in types.items():
        name = asking.quoted(column)
        asked.append((column, f"{name} IS NULL", None))
        asked += [(column, edge.condition.format(name), edge) for edge in edges(asking.backend, kind)]
        if _may_be_flag(table, column, kind):
            asked.append((column, f"{name} NOT IN (0, 1)", _NO_FLAG))
    dated = [column for column, kind in types.items() if kind.lower().startswith(("date", "timestamp"))]
    row, is_whole = _answer(asking, table, [condition for _, condition, _ in asked], dated)
    if row is None:
        return Probe()
    found = Probe(int(str(row[0] or 0)), is_whole)
    for (column, _, edge), value in zip(asked, row[1:], strict=False):
        count = int(str(value or 0))
        if edge is None:
            found.nulls[column] = count
        elif edge is _NO_FLAG:
            found.flags |= set() if count or not found.rows else {column}
        elif count:
            found.counts.setdefault(column, []).append((edge, count))
    for number, column in enumerate(dated):
        first, last, outside = row[1 + len(asked) + 3 * number : 4 + len(asked) + 3 * number]
        if first is not None and last is not None:
            found.years[column] = (int(str(first)), int(str(last)))
        found.outside[column] = int(str(outside or 0))
    return found


_NO_FLAG = Edge("{0} NOT IN (0, 1)", "other than 0 and 1")


def _may_be_flag(table: Table, column: str, kind: str) -> bool:
    """Whether a number is most likely meant as true or false: MySQL has no other type for it."""
    declared = table.names[column].type.lower().replace(" ", "")
    return kind in ("tinyint", "bit") and declared in ("tinyint(1)", "bool", "boolean", "bit(1)", "bit")


def _answer(
    asking: Asking, table: Table, conditions: Sequence[str], dated: Sequence[str]
) -> tuple[tuple[object, ...] | None, bool]:
    """Ask it of the whole table, or else of its first rows; returns the answer, and whether it is of all."""
    sums = [f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)" for condition in conditions]
    for column in dated:
        name = asking.quoted(column)
        sane = _SANE.get(asking.backend, "1 = 1").format(name)
        year = _YEAR.get(asking.backend, "NULL").format(f"CASE WHEN {sane} THEN {name} END")
        likely = f"{year} BETWEEN {FIRST_YEAR} AND {date.today().year + YEARS_AHEAD}"
        sums += [f"{each}(CASE WHEN {likely} THEN {year} END)" for each in ("min", "max")]
        sums.append(f"sum(CASE WHEN {likely} THEN 0 WHEN {year} IS NULL THEN 0 ELSE 1 END)")
    place = asking.place(table.schema, table.name)
    listed = ", ".join(["count(*)", *sums])
    if (table.rows or 0) <= 20_000_000 and (row := asking.row(f"SELECT {listed} FROM {place}")):
        return row, True
    return asking.row(f"SELECT {listed} FROM (SELECT * FROM {place} LIMIT {_PART}) t"), False


def orphans(asking: Asking, table: Table, key: ForeignKey, target: Table) -> tuple[int, int] | None:
    """Count the rows whose foreign key matches nothing, and all that were looked at; None where it takes too long."""
    quoted, place = asking.quoted, asking.place
    ours = [f"t.{quoted(name)}" for name in key.columns]
    same = " AND ".join(f"d.{quoted(name)} = {mine}" for name, mine in zip(key.referred, ours, strict=True))
    filled = " AND ".join(f"{mine} IS NOT NULL" for mine in ours)
    columns, theirs = ", ".join(map(quoted, key.columns)), ", ".join(map(quoted, key.referred))
    members = f"SELECT DISTINCT {theirs} FROM {place(target.schema, target.name)}"
    for limit in ("", f" LIMIT {_PART}"):
        rows = f"(SELECT {columns} FROM {place(table.schema, table.name)}{limit}) r"
        counted = f"SELECT {columns}, count(*) AS n_of_rows FROM {rows} GROUP BY {columns}"
        lost = f"CASE WHEN {filled} AND d.{quoted(key.referred[0])} IS NULL THEN n_of_rows ELSE 0 END"
        asked = f"SELECT sum(n_of_rows), sum({lost}) FROM ({counted}) t LEFT JOIN ({members}) d ON {same}"
        if row := asking.row(asked):
            return int(row[1] or 0), int(row[0] or 0)
    return None
