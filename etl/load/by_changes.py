"""Which tables are published by their changes alone, and why the others are published whole."""

from collections.abc import Mapping, Sequence

from etl.contract.table import Contract
from etl.core.manifest import StarChange, StarManifest, StarTable
from etl.core.receipt import TableReceipt
from etl.load.present import Looked
from etl.load.warehouse import Published
from etl.receipts.level import Level

MOST = 0.3
"""The share of a table's rows up to which changes are fewer bytes than the whole table."""

Ways = Mapping[str, StarChange | str]
"""By table, the changes by which it is published; or why it is published whole, "" where nobody expects otherwise."""


def ways(
    star: StarManifest,
    chosen: Sequence[Contract],
    published: Sequence[Published],
    looked: Looked,
    level: Level,
    hindrance: str = "",
) -> Ways:
    """Decide how each table is published. hindrance: why all tables are published whole, if they are."""
    rows = {row.table: row for row in published}
    found: dict[str, StarChange | str] = {}
    for contract in chosen:
        table, row = star.tables[contract.name], rows.get(contract.name)
        change = _change(table, row)
        if change is None or row is None:
            found[contract.name] = ""
        else:
            why = hindrance or _not_upon(change, row) or _unproven(contract, table, change, looked, level)
            found[contract.name] = why or change
    return found


def _change(table: StarTable, row: Published | None) -> StarChange | None:
    """Return by what a table differs from an earlier one: the very one that is published does by nothing."""
    if row and (row.star_run, row.as_of) == (table.run, table.as_of):
        return StarChange(on=table.run)
    return table.change


def _not_upon(change: StarChange, row: Published) -> str:
    if change.on == row.star_run:
        return ""
    return f"its changes are upon star {change.on}, and what is published is of star {row.star_run}"


def _unproven(contract: Contract, table: StarTable, change: StarChange, looked: Looked, level: Level) -> str:
    """Say why changes would not do, though they are upon what was published last; nothing if they do."""
    rows = change.removed_rows + change.added_rows
    if contract.name in looked.altered:
        return "somebody changed it by hand"
    if contract.name not in looked.marks:
        return "nothing tells whether somebody changed it by hand"
    if rows and not contract.primary_key:
        return "no key tells its rows apart"
    if rows > MOST * table.rows:
        return f"{change.removed_rows:,} rows go and {change.added_rows:,} come, of {table.rows:,}"
    if rows and contract.partition_by and not change.partitions:
        return f"nothing tells in which months of {contract.partition_by} rows changed"
    if rows and contract.partition_by and not level.add_up(table.by_partition.values(), table.receipt, contract.schema):
        return f"the receipts of its months of {contract.partition_by} do not add up to its own"
    return ""


def proof(contract: Contract, table: StarTable, change: StarChange, level: Level) -> TableReceipt:
    """Return the receipt of what stands in the partitions in which rows changed; without partitions, of all rows."""
    if not contract.partition_by:
        return level.proof(table.receipt)
    months = [table.by_partition[month] for month in change.partitions if month in table.by_partition]
    return level.added_up(months, contract.schema)


def told(table: StarTable, change: StarChange) -> str:
    """Say what becomes of a table's rows."""
    if not change.removed_rows + change.added_rows:
        return f"none of {table.rows:,} rows changed"
    return f"{change.removed_rows:,} rows out, {change.added_rows:,} in, of {table.rows:,}"
