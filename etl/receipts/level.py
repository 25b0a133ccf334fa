"""How much the receipts prove: the setting RECEIPTS, asked by methods and nowhere compared with its words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.core.manifest import RawTable
from etl.core.receipt import ColumnReceipt, TableReceipt
from etl.receipts.arrow import add, receipt_of, receipts_of_runs
from etl.receipts.memory import hashes_of_runs, row_hash
from etl.receipts.slices import SLICES


@dataclass(frozen=True)
class Extent:
    """How far a source's receipt goes. hashes: whether it hashes rows; slice: of which slice of the keys, None: all."""

    hashes: bool
    slice: int | None = None


class Level(StrEnum):
    """What is proven at each hand-over; each level also proves what the ones before it do."""

    OFF = "off"
    COLUMNS = "columns"
    ROWS = "rows"
    FULL = "full"

    @property
    def proves(self) -> bool:
        """Whether anything is compared besides the number of rows."""
        return self is not Level.OFF

    @property
    def hashes(self) -> bool:
        """Whether the star's rows are hashed."""
        return self in (Level.ROWS, Level.FULL)

    def extent(self, as_of: datetime) -> Extent | None:
        """Return what a source is asked for in the snapshot of an instant; None: nothing.

        Of the rows it hashes one slice of the keys, another one each night, or all.
        """
        if not self.proves:
            return None
        return Extent(self.hashes, as_of.toordinal() % SLICES if self is Level.ROWS else None)

    def receipt(self, table: pa.Table, schema: pa.Schema) -> TableReceipt:
        """Compute the receipt of a star table, or of a part of it."""
        if not self.proves:
            return TableReceipt(rows=table.num_rows, columns={})
        receipt = receipt_of(table, schema)
        return receipt.model_copy(update={"hash_sum": str(row_hash(table, schema))}) if self.hashes else receipt

    def receipts_of_runs(self, table: pa.Table, schema: pa.Schema, begins: npt.NDArray[np.int64]) -> list[TableReceipt]:
        """Compute the receipts of runs of rows, without least and greatest values. begins: where each begins."""
        if not self.proves:
            return [TableReceipt(rows=rows, columns={}) for rows in np.diff(np.append(begins, len(table))).tolist()]
        receipts = receipts_of_runs(table, schema, begins)
        if not self.hashes:
            return receipts
        hashes = hashes_of_runs(table, schema, begins)
        pairs = zip(receipts, hashes, strict=True)
        return [receipt.model_copy(update={"hash_sum": str(hashed)}) for receipt, hashed in pairs]

    def proof(self, receipt: TableReceipt) -> TableReceipt:
        """Return what of a receipt is to be proven."""
        if not self.proves:
            return TableReceipt(rows=receipt.rows, columns={})
        return receipt if self.hashes else receipt.model_copy(update={"hash_sum": None})

    def added_up(self, parts: Iterable[TableReceipt], schema: pa.Schema) -> TableReceipt:
        """Add receipts of a star table's parts up, as far as they are proven, without least and greatest values.

        A column of nothing but NULLs has no sum, whatever was taken away from a sum for it.
        """
        whole = add([self.receipt(schema.empty_table(), schema), *parts], schema)
        columns = {
            name: ColumnReceipt(nulls=column.nulls, sum=None if column.nulls == whole.rows else column.sum)
            for name, column in whole.columns.items()
        }
        return self.proof(whole.model_copy(update={"columns": columns}))

    def add_up(self, parts: Iterable[TableReceipt], whole: TableReceipt, schema: pa.Schema) -> bool:
        """Whether the receipts of all parts of a star table are there, if they prove anything."""
        return not self.proves or self.added_up(parts, schema) == self.added_up([whole], schema)

    def raw(self, table: RawTable) -> RawTable:
        """Return a raw table without the source's receipt, where that is not to be compared."""
        if self.proves:
            return table
        changes = table.changes and table.changes.model_copy(
            update={"layers": tuple(each.model_copy(update={"receipt": None}) for each in table.changes.layers)}
        )
        return table.model_copy(update={"receipt": None, "changes": changes})
