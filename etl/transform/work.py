"""What a worker does: build a table at once, or stream one block of a query through tables and partials."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from etl.company.plan import Partial, Step
from etl.company.tables import TableFile
from etl.contract import Night
from etl.contract.night import WatchedNight
from etl.contract.reserved import MERGED, SET_ASIDE
from etl.contract.table import Contract
from etl.contract.versions import without_versions
from etl.core.counts import Counts
from etl.core.errors import ContractError
from etl.core.job import peak_memory_mb
from etl.core.manifest import ParquetFile, RawTable
from etl.core.memory import trim
from etl.core.receipt import TableReceipt
from etl.transform.calling import called
from etl.transform.check import (
    Checked,
    Members,
    before_window,
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
from etl.transform.history import since, with_versions
from etl.transform.inputs import (
    Frames,
    Inputs,
    add_members,
    arguments,
    inputs_of_stream,
    inputs_of_table,
    read_at_once,
)
from etl.transform.kept import KeptRows, columns_kept, columns_of_table, write_kept
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
from etl.transform.partials import check_portion, parts_of, summaries, with_parts, write_partial
from etl.transform.raw import Reject, as_json, read_block
from etl.transform.seen import FOUND_BY, Log, Seeing, tonights_rows, versions_seen, with_own
from etl.transform.seen_members import keep_versions
from etl.transform.version_keys import durable_keys, with_current_versions


@dataclass
class BlockDone:
    """One block's results. rows: of a dimension, which get their keys when those of all blocks are there.

    edges: the group of the first row and the last; raw: the receipt of what was read; corrected: its rows by
    correction; asked: by table, what its functions asked of the night; kept: by what it is of, what is kept.
    """

    number: int
    built: list[Built]
    rows: Rows | None
    edges: Edges | None
    raw: TableReceipt | None
    corrected: Counter[str]
    peak_memory_mb: int
    asked: dict[str, set[str]] = field(default_factory=dict)
    kept: dict[str, ParquetFile] = field(default_factory=dict)


def build_whole(context: Context, name: str, portion: int, given: Frames | None = None) -> tuple[Built, int]:
    """Build a table at once, or a portion of its groups; returns it and this process's peak memory.

    given: all that its partials made, where that is known; it is built at once, then.
    """
    began = time.monotonic()
    table = context.tables[name]
    contract = table.contract
    inputs = inputs_of_table(context, table, portion)
    queries = read_at_once(context, table) if portion == 0 else []  # their rows are told of once
    beside = sum(len(inputs.rejects[query]) for query in queries if query not in contract.rows_of)
    corrected = inputs.corrected_of(queries)
    night = WatchedNight(context.night)
    if given is None:
        frame, rejects = _built_of_partials(context, table, portion, inputs.frames, night)
    else:
        frame, rejects = built_by(context, table, {**inputs.frames, **given}, night).reset_index(drop=True), []
    rejects += inputs.rejects_of(queries)
    add_members(context, table, inputs)
    frame, doubles = survivors(frame, contract)
    checked = check(frame, contract, inputs.members)
    merged = merged_rows(frame)
    checked.counts += Counts(merged=merged)
    handed = len(frame) + len(doubles) + len(rejects) + merged
    kept = _kept_of_table(context, table, portion, frame, checked) if context.keeps and table.partials else None
    del frame
    result = _with_surrogate_keys(context, contract, checked) if contract.is_dimension else checked.table
    checked.rejects = [*rejects, *doubles, *checked.rejects]
    file = part_of(name, portion) if contract.group_by and given is None else f"{name}.csv"
    built = write_part(context, name, file, checked, result, handed, began)
    built.beside, built.corrected = beside, corrected + checked.corrected
    built.asked, built.kept = frozenset(night.asked), kept
    del checked, result
    trim()  # the next piece may be a block
    return built, peak_memory_mb()


def _kept_of_table(
    context: Context, table: TableFile, portion: int, frame: pd.DataFrame, checked: Checked
) -> ParquetFile:
    """Keep what became of the rows of a table that summarizes."""
    kept = KeptRows(np.zeros(len(frame), dtype=np.int64))
    kept.take(frame, columns_of_table(table), table.name)
    kept.judge(table.name, frame, checked.sound)
    return kept.write(context.folder, table.name, portion)


def _built_of_partials(
    context: Context, table: TableFile, portion: int, frames: Frames, night: Night
) -> tuple[pd.DataFrame, list[Reject]]:
    """Build a frame of a portion of what the partials made; returns it and the rejects of what they read.

    frames: of what build reads besides.
    """
    given, rejects = summaries(context, table, portion)
    frame = built_by(context, table, {**frames, **given}, night).reset_index(drop=True)
    check_portion(context, table, portion, frame)
    return frame, rejects


def merged_rows(frame: pd.DataFrame) -> int:
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
    first = sum(block.rows for block in raw.blocks[:number])
    parts = parts_of(raw, frame.index, frame.index.to_numpy() + first, keys)
    summarized = {str(step.stream): with_parts(context, step, str(step.stream), frame, parts)}
    kept = _kept_of_block(context, step, raw, number, summarized[str(step.stream)])
    block = _Block(read, frame, keys, parts, rejects, kept)
    nights = {name: WatchedNight(context.night) for name in (*step.built, *(p.table for p in step.partials))}
    for name in step.built:
        part, summarized[name] = _stream_table(context, step, name, number, block, inputs, nights[name])
        if isinstance(part, Rows):
            done.rows = part
        else:
            done.built.append(part)
    for partial in step.partials:
        frames = inputs.frames | {partial.stream: summarized[partial.stream]}
        made = _summarize(context, partial, number, frames, rejects, nights[partial.table])
        done.kept |= {kept_of_partial(context, partial): made} if made else {}
    if kept:
        done.kept[step.name] = kept.write(context.folder, step.name, number)
    done.asked = {name: night.asked for name, night in nights.items()}
    done.peak_memory_mb = peak_memory_mb()
    return done


@dataclass(frozen=True)
class _Block:
    """What was read of a block: how many rows, those that can be read, their keys' hashes, and what was rejected.

    parts: by which partials may part its rows.
    """

    rows: int
    frame: pd.DataFrame
    keys: Hashes
    parts: pd.DataFrame
    rejects: list[Reject]
    kept: KeptRows | None


def _kept_of_block(context: Context, step: Step, raw: RawTable, number: int, frame: pd.DataFrame) -> KeptRows | None:
    """Begin to keep what becomes of a block's rows."""
    if not context.keeps or step.members:
        return None
    first = sum(block.rows for block in raw.blocks[:number])
    kept = KeptRows(frame.index.to_numpy() + first)
    kept.take(frame, columns_kept(context, step)[str(step.stream)], str(step.stream))
    return kept


