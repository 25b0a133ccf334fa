"""What every warehouse refuses in the same words."""

from collections.abc import Callable, Collection, Sequence

from etl.company.checks import OURS
from etl.contract.history import IS_CURRENT, columns_of_history, durable_key_of
from etl.contract.table import Contract
from etl.core.errors import ContractError, UsageError, WarehouseError
from etl.core.receipt import TableReceipt
from etl.core.surrogates import schema_of
from etl.load.warehouse import Handover


def check_names(contracts: Sequence[Contract]) -> None:
    """Refuse names that a warehouse or Power BI cannot tell apart. Raises ContractError with all of them."""
    faults = [
        f"the table {contract.name} has a column named like itself"
        for contract in contracts
        if contract.name.casefold() in {column.name.casefold() for column in contract.columns}
    ]
    faults += [f"the table {c.name} is named like one of the program's own" for c in contracts if c.name in OURS]
    if faults:
        raise ContractError(f"The warehouse cannot take the star: {'; '.join(faults)}.", "Rename it in tables/.")


def numbers_of(contract: Contract, there: Collection[str], quoted: Callable[[str], str]) -> str | None:
    """Write the query for a dimension's natural and surrogate keys, without the unknown member.

    there: the published columns. None where these are not among them. Of a dimension that has history now and had none
    the numbers are of members; of one that had it, and has none or another one now, of the current versions.
    """
    change, key, table = contract.change_key, quoted(str(contract.surrogate_key)), quoted(contract.name)
    names = [name for name in schema_of(contract).names if name != change or change in there]
    if not set(names) <= set(there):
        return None
    sql = f"SELECT {', '.join(map(quoted, names))} FROM {table} WHERE {key} <> 0"
    durable = durable_key_of(str(contract.surrogate_key))
    if change is None or change not in there:
        ours = set() if change else set(contract.schema.names)
        had_history = columns_of_history(str(contract.surrogate_key)) <= set(there) - ours
        return f"{sql} AND {quoted(IS_CURRENT)}" if had_history else sql
    if durable in there:  # of a version that is published no more: its member goes on with it
        columns = [f"NULLIF({quoted(n)}, {quoted(n)})" if n == change else quoted(n) for n in names[:-1]]
        sql += (
            f" UNION ALL SELECT DISTINCT {', '.join(columns)}, {quoted(durable)} FROM {table}"
            f" WHERE {key} <> 0 AND {quoted(durable)} NOT IN (SELECT {key} FROM {table})"
        )
    return sql


def check_receipt(handover: Handover, found: TableReceipt, where: str) -> None:
    """Raise WarehouseError where the rows found are not those of the receipt."""
    differences = handover.receipt.differences(found)
    if handover.receipt.proves and differences:
        raise mismatch(handover.contract.name, where, "; ".join(differences))


class UnfitError(WarehouseError):
    """What is published of a table does not fit its changes; nothing was published. table: which; how: in words."""

    table = how = ""


def unfit(table: str, how: str) -> UnfitError:
    """Say that a table cannot be published by its changes."""
    error = UnfitError(
        f"The published rows of {table} do not fit its changes: {how}. What was published before still stands.",
        "Run LoadFilesBQ.py again.",
    )
    error.table, error.how = table, how
    return error


def check_rows(handover: Handover, found: int) -> None:
    """Raise WarehouseError where not as many rows are staged as were handed over; counting them costs nothing.

    That they are the right ones is proven once, where they are published.
    """
    if found != handover.receipt.rows:
        raise mismatch(handover.contract.name, "staged", f"{handover.receipt.rows:,} rows are {found:,}")


def mismatch(table: str, where: str, differences: str) -> WarehouseError:
    """Say that what lies somewhere is not what was handed over."""
    return WarehouseError(
        f"The {where} rows of {table} are not those of the star: {differences}."
        " What was published before still stands.",
        "Run LoadFilesBQ.py again; if it fails again, run TablesTransformMain.py first.",
    )


def not_a_query(kind: str) -> UsageError:
    """Explain that a statement, which the warehouse calls `kind`, was not run."""
    return UsageError(
        f"This does more than read the published tables ({kind.replace('_', ' ')}), so it was not run.",
        "Write one SELECT. Only the nights change these tables.",
    )
