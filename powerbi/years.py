"""Which years a table has: by what was published last, so that no refresh policy leaves any of them out."""

from collections.abc import Iterator, Mapping
from datetime import date

from config import Settings
from etl.contract.table import Contract
from etl.core.manifest import LoadedTable
from etl.core.runs import Store

FIRST, LAST = 1900, 2100
"""The years between which Power BI's dates are, for a table with a policy."""

_AHEAD, _STEP = 5, 10
"""Years for which a policy is to last before `python -m powerbi` has to write it again, and the step of its length."""


def windows(settings: Settings, contracts: Mapping[str, Contract]) -> dict[str, int]:
    """Return how many years Power BI has to keep of the tables that are published with settled rows, all in the past.

    A table that is not named is to be read whole: its rows change, or nobody knows from when on it has rows.
    """
    kept = Store.of(settings).loaded.kept()
    tables = kept[-1].tables if kept else {}
    return dict(_windows(tables, contracts))


def newest_year(settings: Settings) -> int | None:
    """Return the year of what was published last; None if nothing was."""
    kept = Store.of(settings).loaded.kept()
    return max((table.as_of.year for table in kept[-1].tables.values()), default=None) if kept else None


def _windows(tables: Mapping[str, LoadedTable], contracts: Mapping[str, Contract]) -> Iterator[tuple[str, int]]:
    for name, contract in contracts.items():
        day = day_of_rows(contract)
        receipt = tables[name].star.receipt.columns.get(day) if day and name in tables else None
        if contract.settled_after is None or receipt is None or not (receipt.min and receipt.max):
            continue
        now = tables[name].as_of.year
        first, last = (date.fromisoformat(text).year for text in (receipt.min, receipt.max))
        if first >= FIRST and last <= now < LAST:  # a policy ends with the year under way
            yield name, -(-(now - first + 1 + _AHEAD) // _STEP) * _STEP


def day_of_rows(contract: Contract) -> str | None:
    """Return the column by which Power BI may divide a table: the partition's, if every row has one."""
    days = [c.name for c in contract.columns if c.name == contract.partition_by and not c.nullable]
    return days[0] if days and contract.stream and not contract.is_dimension else None