def _stream_table(
    context: Context, step: Step, name: str, number: int, block: _Block, inputs: Inputs, night: Night
) -> tuple[Built | Rows, pd.DataFrame]:
    """Build a table's part from a block; returns it and its rows for the partials."""
    began = time.monotonic()
    table = context.tables[name]
    built = built_by_row(context, table, str(step.stream), block.frame, inputs, night)
    keys = hashes(built, table.contract.built_key, str(table.path))
    checked = check(built, table.contract, inputs.members)
    if block.kept:
        block.kept.take(with_parts(context, step, name, built, block.parts), columns_kept(context, step)[name], name)
        block.kept.judge(name, built, checked.sound)
    del built
    place = part_number(context, name, str(step.stream), number)
    queries = read_at_once(context, table) if place == 0 else []  # read beside every block, and told of once
    aside = inputs.rejects_of(queries)
    handed = block.rows + len(aside)
    checked.rejects = [*aside, *block.rejects, *checked.rejects]
    beside, corrected = len(aside), inputs.corrected_of(queries)
    sound = with_parts(context, step, name, checked.sound, block.parts)
    if table.contract.is_dimension:
        keep = keep_versions if table.contract.is_seen else keep_rows
        rows = keep(context, table.contract, place, checked, handed, began)
        return replace(rows, beside=beside, corrected=corrected), sound
    part = write_part(context, name, part_of(name, number), checked, checked.table, handed, began)
    part.own_keys = not np.array_equal(keys, block.keys)
    if part.own_keys:
        write_hashes(hashes_file(context, name, number), keys)
    part.beside, part.corrected = beside, corrected
    return part, sound


def _summarize(
    context: Context, partial: Partial, number: int, frames: Frames, rejects: list[Reject], night: Night
) -> ParquetFile | None:
    """Let a partial summarize a block; returns what is kept of that.

    frames: the block's rows and what is read besides; rejects: of the block.
    """
    summary = summarized_by(context, partial, frames, night)
    table = context.tables[partial.table]
    write_partial(context, table, table.partials[partial.number], number, summary, rejects)
    if not context.keeps:
        return None
    rows = pa.Table.from_pandas(summary, preserve_index=False)
    return write_kept(context.folder, kept_of_partial(context, partial), number, rows)


