"""The sums of a fact's measures by month, which the guards compare from night to night."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal, localcontext

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.column import Role
from etl.contract.table import Contract
from etl.core.receipt import TableReceipt
from etl.receipts.arrow import canonical, has_sum, widened
from etl.receipts.level import Level

Months = dict[str, dict[str, str]]
"""By month (2030-01), by measure, the exact sum as text; in its canonical form only when the parts are added up."""

_MONTH = "=month"
"""The name of the months' column while they are summed up, which no measure has."""


def months_of(table: pa.Table, contract: Contract) -> Months:
    """Sum a table or a part of it up; nothing where the contract names no `closed_months`."""
    column = contract.closed_months
    if column is None or not table.num_rows:
        return {}
    measures = [c.name for c in contract.columns if c.role is Role.MEASURE and has_sum(c.type)]
    days = table.column(column)
    month = pc.add(pc.multiply(pc.year(days), 100), pc.month(days))
    sums = pa.table({name: widened(table.column(name)) for name in measures} | {_MONTH: month}).group_by(_MONTH)
    total = sums.aggregate([(name, "sum") for name in measures])
    months = total.column(_MONTH).to_pylist()
    found: Months = {f"{month // 100:04}-{month % 100:02}": {} for month in months if month is not None}
    for name in measures:  # as texts at once: of a fact with many months Python's decimals take longer than the sums
        for month, text in zip(months, total.column(f"{name}_sum").cast(pa.string()).to_pylist(), strict=True):
            if month is not None and text is not None:
                found[f"{month // 100:04}-{month % 100:02}"][name] = text
    return found


def by_partition(table: pa.Table, contract: Contract, level: Level) -> dict[str, TableReceipt]:
    """Compute the receipts of a table's rows by month of the column by which it is partitioned, "" for NULL.

    They have no least and greatest values: what is left when rows go cannot be reckoned. Nothing of a table without
    partitions.
    """
    if contract.partition_by is None or not table.num_rows:
        return {}
    days = table.column(contract.partition_by)
    month = pc.fill_null(pc.add(pc.multiply(pc.year(days), 100), pc.month(days)), 0).combine_chunks()
    order = pc.sort_indices(month)
    ordered, runs = table.take(order), pc.run_end_encode(month.take(order))
    begins = np.concatenate([[0], runs.run_ends.to_numpy()[:-1]])
    receipts = level.receipts_of_runs(ordered, contract.schema, begins)
    return dict(zip(map(month_of, runs.values.to_pylist()), receipts, strict=True))


def month_of(number: int) -> str:
    """Write a month that is a number, 203001, as 2030-01; 0 as nothing."""
    return f"{number // 100:04}-{number % 100:02}" if number else ""


def partitions_of(table: pa.Table, contract: Contract) -> set[str]:
    """Name the months in which rows lie, as `by_partition` does."""
    if contract.partition_by is None:
        return set()
    days = table.column(contract.partition_by)
    months = pc.unique(pc.fill_null(pc.add(pc.multiply(pc.year(days), 100), pc.month(days)), 0))
    return set(map(month_of, months.to_pylist()))


def added(parts: Iterable[Months]) -> Months:
    """Add the sums of a table's parts up."""
    total: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    with localcontext(prec=100):
        for part in parts:
            for month, sums in part.items():
                for measure, text in sums.items():
                    total[month][measure] += Decimal(text)
    return {
        month: {measure: str(canonical(value)) for measure, value in sorted(sums.items())}
        for month, sums in sorted(total.items())
    }
