"""Keys over all blocks of a stream: which rows yield to another of the same key, and that none is left."""

from concurrent.futures import Executor
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from etl.core import arrow_csv
from etl.transform.context import Context
from etl.transform.keys import doubled, doubled_rows, losers
from etl.transform.plan import Step
from etl.transform.raw import read_block
from etl.transform.work import BlockDone


def yielding(context: Context, step: Step, done: list[BlockDone], executor: Executor) -> dict[int, frozenset[int]]:
    """Find the rows that yield to another of the same key, by block: their positions in it.

    The hashes tell which rows may be meant; only these are read again, by the workers, and compared for what they are.
    """
    twice = doubled([block.hashes for block in done])
    if not len(twice):
        return {}
    table = context.raw_table(str(step.stream))
    places = {block.number: block.positions[np.isin(block.hashes, twice)] for block in done}
    asked = {number: positions for number, positions in places.items() if len(positions)}
    frame = pd.concat(executor.map(_suspects, repeat(context), repeat(step), *zip(*asked.items(), strict=True)))
    frame = frame.reset_index(drop=True)
    out = frame.iloc[losers(frame, table.key, table.survivor)]
    if len(out) and not table.survivor:
        raise doubled_rows(table.file, out, table.key)
    return {number: frozenset(out.loc[out["_block"] == number, "_position"]) for number in out["_block"].unique()}


def _suspects(context: Context, step: Step, number: int, positions: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Read the rows at some positions of a block again; a worker does."""
    table = context.raw_table(str(step.stream))
    rows = read_block(context.raw, table, table.blocks[number], context.corrections_of(str(step.stream)))
    return rows.frame.loc[positions].assign(_block=number, _position=positions)


def check_unique(context: Context, name: str, done: list[BlockDone]) -> None:
    """Raise where a streamed table holds the key of a row twice."""
    contract = context.tables[name].contract
    parts = [(part.hashes, context.folder / part.file.name) for b in done for part in b.built if part.table == name]
    twice = doubled([hashes for hashes, _ in parts])
    if not len(twice):
        return
    schema = pa.schema([contract.schema.field(column) for column in contract.grain_key])
    suspects = [path for hashes, path in parts if np.isin(hashes, twice).any()]
    frame = pd.concat([_frame(path, schema) for path in suspects], ignore_index=True)
    again = frame[frame.duplicated()]
    if len(again):
        raise doubled_rows(name, again, contract.grain_key)


def _frame(path: Path, schema: pa.Schema) -> pd.DataFrame:
    frame: pd.DataFrame = arrow_csv.read_file(path, schema).to_pandas(types_mapper=pd.ArrowDtype)
    return frame
