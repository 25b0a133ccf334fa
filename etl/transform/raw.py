"""Reading raw CSV: typed, a block at a time; where a block does not fit its types, row by row."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.company.corrections import Correction
from etl.core import arrow_csv
from etl.core.arrow_types import arrow_type
from etl.core.errors import DataError
from etl.core.folders import for_arrow
from etl.core.manifest import Block, RawTable, rows_of
from etl.core.raw_lines import lines_of
from etl.core.receipt import TableReceipt
from etl.receipts.raw import check_raw, raw_receipt
from etl.transform.correct import corrected
from etl.transform.fitting import misfits

Corrections = Sequence[Correction]
Places = npt.NDArray[np.int64]

Reject = tuple[str, str]
"""A row that broke a rule: the reason, and the row as JSON."""


_ROWS_AT_ONCE = 1000
"""Rows that become Python's objects at a time, which take ten times the room."""


@dataclass
class RawRows:
    """Rows of a raw table as a frame; its index is each row's position in the block. rejects: what cannot be read.

    receipt: what was read, rejects included and uncorrected; None where the source told nothing to compare it with.
    corrected: rows by correction.
    """

    frame: pd.DataFrame
    rejects: list[Reject] = field(default_factory=list)
    receipt: TableReceipt | None = None
    corrected: Counter[str] = field(default_factory=Counter)


def schema_of(table: RawTable) -> pa.Schema:
    """Return the Arrow schema that the manifest tells."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in table.columns])


def check_file(folder: Path, table: RawTable) -> None:
    """Refuse a raw file that is gone or has not the length that its manifest says."""
    for name, told in table.files.items():
        path = folder / name
        if not path.is_file():
            raise DataError(f"{path} is gone.", _again(table))
        length = path.stat().st_size
        if length != told:
            raise DataError(f"{path} has {length:,} bytes, its manifest says {told:,}.", _again(table))
    for file in table.changes.files if table.changes else ():
        if not file.is_in(folder):
            raise DataError(f"{folder / file.name} is not what was written.", _again(table))


def _again(table: RawTable) -> str:
    """Say what reads a table again, all of it: layers would be put upon the same files."""
    return f"Run SQLDownloadMain.py {'--full' if table.changes else 'again'}."


def read_block(
    folder: Path, table: RawTable, number: int, corrections: Corrections = (), as_texts: set[str] | None = None
) -> RawRows:
    """Read block `number`, checked against its hash and its number of rows; correct what is known to be wrong.

    Rows that a later layer replaces are left out. as_texts: columns that are read as texts at once, to which those are
    added that turn out not to fit their types.
    """
    block, gone = table.blocks[number], superseded(folder, table, number)
    told = next(layer for layer, places in table.layers() if number in places)
    path = folder / (block.file or table.file)
    data = _checked_rows(folder, table, block)
    rows = _typed(pa.py_buffer(data), told, corrections, set() if as_texts is None else as_texts, gone)
    found = len(rows.frame) + len(rows.rejects) + len(gone)
    if found != block.rows:
        raise DataError(f"{path} holds {found:,} rows in a block of {block.rows:,}.", "Report this fault.")
    return rows


@dataclass(frozen=True)
class SomeRows:
    """Rows of a query as they were written, with their numbers, counted over all blocks, in ascending order.

    begins, ends: where each is in `data`.
    """

    table: RawTable
    numbers: Places
    data: bytes
    begins: Places
    ends: Places

    def read(self, numbers: Places, corrections: Corrections = ()) -> RawRows:
        """Read those with certain numbers; the index is of these. Whether others stand for them is not asked."""
        if not len(numbers):
            return RawRows(no_rows(self.table).set_index(pd.Index(numbers)))
        places = np.searchsorted(self.numbers, numbers)
        told = self.table.model_copy(update={"receipt": None, "changes": None})
        lines = _taken(self.data, self.begins[places], self.ends[places])
        rows = _typed(pa.py_buffer(lines), told, corrections, set(), np.empty(0, np.int64))
        rows.frame = rows.frame.set_index(pd.Index(numbers[rows.frame.index.to_numpy()]))
        return rows


def read_some(folder: Path, table: RawTable, numbers: Places) -> SomeRows:
    """Read the rows with certain numbers, in ascending order. Blocks that hold none of them are not read."""
    found, lengths, first = [], [np.empty(0, np.int64)], 0
    for block in table.blocks:
        begin, end = np.searchsorted(numbers, [first, first + block.rows])
        if begin < end:
            data = _checked_rows(folder, table, block)
            begins, ends = lines_of(data, block.rows, table.file)
            places = numbers[begin:end] - first
            found.append(_taken(data, begins[places], ends[places]))
            lengths.append(ends[places] - begins[places])
        first += block.rows
    after = np.cumsum(np.concatenate(lengths))
    return SomeRows(table, numbers, b"".join(found), after - np.concatenate(lengths), after)


def _taken(data: bytes, begins: Places, ends: Places) -> bytes:
    """Copy parts of some bytes, one behind the other; those that adjoin, at once."""
    if not len(begins):
        return b""
    breaks = np.flatnonzero(begins[1:] != ends[:-1]) + 1
    firsts, lasts = begins[np.append(0, breaks)], ends[np.append(breaks - 1, len(ends) - 1)]
    view = memoryview(data)
    return b"".join([view[first:last] for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)])


def _checked_rows(folder: Path, table: RawTable, block: Block) -> bytes:
    """Read a block's rows. Raises DataError where they are not what was extracted."""
    data = rows_of(folder, table, block)
    if hashlib.sha256(data).hexdigest() != block.sha256:
        raise DataError(
            f"{folder / (block.file or table.file)} is not what was extracted (from byte {block.offset:,} on).",
            _again(table),
        )
    return data


