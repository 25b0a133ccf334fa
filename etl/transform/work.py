"""What a worker does: build a table at once, or stream one block of a query through tables and partials."""

import time
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from etl.company.plan import Partial, Step
from etl.company.tables import TableFile
from etl.contract.reserved import MERGED, SET_ASIDE
from etl.contract.table import Contract
from etl.core.counts import Counts
from etl.core.errors import ContractError
from etl.core.job import peak_memory_mb
from etl.core.memory import trim
from etl.core.receipt import TableReceipt
from etl.transform.calling import called
from etl.transform.check import (
    Checked,
    Members,
    check,
    check_columns,
    check_kinds,
    unknown_member,
    with_own_references,
)
from etl.transform.context import Context, doubled_key, part_number, part_of
from etl.transform.files import Built, write_part
from etl.transform.fitting import one_spelling
from etl.transform.frames import all_but, arrow_backed, only
from etl.transform.groups import Edges, edges_of
from etl.transform.hiding import hide_rejects, without_personal_data
from etl.transform.inputs import (
    Frames,
    Inputs,
    add_members,
    arguments,
    inputs_of_stream,
    inputs_of_table,
    read_at_once,
)
from etl.transform.key_files import hashes_file, write_hashes
from etl.transform.keys import (
    Hashes,
    doubled_rows,
    give_surrogate_keys,
    hashes,
    losers,
    read_key_map,
    write_key_map,
)
from etl.transform.members import Rows, keep_rows
from etl.transform.partials import check_portion, summaries, write_partial
from etl.transform.raw import Reject, as_json, read_block


@dataclass
class BlockDone:
    """One block's results. rows: of a dimension, which get their keys when those of all blocks are there.

    edges: the group of the first row and the last; raw: the receipt of what was read; corrected: its rows by
    correction.
    """

    number: int
    built: list[Built]
    rows: Rows | None
    edges: Edges | None
    raw: TableReceipt | None
    corrected: Counter[str]
    peak_memory_mb: int


def build_whole(context: Context, name: str, portion: int) -> tuple[Built, int]:
    """Build a table at once, or a portion of its groups; returns it and this process's peak memory."""
    began = time.monotonic()
    table = context.tables[name]
    contract = table.contract
    inputs = inputs_of_table(context, table, portion)
    queries = read_at_once(context, table) if portion == 0 else []  # their rows are told of once
    beside = sum(len(inputs.rejects[query]) for query in queries if query not in contract.rows_of)
    corrected = inputs.corrected_of(queries)
    frame, rejects = _built_of_partials(context, table, portion, inputs.frames)
    rejects += inputs.rejects_of(queries)
    add_members(context, table, inputs)
    frame, doubles = _survivors(frame, contract)
    checked = check(frame, contract, inputs.members)
    merged = _merged(frame)
    checked.counts += Counts(merged=merged)
    handed = len(frame) + len(doubles) + len(rejects) + merged
    del frame
    result = _with_surrogate_keys(context, contract, checked) if contract.is_dimension else checked.table
    checked.rejects = [*rejects, *doubles, *checked.rejects]
    file = part_of(name, portion) if contract.group_by else f"{name}.csv"
    built = write_part(context, name, file, checked, result, handed, began)
    built.beside, built.corrected = beside, corrected
    del checked, result
    trim()  # the next piece may be a block
    return built, peak_memory_mb()


def _built_of_partials(
    context: Context, table: TableFile, portion: int, frames: Frames
) -> tuple[pd.DataFrame, list[Reject]]:
    """Build a frame of a portion of what the partials made; returns it and the rejects of what they read.

    frames: of what build reads besides.
    """
    given, rejects = summaries(context, table, portion)
    frame = _built(context, table, {**frames, **given}).reset_index(drop=True)
    check_portion(context, table, portion, frame)
    return frame, rejects


def _merged(frame: pd.DataFrame) -> int:
    """Count the further rows of the source for which the rows of a frame stand, by build's word."""
    return int(frame[MERGED].sum()) if MERGED in frame else 0


def stream_block(context: Context, step: Step, number: int, out: frozenset[int]) -> BlockDone:
    """Stream block `number` of a step's query. out: positions of rows that yield to another of the same key."""
    raw = context.raw_table(str(step.stream))
    inputs = inputs_of_stream(context, step)
    corrections = context.corrections_of(str(step.stream))
    rows = read_block(context.raw, raw, number, corrections, inputs.as_texts)
    read = len(rows.frame) + len(rows.rejects)
    edges = edges_of(rows.frame, raw.group_by, raw.file)
    yielding = rows.frame.index.isin(list(out))
    doubles = [(doubled_key(str(step.stream)), row) for row in as_json(rows.frame.loc[yielding])]
    frame, rejects = only(rows.frame, ~yielding), hide_rejects(context, str(step.stream), rows.rejects + doubles)
    done = BlockDone(number, [], None, edges, rows.receipt, rows.corrected, 0)
    del rows  # the block is in memory once, and not as often as it is looked at
    keys = hashes(frame, raw.key, raw.file)
    write_hashes(hashes_file(context, step.name, number), keys)
    summarized = {str(step.stream): frame}
    for name in step.built:
        part, summarized[name] = _stream_table(context, step, name, number, _Block(read, frame, keys, rejects), inputs)
        if isinstance(part, Rows):
            done.rows = part
        else:
            done.built.append(part)
    for partial in step.partials:
        _summarize(context, partial, number, inputs.frames | {partial.stream: summarized[partial.stream]}, rejects)
    done.peak_memory_mb = peak_memory_mb()
    return done