def kept_of_partial(context: Context, partial: Partial) -> str:
    """Name what is kept of a partial."""
    return f"{partial.table}.{context.tables[partial.table].partials[partial.number].name}"


def summarized_by(context: Context, partial: Partial, frames: Frames, night: Night) -> pd.DataFrame:
    """Let a partial summarize rows. frames: these, and what is read besides."""
    table = context.tables[partial.table]
    function = table.partials[partial.number]
    made = without_versions(called(context, table, function, arguments(night, function, frames)))
    made = arrow_backed(made, table.name)
    for column in table.contract.summed_where:
        if column in made and made[column].isna().any():
            raise ContractError(
                f"{table.path}: {function.name} returned a row without {column}, which summed_where rules out.",
                f"Leave rows without {column} out, or leave summed_where out.",
            )
    return made


def built_by_row(
    context: Context, table: TableFile, stream: str, frame: pd.DataFrame, inputs: Inputs, night: Night
) -> pd.DataFrame:
    """Let a streamed table build a row of each row of a frame. Raises ContractError where it does not."""
    built = built_by(context, table, inputs.frames | {stream: frame}, night)
    if not built.index.equals(frame.index):
        raise ContractError(f"{table.path}: build dropped or reordered rows.", f"Give a reason in {SET_ASIDE} instead.")
    return built


def built_by(context: Context, table: TableFile, frames: Frames, night: Night) -> pd.DataFrame:
    """Let a table file build its frame, and see to its columns."""
    frame = without_versions(called(context, table, table.build, arguments(night, table.build, frames)))
    check_columns(frame, table.contract)
    frame = arrow_backed(frame, table.name)
    check_kinds(frame, table.contract)
    frame = since(frame, table.contract, context.night.time_zone)
    frame = before_window(frame, table.contract, context.night.window_start)
    for column in table.contract.columns:
        if column.name in table.contract.built_key and pa.types.is_time(column.type):
            frame[column.name] = one_spelling(frame[column.name], column.type)
    return without_personal_data(context, table.contract, frame)


def survivors(frame: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, list[Reject]]:
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
    if contract.is_seen:
        _see(context, contract, checked)
    elif contract.has_history:
        with_versions(checked, contract, context.night)
    if contract.has_history:
        known = with_current_versions(checked.table, contract, known)
    keys, key_map = give_surrogate_keys(checked.table.select(list(contract.row_key)), known, key)
    table = checked.table
    if contract.own_references:
        table = with_own_references(checked, contract, _own_members(context, contract, table, keys))
    write_key_map(context.folder, contract, key_map, table.num_rows)
    table = table.append_column(key, keys)
    if contract.has_history:
        table = table.append_column(str(contract.durable_key), durable_keys(table, contract, key_map))
    members_ = table.select(contract.schema.names).cast(contract.schema)
    return pa.concat_tables([unknown_member(contract), members_])


def _see(context: Context, contract: Contract, checked: Checked) -> None:
    """Put a dimension's rows behind the versions that nights before saw."""
    seeing = Seeing.of(context, contract)
    tonight = tonights_rows(checked, context.night)
    of_nights = Log(context, contract, seeing)
    log, checked.corrected = pa.concat_tables(of_nights.parts()), of_nights.corrected
    tonight, log = with_own(tonight, log, contract, checked.found_by)
    versions, counts = versions_seen(tonight, log, contract, seeing)
    checked.counts += counts
    own = [name for name in versions.column_names if name.startswith(FOUND_BY)]
    found_by = versions.select(own).rename_columns([name.removeprefix(FOUND_BY) for name in own])
    checked.found_by = found_by.to_pandas(types_mapper=pd.ArrowDtype)
    checked.table = versions.drop_columns(own)


def _own_members(context: Context, contract: Contract, table: pa.Table, keys: pa.Array) -> Members:
    """Index a dimension's own members, to whose current versions they refer."""
    if not contract.has_history:
        return Members.of(table.select(list(contract.natural_key)), keys.to_numpy())
    key = str(contract.surrogate_key)
    return Members.of_versions(table.append_column(key, keys), contract.natural_key, key, context.night.time_zone)