def all_superseded(folder: Path, table: RawTable) -> npt.NDArray[np.int64]:
    """Return the numbers of the rows that a later layer replaces, counted over all blocks, in ascending order."""
    if table.changes is None or table.changes.superseded is None:
        return np.empty(0, np.int64)
    with for_arrow(folder / table.changes.superseded, "rb") as source:
        rows: npt.NDArray[np.int64] = pq.read_table(source).column(0).to_numpy()
    return rows


def superseded(folder: Path, table: RawTable, number: int) -> npt.NDArray[np.int64]:
    """Return which rows of a block a later layer replaces, as positions in it."""
    rows = all_superseded(folder, table)
    first = sum(block.rows for block in table.blocks[:number])
    begin, end = np.searchsorted(rows, [first, first + table.blocks[number].rows])
    return rows[begin:end] - first


def read_whole(folder: Path, table: RawTable, corrections: Corrections = ()) -> RawRows:
    """Read all blocks of a table into one frame."""
    check_file(folder, table)
    as_texts: set[str] = set()
    parts = [read_block(folder, table, number, corrections, as_texts) for number in range(len(table.blocks))]
    if not parts:
        return RawRows(no_rows(table))
    check_raw(table, [part.receipt for part in parts])
    frame = pd.concat([part.frame for part in parts], ignore_index=True) if len(parts) > 1 else parts[0].frame
    return RawRows(
        frame.reset_index(drop=True),
        [reject for part in parts for reject in part.rejects],
        corrected=sum((part.corrected for part in parts), Counter()),
    )


def no_rows(table: RawTable) -> pd.DataFrame:
    """Return a table's frame without rows."""
    return _pandas(schema_of(table).empty_table())


def as_json(frame: pd.DataFrame) -> list[str]:
    """Write each row as JSON, for the rejects."""
    if frame.empty:
        return []
    parts = pa.Table.from_pandas(frame, preserve_index=False).to_batches(max_chunksize=_ROWS_AT_ONCE)
    encoder = json.JSONEncoder(ensure_ascii=False, default=str)
    return [encoder.encode(row) for part in parts for row in part.to_pylist()]


def _typed(
    data: pa.Buffer, table: RawTable, corrections: Corrections, as_texts: set[str], gone: npt.NDArray[np.int64]
) -> RawRows:
    """Read the rows of a block; the receipt is of all of them, also of those that are gone."""
    schema = schema_of(table)
    rows = _as_it_fits(data, schema, as_texts)
    if rows.schema.types == schema.types:
        receipt = raw_receipt(table, rows, None)
        standing, places = _without(rows, gone)
        standing, counts = corrected(standing, corrections)
        return _placed(RawRows(_pandas(standing), receipt=receipt, corrected=counts), places)

    texts = pa.schema([(name, pa.string()) for name in schema.names])
    if corrections or len(gone):
        return _standing_texts(arrow_csv.read(data, texts, header=False), table, corrections, gone)
    return _judged(rows, lambda places: _texts_at(data, texts, rows.num_rows, places), table)


