"""The guards over a star, compared with what was published last and a week before."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from etl.contract.table import Contract
from etl.core.call import call
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.guards.before import last_and_week, since_accepted
from etl.guards.refusal import Refusal

_FEW = 10
"""Rows that may always be rejected, refer to nothing or be gone: but never all of them, and never more than half."""

_NAMELESS = "no such member"


def refusals(
    contracts: Sequence[Contract],
    tables: Mapping[str, StarTable],
    kept: Sequence[LoadedManifest],
    settings_file: Path | None = None,
) -> list[Refusal]:
    """Judge the rows, the rejects and the references of the tables.

    kept: what was published before, oldest first; settings_file: for the commands in the sentences.
    """
    return [
        refusal for contract in contracts for refusal in _judged(contract, tables[contract.name], kept, settings_file)
    ]


def _judged(
    contract: Contract, table: StarTable, kept: Sequence[LoadedManifest], settings_file: Path | None
) -> Iterator[Refusal]:
    name = contract.name
    yield from _lost(contract, table, last_and_week(since_accepted(kept, name, [f"{name}:lost"]), table.as_of))
    last = next(iter(since_accepted(kept, name, [])), None)
    yield from _rejected(contract, table, last, settings_file)
    for column in contract.references:
        label = f"{name}.{column.name}"
        before = last_and_week(since_accepted(kept, name, [f"{label}:unknown"]), table.as_of)
        told = [*_nameless(contract, column.name, table, last), *_without(contract, column.name, table, before)]
        if told:
            now = sum(table.unknown.get(f"{column.name}: {kind}", 0) for kind in (_NAMELESS, "NULL"))
            yield Refusal(label, "unknown", "; and ".join(told), str(now))


def _lost(contract: Contract, table: StarTable, before: Sequence[LoadedTable]) -> Iterator[Refusal]:
    """Refuse a table that has lost all its rows or most of them, whatever became of them."""
    now = table.rows - contract.is_dimension  # the unknown member is no row of the source
    for last in before:
        then = last.receipt.rows - contract.is_dimension
        if (now <= 0 < then and contract.lost < 1) or then - now > max(_FEW, contract.lost * then):
            told = (
                f"{now:,} rows, {then:,} as of {last.as_of:%Y-%m-%d}: of {table.handed:,} that went in,"
                f" {sum(table.rejected.values()):,} are rejected and {sum(table.set_aside.values()):,} set aside;"
                f" the contract allows that {contract.lost:.0%} are gone"
            )
            yield Refusal(contract.name, "lost", told, str(now))
            return


def _rejected(
    contract: Contract, table: StarTable, last: LoadedTable | None, settings_file: Path | None
) -> Iterator[Refusal]:
    rejected, before = sum(table.rejected.values()), sum(last.rejected.values()) if last else None
    if rejected and (rejected == table.handed or rejected > _allowed(contract.rejects, table.handed)):
        most = ", ".join(f"{count:,} × {reason}" for reason, count in _most(table.rejected))
        told = (
            f"{rejected:,} of {table.handed:,} rows are rejected (last time {_or_none(before)}; the contract allows"
            f" {contract.rejects:.1%}): {most}. `{call('-m etl rejects', settings_file, contract.name)}` shows them"
        )
        yield Refusal(contract.name, "rejects", told, str(rejected))


def _nameless(contract: Contract, column: str, table: StarTable, last: LoadedTable | None) -> Iterator[str]:
    nameless = table.unknown.get(f"{column}: {_NAMELESS}", 0)
    if nameless > _allowed(contract.unknown, table.rows):
        before = last.unknown.get(f"{column}: {_NAMELESS}", 0) if last else None
        yield (
            f"{nameless:,} of {table.rows:,} rows have a {column} that matches no member"
            f" (last time {_or_none(before)}; the contract allows {contract.unknown:.1%})"
        )


def _without(contract: Contract, column: str, table: StarTable, before: Sequence[LoadedTable]) -> Iterator[str]:
    """Tell of a reference that is NULL in more rows than before; of one that was not there, there is no before."""
    for last in before:
        names = last.columns or tuple(last.receipt.columns)
        if not last.receipt.rows or not table.rows or (names and column not in names):
            continue
        now, then = table.unknown.get(f"{column}: NULL", 0), last.unknown.get(f"{column}: NULL", 0)
        more = now - then / last.receipt.rows * table.rows
        if more > _allowed(contract.unknown, table.rows):
            yield (
                f"{now:,} of {table.rows:,} rows have no {column}, {then:,} of {last.receipt.rows:,}"
                f" as of {last.as_of:%Y-%m-%d} (the contract allows {contract.unknown:.1%} more)"
            )
            return


def _allowed(share: float, rows: int) -> float:
    """Return how many of the rows may be at fault: the contract's share, and always a few, but no more than half."""
    return max(min(_FEW, rows // 2), share * rows)


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:3]


def _or_none(count: int | None) -> str:
    return "none is known" if count is None else f"{count:,}"
