"""Keys over all blocks of a stream: which rows yield to another of the same key, and that none is left."""

from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from etl.company.plan import Step
from etl.core import arrow_csv
from etl.core.memory import trim
from etl.transform.context import Context
from etl.transform.key_files import doubles, hashes_file
from etl.transform.keys import Hashes, doubled_rows, hashes, losers
from etl.transform.raw import read_block
from etl.transform.work import BlockDone


def yielding(context: Context, step: Step, done: list[BlockDone], executor: Executor) -> dict[int, frozenset[int]]:
    """Find the rows that yield to another of the same key, by block: their positions in it.

    The hashes tell which rows may be meant; only these are read again, by the workers, and compared for what they are.
    """
    table = context.raw_table(str(step.stream))
    paths = [hashes_file(context, step.name, block.number) for block in done]
    twice = doubles(paths, table.rows, executor)
    if not twice:
        return {}
    under_way = [executor.submit(_suspects, context, step, done[place].number, some) for place, some in twice.items()]
    parts = {done[place].number: each.result() for place, each in zip(twice, under_way, strict=True)}
    blocks = np.repeat(list(parts), [len(part) for part in parts.values()])
    positions = np.concatenate([part.index.to_numpy() for part in parts.values()])
    frame = pd.concat(list(parts.values()), ignore_index=True)
    out = losers(frame, table.key, table.survivor, table.file)
    if len(out) and not table.survivor:
        raise doubled_rows(table.file, frame.iloc[out], table.key, context.personal[str(step.stream)])
    del frame, parts, under_way
    trim()
    return {int(block): frozenset(positions[out[blocks[out] == block]].tolist()) for block in np.unique(blocks[out])}


def _suspects(context: Context, step: Step, number: int, twice: Hashes) -> pd.DataFrame:
    """Read the rows of a block again whose keys have certain hashes; a worker does. Their index: their positions."""
    table = context.raw_table(str(step.stream))
    rows = read_block(context.raw, table, number, context.corrections_of(str(step.stream)))
    return rows.frame[np.isin(hashes(rows.frame, table.key, table.file), twice)]


def check_unique(context: Context, step: Step, name: str, done: list[BlockDone], executor: Executor) -> None:
    """Raise where a streamed table holds the key of a row twice."""
    contract = context.tables[name].contract
    parts = [(block.number, part) for block in done for part in block.built if part.table == name]
    if not any(part.own_keys for _, part in parts):
        return  # its rows have the keys of the query's rows, which were compared
    paths = [hashes_file(context, name if part.own_keys else step.name, number) for number, part in parts]
    twice = doubles(paths, sum(part.receipt.rows for _, part in parts), executor)
    if not twice:
        return
    schema = pa.schema([contract.schema.field(column) for column in contract.grain_key])
    suspects = [context.folder / parts[place][1].file.name for place in twice]
    frame = pd.concat([_frame(path, schema) for path in suspects], ignore_index=True)
    again = frame[frame.duplicated()]
    if len(again):
        raise doubled_rows(name, again, contract.grain_key, contract.personal)


def _frame(path: Path, schema: pa.Schema) -> pd.DataFrame:
    frame: pd.DataFrame = arrow_csv.read_file(path, schema).to_pandas(types_mapper=pd.ArrowDtype)
    return frame
