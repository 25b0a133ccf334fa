"""Keys over all blocks of a stream: which rows yield to another of the same key, and that none is left."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from etl.core import arrow_csv
from etl.transform.context import Context
from etl.transform.keys import doubled, doubled_rows, losers
from etl.transform.plan import Step
from etl.transform.raw import read_block
from etl.transform.work import BlockDone


def yielding(context: Context, step: Step, done: list[BlockDone]) -> dict[int, frozenset[int]]:
    """Find the rows that yield to another of the same key, by block: their positions in it.

    The hashes tell which rows may be meant; only these are read again, and compared for what they are.
    """
    twice = doubled([block.hashes for block in done])
    if not len(twice):
        return {}
    table = context.raw_table(str(step.stream))
    suspects = []
    for block in done:
        positions = block.positions[np.isin(block.hashes, twice)]
        if len(positions):
            mended = context.corrections_of(str(step.stream))
            rows = read_block(context.raw, table, table.blocks[block.number], mended).frame.loc[positions]
            suspects.append(rows.assign(_block=block.number, _position=positions))
    frame = pd.concat(suspects, ignore_index=True)
    out = frame.iloc[losers(frame, table.key, table.survivor)]
    if len(out) and not table.survivor:
        raise doubled_rows(table.file, out, table.key)
    return {number: frozenset(out.loc[out["_block"] == number, "_position"]) for number in out["_block"].unique()}


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