@dataclass(frozen=True)
class _Block:
    """What was read of a block: how many rows, those that can be read, their keys' hashes, and what was rejected."""

    rows: int
    frame: pd.DataFrame
    keys: Hashes
    rejects: list[Reject]


def _stream_table(
    context: Context, step: Step, name: str, number: int, block: _Block, inputs: Inputs
) -> tuple[Built | Rows, pd.DataFrame]:
    """Build a table's part from a block; returns it and its rows for the partials."""
    began = time.monotonic()
    table = context.tables[name]
    built = _built(context, table, inputs.frames | {str(step.stream): block.frame})
    if not built.index.equals(block.frame.index):
        raise ContractError(f"{table.path}: build dropped or reordered rows.", f"Give a reason in {SET_ASIDE} instead.")
    keys = hashes(built, table.contract.built_key, str(table.path))
    checked = check(built, table.contract, inputs.members)
    del built
    place = part_number(context, name, str(step.stream), number)
    queries = read_at_once(context, table) if place == 0 else []  # read beside every block, and told of once
    aside = inputs.rejects_of(queries)
    handed = block.rows + len(aside)
    checked.rejects = [*aside, *block.rejects, *checked.rejects]
    beside, corrected = len(aside), inputs.corrected_of(queries)
    if table.contract.is_dimension:
        rows = keep_rows(context, table.contract, place, checked, handed, began)
        return replace(rows, beside=beside, corrected=corrected), checked.sound
    part = write_part(context, name, part_of(name, number), checked, checked.table, handed, began)
    part.own_keys = not np.array_equal(keys, block.keys)
    if part.own_keys:
        write_hashes(hashes_file(context, name, number), keys)
    part.beside, part.corrected = beside, corrected
    return part, checked.sound


def _summarize(context: Context, partial: Partial, number: int, frames: Frames, rejects: list[Reject]) -> None:
    """Let a partial summarize a block. frames: the block's rows and what is read besides; rejects: of the block."""
    table = context.tables[partial.table]
    function = table.partials[partial.number]
    made = called(context, table, function, arguments(context.night, function, frames))
    write_partial(context, table, function, number, arrow_backed(made, table.name), rejects)


def _built(context: Context, table: TableFile, frames: Frames) -> pd.DataFrame:
    """Let a table file build its frame, and see to its columns."""
    frame = called(context, table, table.build, arguments(context.night, table.build, frames))
    check_columns(frame, table.contract)
    frame = arrow_backed(frame, table.name)
    check_kinds(frame, table.contract)
    for column in table.contract.columns:
        if column.name in table.contract.built_key and pa.types.is_time(column.type):
            frame[column.name] = one_spelling(frame[column.name], column.type)
    return without_personal_data(context, table.contract, frame)


def _survivors(frame: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, list[Reject]]:
    """Leave of rows with the same key the survivor that the contract names."""
    key = contract.built_key
    aside = frame[SET_ASIDE].notna().to_numpy() if SET_ASIDE in frame else np.zeros(len(frame), dtype=bool)
    standing = np.flatnonzero(~aside)
    out = standing[losers(frame.iloc[standing], key, contract.survivor, contract.name)]
    if len(out) and not contract.survivor:
        raise doubled_rows(contract.name, frame.iloc[out], key, contract.personal)
    rejects = [(f"doubled key in {contract.name}, another row survives", row) for row in as_json(frame.iloc[out])]
    return all_but(frame, out), rejects


def _with_surrogate_keys(context: Context, contract: Contract, checked: Checked) -> pa.Table:
    """Put a dimension's keys in, keep the key map for the nights to come, and add the unknown member."""
    key = str(contract.surrogate_key)
    known = read_key_map(before, contract) if (before := context.keys_before(contract.name)) else None
    keys, key_map = give_surrogate_keys(checked.table.select(list(contract.natural_key)), known, key)
    table = checked.table
    if contract.own_references:
        natural = table.select(list(contract.natural_key))
        table = with_own_references(checked, contract, Members.of(natural, keys.to_numpy()))
    write_key_map(context.folder, contract, key_map, table.num_rows)
    members_ = table.append_column(key, keys).select(contract.schema.names).cast(contract.schema)
    return pa.concat_tables([unknown_member(contract), members_])
