"""The guards over a star, compared with what was published last."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from etl.contract import Contract
from etl.core.call import call
from etl.core.manifest import LoadedManifest, LoadedTable, StarTable
from etl.guards.accept import fingerprint
from etl.guards.refusal import Refusal

_FEW = 10
"""Rows that may always be rejected or refer to nothing."""

_TOLD = 10
"""Changed months, the newest, that a refusal names."""

_NAMELESS = "no such member"


def refusals(
    contracts: Sequence[Contract],
    tables: Mapping[str, StarTable],
    last: LoadedManifest | None,
    settings_file: Path | None = None,
) -> list[Refusal]:
    """Judge the rejects and the references of the tables. settings_file: for the commands in the sentences."""
    return [
        refusal
        for contract in contracts
        for refusal in _judged(
            contract, tables[contract.name], last.tables.get(contract.name) if last else None, settings_file
        )
    ]


def _judged(
    contract: Contract, table: StarTable, last: LoadedTable | None, settings_file: Path | None
) -> Iterator[Refusal]:
    rejected, before = sum(table.rejected.values()), sum(last.rejected.values()) if last else None
    if rejected > max(_FEW, contract.rejects * table.handed):
        most = ", ".join(f"{count:,} × {reason}" for reason, count in _most(table.rejected))
        told = (
            f"{rejected:,} of {table.handed:,} rows are rejected (last time {_or_none(before)}; the contract allows"
            f" {contract.rejects:.1%}): {most}. {call('-m etl rejects', settings_file, contract.name)} shows them"
        )
        yield Refusal(contract.name, "rejects", told, str(rejected))
    for column in contract.references:
        if told := "; and ".join(_unknown(contract, column.name, table, last)):
            now = sum(table.unknown.get(f"{column.name}: {kind}", 0) for kind in (_NAMELESS, "NULL"))
            yield Refusal(f"{contract.name}.{column.name}", "unknown", told, str(now))


def _unknown(contract: Contract, column: str, table: StarTable, last: LoadedTable | None) -> Iterator[str]:
    nameless, allowed = table.unknown.get(f"{column}: {_NAMELESS}", 0), contract.unknown
    if nameless > max(_FEW, allowed * table.rows):
        before = last.unknown.get(f"{column}: {_NAMELESS}", 0) if last else None
        yield (
            f"{nameless:,} of {table.rows:,} rows have a {column} that matches no member"
            f" (last time {_or_none(before)}; the contract allows {allowed:.1%})"
        )
    if last is None or not last.receipt.rows or not table.rows:
        return
    now, then = table.unknown.get(f"{column}: NULL", 0), last.unknown.get(f"{column}: NULL", 0)
    if now / table.rows - then / last.receipt.rows > max(allowed, _FEW / table.rows):
        yield (
            f"{now:,} of {table.rows:,} rows have no {column}, last time {then:,} of {last.receipt.rows:,}"
            f" (the contract allows {allowed:.1%} more)"
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
    return small, [Refusal(contract.name, "months", told, fingerprint(*large))] if large else []


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:3]


def _or_none(count: int | None) -> str:
    return "none is known" if count is None else f"{count:,}"
