"""The manifest's entry of a table that was built."""

from collections.abc import Mapping

import pyarrow as pa

from etl.core.manifest import RawManifest, StarTable
from etl.core.receipt import TableReceipt
from etl.receipts.arrow import add, without_limits
from etl.transform.context import Context
from etl.transform.months import added
from etl.transform.runner import Result


def star_table(run: str, raw: RawManifest, context: Context, name: str, result: Result) -> StarTable:
    """Return the manifest's entry of a table that was built in a run."""
    contract = context.tables[name].contract
    schema, before = contract.schema, context.before.get(name)
    return StarTable(
        run=run,
        raw_run=raw.run,
        as_of=raw.as_of,
        files=tuple(part.file for part in result.parts),
        receipt=add([part.receipt for part in result.parts], schema),
        **dict(result.counts),
        seconds=round(sum(part.seconds for part in result.parts), 3),
        months=added(part.months for part in result.parts),
        left=added(part.left for part in result.parts),
        continues=before.star if before and contract.is_seen else "",
        by_partition=_by_partition([part.by_partition for part in result.parts], schema),
    )


def _by_partition(parts: list[Mapping[str, TableReceipt]], schema: pa.Schema) -> dict[str, TableReceipt]:
    """Add the receipts of a table's parts up, month by month."""
    months = sorted({month for part in parts for month in part})
    return {month: without_limits(add([part[month] for part in parts if month in part], schema)) for month in months}
