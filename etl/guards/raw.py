"""The guards over what was extracted, compared with last night and with a week before."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from etl.core.manifest import EXPRESSION, RawManifest, RawTable
from etl.guards.before import last_and_week, since_accepted
from etl.guards.figures import LESS, MORE, OTHER, fingerprint
from etl.guards.guard import DOWNLOAD, Finding, Guard, guard

_FEW = 100
"""Rows by which a table may always shrink or grow: of a small table a few are a large share."""


def _line(default: Any, example: str, most: float = math.inf) -> Any:
    return field(default=default, metadata={"example": example, "most": most})


@dataclass(frozen=True)
class Tolerance:
    """What a query's header allows: a line `-- may shrink: 5 %` for the field may_shrink. A number is a share.

    newest: the column whose greatest value grows.
    """

    may_be_empty: bool = _line(False, "yes")
    may_shrink: float = _line(0.1, "10 %", most=1)
    may_grow: float = _line(1.0, "100 %")
    newest: str | None = _line(None, "updated_at")


LINES = {each.name.replace("_", " "): each for each in fields(Tolerance)}
"""The fields of Tolerance, by what a query's header calls them."""


@dataclass(frozen=True)
class RawSeen:
    """A table that was extracted, as the guards see it. kept: the runs before, oldest first.

    published: those from which a star was made that was published.
    """

    name: str
    table: RawTable
    tolerance: Tolerance
    kept: Sequence[RawManifest]
    published: Collection[str] = ()

    def before(self, *guards: Guard[Any]) -> list[RawTable]:
        """Return what was extracted before, the newest first, back to what a person let pass of these guards."""
        return since_accepted(self.kept, self.name, [one.label(self.name) for one in guards])

    @property
    def was_published(self) -> bool:
        """Whether the table was among what was published last, as far as the kept runs tell."""
        last = max(self.published, default=None)
        run = next((one for one in self.kept if one.run == last), None) if last else None
        return last is not None and (run is None or self.name in run.tables)

    def found(self, last: RawTable, sentence: str, figure: str) -> Finding:
        """Return a finding beside an earlier run, which says so where the query is another since."""
        if last.query_sha256 == self.table.query_sha256:
            return Finding(sentence, figure)
        since = f"; {self.name}.sql was changed since run {last.run}"
        return Finding(f"{sentence}{since}", figure, look=f"what was changed in {self.name}.sql, and at the source")


@guard(DOWNLOAD, worse=OTHER, stops="a source table without a row", reads=("may_be_empty",))
def empty(seen: RawSeen) -> Iterator[Finding]:
    """Find a table without rows."""
    if not seen.table.rows and not seen.tolerance.may_be_empty:
        [last] = seen.before()[:1] or [seen.table]
        yield seen.found(
            last, "the query returned no row; if it may, write `-- may be empty: yes` into its header", "0"
        )


@guard(DOWNLOAD, worse=LESS, stops="fewer rows than last night or a week before", reads=("may_shrink",))
def shrank(seen: RawSeen) -> Iterator[Finding]:
    """Find a table that has lost rows."""
    yield from _size(seen, -1, seen.tolerance.may_shrink, "may shrink")


@guard(DOWNLOAD, worse=MORE, stops="more rows than last night or a week before", reads=("may_grow",))
def grew(seen: RawSeen) -> Iterator[Finding]:
    """Find a table that has far more rows."""
    yield from _size(seen, 1, seen.tolerance.may_grow, "may grow")


def _size(seen: RawSeen, sign: int, allowed: float, line: str) -> Iterator[Finding]:
    """Find a change of the rows in one direction, beyond what is allowed."""
    table = seen.table
    filled = [last for last in seen.before(empty, shrank, grew) if last.rows]
    for last in last_and_week(filled, table.as_of) if table.rows else []:
        change = table.rows - last.rows
        if sign * change > max(_FEW, allowed * last.rows):
            yield seen.found(
                last,
                f"{table.rows:,} rows, {last.rows:,} in run {last.run} ({change / last.rows:+.1%});"
                f" `-- {line}:` allows {allowed:.0%}",
                str(table.rows),
            )
            return


@guard(
    DOWNLOAD, worse=OTHER, stops="a column of the source has another type than when it was published last, or is gone"
)
def types(seen: RawSeen) -> Iterator[Finding]:
    """Find columns of another type than what was published last, or what a person let pass since.

    A run that was never published has made no table that anybody uses: what it extracted is no measure.
    """
    now = {column.name: column.source_type for column in seen.table.columns}
    kept = seen.before(types) if seen.was_published else []
    for last in [*(one for one in kept if one.run in seen.published), *kept[-1:]][:1]:
        then = {column.name: column.source_type for column in last.columns}
        changed = {column: now.get(column, "gone") for column in then if _is_another(then[column], now.get(column))}
        if changed:
            told = ", ".join(f"{name} is {kind} (in run {last.run}: {then[name]})" for name, kind in changed.items())
            yield seen.found(last, told, fingerprint(*(f"{name} {kind}" for name, kind in changed.items())))


def _is_another(then: str, now: str | None) -> bool:
    """Whether a column has another type in the source, or is gone. What a query computes has none there."""
    return now is None or (now != then and EXPRESSION not in (now, then))