def _without(rows: pa.Table, gone: npt.NDArray[np.int64]) -> tuple[pa.Table, npt.NDArray[np.int64] | None]:
    """Leave rows out; returns the others and their places, None where these are all."""
    if not len(gone):
        return rows, None
    places = np.delete(np.arange(rows.num_rows), gone)
    return rows.take(pa.array(places)), places


def _placed(rows: RawRows, places: npt.NDArray[np.int64] | None) -> RawRows:
    """Let the index say where rows are in their block of which some were left out."""
    if places is not None:
        rows.frame = rows.frame.set_index(pd.Index(places[rows.frame.index.to_numpy()]))
    return rows


def _texts_at(data: pa.Buffer, texts: pa.Schema, rows: int, places: list[int]) -> pa.Table:
    """Read a few of a block's rows as texts: their lines alone, unless some row has several."""
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")) + 1
    if len(ends) != rows:
        return arrow_csv.read(data, texts, header=False).take(pa.array(places, pa.int64()))
    lines = [data[ends[place - 1] if place else 0 : ends[place]] for place in places]
    return arrow_csv.read(pa.py_buffer(b"".join(lines)), texts, header=False)


def _as_it_fits(data: pa.Buffer, schema: pa.Schema, as_texts: set[str]) -> pa.Table:
    """Read a block typed, but for the columns that do not fit their types: these are added to `as_texts`, and texts."""
    while True:
        types = [(field.name, pa.string() if field.name in as_texts else field.type) for field in schema]
        try:
            return arrow_csv.read(data, pa.schema(types), header=False)
        except pa.ArrowInvalid as error:
            place = re.match(r"In CSV column #(\d+): ", str(error))
            found = set(schema.names) if place is None else {schema.names[int(place[1])]}
            if found <= as_texts:
                raise
            as_texts |= found


def _standing_texts(texts: pa.Table, table: RawTable, corrections: Corrections, gone: npt.NDArray[np.int64]) -> RawRows:
    """Judge a block of texts, after the corrections; the receipt is of what was there before them."""
    standing, standing_at = _without(texts, gone)
    fixed, counts = corrected(standing, corrections)
    rows = _judged(fixed, lambda places: fixed.take(pa.array(places, pa.int64())), table)
    if counts.total() or len(gone):
        rows.receipt = _judged(texts, lambda places: texts.take(pa.array(places, pa.int64())), table).receipt
    rows.corrected = counts
    return _placed(rows, standing_at)


def _judged(rows: pa.Table, texts: Callable[[list[int]], pa.Table], table: RawTable) -> RawRows:
    """Turn a block into its types, setting the rows aside of which a value does not fit.

    rows: the block, with columns that have their types already; texts: gives the rows at some places, with texts only.
    """
    schema = schema_of(table)
    reasons: dict[int, str] = {}
    for name, kind in zip(schema.names, schema.types, strict=True):
        if rows.schema.field(name).type != kind:
            column = _normal(rows.column(name).combine_chunks(), kind)
            for position, reason in misfits(name, column, kind).items():
                reasons.setdefault(position, reason)
    if not reasons:
        typed = _cast(rows, schema)
        return RawRows(_pandas(typed), receipt=raw_receipt(table, typed, None))
    fits = np.ones(rows.num_rows, dtype=bool)
    fits[list(reasons)] = False
    typed = _cast(rows.filter(pa.array(fits)), schema)
    bad = texts(list(reasons))
    rejects = list(zip(reasons.values(), as_json(_pandas(bad)), strict=True))
    return RawRows(_pandas(typed).set_index(pd.Index(np.flatnonzero(fits))), rejects, raw_receipt(table, typed, bad))


def _cast(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        column = rows.column(name)
        columns.append(column if column.type == kind else _normal(column.combine_chunks(), kind).cast(kind))
    return pa.table(columns, schema=schema)


def _normal(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Write booleans as Arrow's cast wants them; COPY writes t and f."""
    if not pa.types.is_boolean(kind):
        return values
    return pc.replace_substring_regex(pc.replace_substring_regex(values, "^t$", "true"), "^f$", "false")


def _pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
