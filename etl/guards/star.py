"""The guards over a star, compared with what was published last."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from etl.contract import Contract
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.guards.refusal import Refusal

_FEW = 10
_TOLD = 10
"""Changed months, the newest, that a refusal names."""
"""Rows that may always be rejected or refer to nothing."""

_NAMELESS = "no such member"


def refusals(
    contracts: Sequence[Contract], tables: Mapping[str, StarTable], last: LoadedManifest | None
) -> list[Refusal]:
    """Judge the rejects and the references of the tables."""
    return [
        Refusal(contract.name, guard, sentence)
        for contract in contracts
        for guard, sentence in _judged(
            contract, tables[contract.name], last.tables.get(contract.name) if last else None
        )
    ]


def _judged(contract: Contract, table: StarTable, last: LoadedTable | None) -> Iterator[tuple[str, str]]:
    rejected, before = sum(table.rejected.values()), sum(last.rejected.values()) if last else None
    if rejected > max(_FEW, contract.rejects * table.handed):
        most = ", ".join(f"{count:,} × {reason}" for reason, count in _most(table.rejected))
        yield (
            "rejects",
            f"{rejected:,} of {table.handed:,} rows are rejected (last time {_or_none(before)}; the contract allows"
            f" {contract.rejects:.1%}): {most}. `python -m etl rejects {contract.name}` shows them",
        )
    for column in contract.references:
        yield from _unknown(contract, column.name, table, last)


def _unknown(contract: Contract, column: str, table: StarTable, last: LoadedTable | None) -> Iterator[tuple[str, str]]:
    nameless, allowed = table.unknown.get(f"{column}: {_NAMELESS}", 0), contract.unknown
    if nameless > max(_FEW, allowed * table.rows):
        before = last.unknown.get(f"{column}: {_NAMELESS}", 0) if last else None
        yield (
            "unknown",
            f"{nameless:,} of {table.rows:,} rows have a {column} that matches no member"
            f" (last time {_or_none(before)}; the contract allows {allowed:.1%})",
        )
    if last is None or not last.receipt.rows or not table.rows:
        return
    now, then = table.unknown.get(f"{column}: NULL", 0), last.unknown.get(f"{column}: NULL", 0)
    if now / table.rows - then / last.receipt.rows > max(allowed, _FEW / table.rows):
        yield (
            "unknown",
            f"{now:,} of {table.rows:,} rows have no {column}, last time {then:,} of {last.receipt.rows:,}"
            f" (the contract allows {allowed:.1%} more)",
        )


def changed_months(
    contract: Contract, table: StarTable, last: LoadedTable, first: date, closed_before: date
) -> tuple[list[str], list[Refusal]]:
    """Compare the sums of the months that were over when `last` was published.

    first: the first day of the published window, with which rows leave; closed_before: a day of the first month that
    was not over. Gives the changes within the contract's tolerance as sentences, and the refusals.
    """
    small: list[str] = []
    large: list[str] = []
    for month in sorted(set(table.months) | set(last.months)):
        if not f"{first:%Y-%m}" < month < f"{closed_before:%Y-%m}":
            continue
        now, then = table.months.get(month, {}), last.months.get(month, {})
        for measure in sorted(set(now) | set(then)):
            a, b = Decimal(now.get(measure, "0")), Decimal(then.get(measure, "0"))
            if a == b:
                continue
            share = abs(a - b) / abs(b) if b else Decimal("Infinity")
            sentence = f"{month}: {measure} {b:,} is {a:,}" + (f" ({float((a - b) / abs(b)):+.2%})" if b else "")
            (large if share > Decimal(str(contract.tolerance)) else small).append(sentence)
    more = f"; and {len(large) - _TOLD} more" if len(large) > _TOLD else ""
    told = f"{'; '.join(large[-_TOLD:])}{more}; the contract allows {contract.tolerance:.1%}"
    return small, [Refusal(contract.name, "months", told)] if large else []


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:3]


def _or_none(count: int | None) -> str:
    return "none is known" if count is None else f"{count:,}"
