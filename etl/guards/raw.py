"""The guards over what was extracted, compared with the last committed run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from etl.core.manifest import RawManifest, RawTable
from etl.guards.accept import GONE, fingerprint
from etl.guards.refusal import Refusal

_FEW = 100
"""Rows by which a table may always shrink or grow: of a small table a few are a large share."""


@dataclass(frozen=True)
class Tolerance:
    """What a query's header allows. shrink, grow: shares of the rows; newest: the column whose greatest value grows."""

    may_be_empty: bool = False
    shrink: float = 0.1
    grow: float = 1.0
    newest: str | None = None


def refusals(
    tables: Mapping[str, RawTable], tolerances: Mapping[str, Tolerance], last: RawManifest | None
) -> list[Refusal]:
    """Judge the tables that were extracted."""
    before = last.tables if last else {}
    return [
        Refusal(name, guard, sentence, figure)
        for name, table in sorted(tables.items())
        for guard, sentence, figure in _judged(table, tolerances[name], before.get(name))
    ]


def _judged(table: RawTable, tolerance: Tolerance, last: RawTable | None) -> Iterator[tuple[str, str, str]]:
    if not table.rows and not tolerance.may_be_empty:
        yield "empty", "the query returned no row; if it may, write `-- may be empty: yes` into its header", "0"
    if last is None:
        return
    if table.rows and last.rows:
        yield from _size(table, tolerance, last)
    yield from _types(table, last)
    if tolerance.newest:
        yield from _newest(table, tolerance.newest, last)


def _size(table: RawTable, tolerance: Tolerance, last: RawTable) -> Iterator[tuple[str, str, str]]:
    change = table.rows - last.rows
    figures = f"{table.rows:,} rows, {last.rows:,} in run {last.run} ({change / last.rows:+.1%})"
    if -change > max(_FEW, tolerance.shrink * last.rows):
        yield "shrank", f"{figures}; `-- may shrink:` allows {tolerance.shrink:.0%}", str(table.rows)
    if change > max(_FEW, tolerance.grow * last.rows):
        yield "grew", f"{figures}; `-- may grow:` allows {tolerance.grow:.0%}", str(table.rows)


def _types(table: RawTable, last: RawTable) -> Iterator[tuple[str, str, str]]:
    now = {column.name: column.source_type for column in table.columns}
    then = {column.name: column.source_type for column in last.columns}
    changed = [f"{name} is {now.get(name, 'gone')}" for name, kind in then.items() if now.get(name) != kind]
    if changed:
        told = ", ".join(f"{text} (in run {last.run}: {then[text.split(' is ')[0]]})" for text in changed)
        yield "types", told, fingerprint(*changed)


def _newest(table: RawTable, column: str, last: RawTable) -> Iterator[tuple[str, str, str]]:
    receipts = (table.receipt, last.receipt)
    now, then = (receipt.columns[column].max if receipt and column in receipt.columns else None for receipt in receipts)
    if then is not None and table.receipt and (now is None or now < then):
        yield "newest", f"the newest {column} is {now or 'gone'}, {then} in run {last.run}", now or GONE
