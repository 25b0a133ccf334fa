"""The guards over what was extracted, compared with last night and with a week before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from etl.core.manifest import EXPRESSION, RawManifest, RawTable
from etl.guards import newest
from etl.guards.accept import fingerprint
from etl.guards.before import last_and_week, since_accepted
from etl.guards.refusal import Refusal

_FEW = 100
"""Rows by which a table may always shrink or grow: of a small table a few are a large share."""

_SIZE = ("empty", "shrank", "grew")


@dataclass(frozen=True)
class Tolerance:
    """What a query's header allows. shrink, grow: shares of the rows; newest: the column whose greatest value grows."""

    may_be_empty: bool = False
    shrink: float = 0.1
    grow: float = 1.0
    newest: str | None = None


def refusals(
    tables: Mapping[str, RawTable], tolerances: Mapping[str, Tolerance], kept: Sequence[RawManifest]
) -> list[Refusal]:
    """Judge the tables that were extracted. kept: the runs before, oldest first."""
    return [
        refusal for name, table in sorted(tables.items()) for refusal in _judged(name, table, tolerances[name], kept)
    ]


def _judged(name: str, table: RawTable, tolerance: Tolerance, kept: Sequence[RawManifest]) -> Iterator[Refusal]:
    if not table.rows and not tolerance.may_be_empty:
        told = "the query returned no row; if it may, write `-- may be empty: yes` into its header"
        yield Refusal(name, "empty", told, "0")
    filled = [last for last in since_accepted(kept, name, [f"{name}:{guard}" for guard in _SIZE]) if last.rows]
    before = last_and_week(filled, table.as_of) if table.rows else []
    sizes = [refusal for last in before for refusal in _size(name, table, tolerance, last)]
    yield from {refusal.guard: refusal for refusal in reversed(sizes)}.values()  # last night's word goes first
    yield from _types(name, table, since_accepted(kept, name, [])[:1])
    if tolerance.newest:
        yield from newest.judged(name, table, tolerance.newest, since_accepted(kept, name, [f"{name}:newest"]))


def _size(name: str, table: RawTable, tolerance: Tolerance, last: RawTable) -> Iterator[Refusal]:
    change = table.rows - last.rows
    figures = f"{table.rows:,} rows, {last.rows:,} in run {last.run} ({change / last.rows:+.1%})"
    if -change > max(_FEW, tolerance.shrink * last.rows):
        told = f"{figures}; `-- may shrink:` allows {tolerance.shrink:.0%}"
        yield Refusal(name, "shrank", told, str(table.rows))
    if change > max(_FEW, tolerance.grow * last.rows):
        told = f"{figures}; `-- may grow:` allows {tolerance.grow:.0%}"
        yield Refusal(name, "grew", told, str(table.rows))


def _is_another(then: str, now: str | None) -> bool:
    """Whether a column has another type in the source, or is gone. What a query computes has none there."""
    return now is None or (now != then and EXPRESSION not in (now, then))


def _types(name: str, table: RawTable, before: Sequence[RawTable]) -> Iterator[Refusal]:
    now = {column.name: column.source_type for column in table.columns}
    for last in before:
        then = {column.name: column.source_type for column in last.columns}
        changed = {column: now.get(column, "gone") for column in then if _is_another(then[column], now.get(column))}
        if changed:
            told = ", ".join(
                f"{column} is {kind} (in run {last.run}: {then[column]})" for column, kind in changed.items()
            )
            yield Refusal(name, "types", told, fingerprint(*(f"{column} {kind}" for column, kind in changed.items())))
