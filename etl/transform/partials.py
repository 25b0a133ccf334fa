"""What partials make of blocks, kept until their table is built, and the portions in which that is done."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from etl.company.plan import Step
from etl.company.tables import Function, TableFile
from etl.contract.reserved import BLOCK, BUCKET
from etl.core.errors import ContractError
from etl.core.manifest import RawTable
from etl.core.names import guess
from etl.core.safe_text import safe
from etl.transform.context import Context, blocks_of, portions
from etl.transform.keys import BUCKETS, Hashes, hashes
from etl.transform.raw import Reject

PARTIALS = ".partials"


def write_partial(
    context: Context, table: TableFile, function: Function, number: int, summary: pd.DataFrame, rejects: list[Reject]
) -> None:
    """Keep what a partial made of block `number`, portion by portion.

    rejects: of the block; where no streamed table tells of them, the table that summarizes it does.
    """
    count, column = portions(context, table), table.contract.group_by
    for asked, of in ((table.contract.summed_by, "sums up by"), ((column,) if column else (), "groups by")):
        for name in (name for name in asked if name not in summary):
            raise ContractError(
                f"{table.path}: {function.name} returned no column {name}, which the contract {of}.", "Return it."
            )
    of_rows = _portion_of_rows(table, summary, column, count) if column else np.zeros(len(summary), dtype=np.int64)
    _write(context, f"{table.name}.{function.name}", number, summary, of_rows, count)
    if function.parameters[0] not in context.tables:
        told = pd.DataFrame(rejects, columns=["reason", "row"], dtype="string[pyarrow]")
        _write(context, f"{table.name}.{function.name}-rejects", number, told, np.zeros(len(told), dtype=np.int64), 1)


def summaries(context: Context, table: TableFile, portion: int) -> tuple[dict[str, pd.DataFrame], list[Reject]]:
    """Read a portion of what a table's partials made of every block, by the name of what they summarize.

    Gives the rejects, too, with the first portion.
    """
    found: dict[str, pd.DataFrame] = {}
    rejects: list[Reject] = []
    for function in table.partials:
        stream = function.parameters[0]
        blocks = blocks_of(context, stream)
        found[stream] = _read(context, f"{table.name}.{function.name}", blocks, portion)
        if stream not in context.tables and portion == 0:
            told = _read(context, f"{table.name}.{function.name}-rejects", blocks, portion)
            rejects += list(told.itertuples(index=False, name=None))
    return found, rejects


def parts_of(raw: RawTable, rows: pd.Index, numbers: npt.NDArray[np.int64], keys: Hashes) -> pd.DataFrame:
    """Return the columns by which partials may part rows of a query more than by what these hold.

    numbers: theirs in the query's files; keys: their keys' hashes. Each night, on every machine, a row is in the parts
    in which it was.
    """
    blocks = np.searchsorted(np.cumsum([block.rows for block in raw.blocks]), numbers, side="right")
    buckets = (keys >> np.uint64(40)) % np.uint64(BUCKETS)
    columns = {BLOCK: pa.array(blocks), BUCKET: pa.array(buckets.astype(np.int64))}
    found: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return found.set_index(rows)


def with_parts(context: Context, step: Step, of: str, frame: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a query or a table as partials get them: with the columns of parts by which one goes.

    parts: of each row of the query, with the index of which the frame has some. Raises ContractError where a summary
    goes by a column that there is not.
    """
    tables = [context.tables[partial.table] for partial in step.partials if partial.stream == of]
    for table in tables:
        for name in table.contract.summed_by:
            if name not in parts and name not in frame:
                known = [*frame.columns, *parts.columns]
                raise ContractError(f"{table.path}: summed_by names {name}, no column of {of}.", guess(name, known))
    names = [name for name in parts if any(name in table.contract.summed_by for table in tables)]
    return frame.assign(**parts[names].reindex(frame.index)) if names else frame


def check_portion(context: Context, table: TableFile, portion: int, frame: pd.DataFrame) -> None:
    """Raise ContractError where build made rows of groups of another portion: they would be there twice."""
    column, count = table.contract.group_by, portions(context, table)
    if not column:
        return
    strays = frame[_portion_of_rows(table, frame, column, count) != portion]
    if len(strays):
        is_told = column not in table.contract.personal
        value = safe(str(strays[column].iloc[0]), 60) if is_told else "that is not shown"
        raise ContractError(
            f"{table.path}: build made a row of {column} {value}, which none of its partials has.",
            "Make rows only from what the partials return, or leave group_by out.",
        )


def _portion_of_rows(table: TableFile, frame: pd.DataFrame, column: str, count: int) -> npt.NDArray[np.int64]:
    return (hashes(frame, (column,), str(table.path)) % np.uint64(count)).astype(np.int64)


def _write(
    context: Context, name: str, number: int, frame: pd.DataFrame, of_rows: npt.NDArray[np.int64], count: int
) -> None:
    """Write a frame, a record batch for each of `count` portions. of_rows: the portion of each row."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if count > 1:
        table = table.take(pa.array(np.argsort(of_rows, kind="stable")))
    whole = pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=table.schema)
    sizes = np.bincount(of_rows, minlength=count)
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        _file(context, name, number).open("wb") as target,
        pa.ipc.new_file(target, table.schema, options=options) as writer,
    ):
        for start, size in zip(np.cumsum(sizes) - sizes, sizes, strict=True):
            writer.write_batch(whole.slice(start, size))


def _file(context: Context, name: str, number: int) -> Path:
    return context.folder / PARTIALS / f"{name}.{number:05}.arrow"


def _read(context: Context, name: str, blocks: int, portion: int) -> pd.DataFrame:
    """Read a portion of every block, one below the other."""
    tables = []
    for number in range(blocks):
        with _file(context, name, number).open("rb") as source:
            tables.append(pa.Table.from_batches([pa.ipc.open_file(source).get_batch(portion)]))
    whole = pa.concat_tables(tables, promote_options="permissive")
    frame: pd.DataFrame = whole.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
