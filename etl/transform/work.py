"""What a worker does: build a table at once, or stream one block of a query through tables and partials."""

import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etl.contract import Contract
from etl.contract.catalogue import Function, TableFile
from etl.core import arrow_csv
from etl.core.errors import ContractError
from etl.core.job import peak_memory_mb
from etl.core.manifest import StarFile, TableReceipt
from etl.core.receipt import receipt_of
from etl.transform.check import SET_ASIDE, Checked, check, unknown_member
from etl.transform.context import Context, arguments, doubled_key, members, raw_rows
from etl.transform.keys import Hashes, give_surrogate_keys, hashes, losers, read_key_map
from etl.transform.plan import Step
from etl.transform.raw import Reject, as_json, read_block

KEYS, REJECTS, PARTIALS = "keys", "rejects", ".partials"


@dataclass
class Built:
    """One table, or its part from one block: its file and its receipt. handed: the rows that went in."""

    table: str
    file: StarFile
    receipt: TableReceipt
    handed: int
    rejected: Counter[str]
    set_aside: Counter[str]
    unknown: Counter[str]
    seconds: float
    hashes: Hashes = field(default_factory=lambda: np.empty(0, dtype=np.uint64))


@dataclass
class BlockDone:
    """One block's results.

    hashes: of the query's key; positions: of these rows in the block; edges: the group of the first row and the last.
    """

    number: int
    built: list[Built]
    hashes: Hashes
    positions: np.ndarray[tuple[int], np.dtype[np.int64]]
    edges: tuple[tuple[object, ...], tuple[object, ...]] | None
    peak_memory_mb: int


def build_whole(context: Context, name: str) -> tuple[Built, int]:
    """Build a table at once; gives it and this process's peak memory."""
    began = time.monotonic()
    table = context.tables[name]
    inputs = _partials_of(context, table)
    frame = _called(table, table.build, arguments(context, table.build, inputs))
    raw = [p for p in table.build.parameters if p not in context.tables and p not in inputs and p != "night"]
    rejects = [reject for query in raw for reject in raw_rows(context, query).rejects]
    raw_rows.cache_clear()
    frame, doubles = _survivors(context, frame.reset_index(drop=True), table.contract)
    checked = _checked(context, table.contract, frame)
    result = (
        _with_surrogate_keys(context, table.contract, checked.table) if table.contract.is_dimension else checked.table
    )
    handed = len(frame) + len(doubles) + len(rejects)
    checked.rejects = [*rejects, *doubles, *checked.rejects]
    return _written(context, table.contract, checked, result, name, handed, began), peak_memory_mb()


def stream_block(context: Context, step: Step, number: int, out: frozenset[int]) -> BlockDone:
    """Stream block `number` of a step's query. out: positions of rows that yield to another of the same key."""
    raw = context.raw_table(str(step.stream))
    rows = read_block(context.raw, raw, raw.blocks[number])
    edges = _edges(rows.frame, raw.group_by, raw.file)
    rejects = list(rows.rejects)
    frame = rows.frame
    if out:
        yielding = frame.index.isin(list(out))
        rejects += [(doubled_key(str(step.stream)), row) for row in as_json(frame.loc[yielding])]
        frame = frame.loc[~yielding]
    done = BlockDone(number, [], hashes(frame, raw.key), frame.index.to_numpy(dtype=np.int64), edges, 0)
    summarized = {str(step.stream): frame}
    for name in step.tables:
        table = context.tables[name]
        began = time.monotonic()
        built = _called(table, table.build, arguments(context, table.build, {str(step.stream): frame}))
        if not built.index.equals(frame.index):
            raise ContractError(
                f"{table.path}: build dropped or reordered rows.", f"Give a reason in {SET_ASIDE} instead."
            )
        grain = _grain_columns(context, table.contract)
        keys = hashes(built, grain)
        checked = _checked(context, table.contract, built)
        checked.rejects = rejects + checked.rejects
        part = _written(
            context, table.contract, checked, checked.table, f"{name}.{number:05}", raw.blocks[number].rows, began
        )
        part.hashes = keys
        done.built.append(part)
        summarized[name] = checked.kept
    for partial in step.partials:
        table = context.tables[partial.table]
        function = table.partials[partial.number]
        given = arguments(context, function, {partial.stream: summarized[partial.stream]})
        _keep_partial(context, partial.table, function.name, number, _called(table, function, given))
    done.peak_memory_mb = peak_memory_mb()
    return done


def _called(table: TableFile, function: Function, given: list[object]) -> pd.DataFrame:
    """Call a table's function; what it raises is its own fault, told with the file's name and line."""
    try:
        frame = function.call(*given)
    except (KeyError, AttributeError, TypeError, ValueError, ArithmeticError, pa.ArrowException) as error:
        raise ContractError(
            f"{table.path}:{_line_in(table.path, error)}: {function.name} failed: {type(error).__name__}: {error}",
            "Mend the table file, or look at what the query returned.",
        ) from error
    if not isinstance(frame, pd.DataFrame):
        raise ContractError(f"{table.path}: {function.name} returned {type(frame).__name__}, not a frame.", "Mend it.")
    return frame


def _line_in(path: Path, error: BaseException) -> int:
    """Find the line of the table file at which an error passed."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _checked(context: Context, contract: Contract, frame: pd.DataFrame) -> Checked:
    return check(frame, contract, _on(context, contract), lambda name: members(context, name))


def _on(context: Context, contract: Contract) -> dict[str, tuple[str, ...]]:
    """Name, for each reference, the columns of build by which its member is found."""
    return {c.name: c.on or context.tables[str(c.dimension)].contract.natural_key for c in contract.references}


def _grain_columns(context: Context, contract: Contract) -> tuple[str, ...]:
    """Name the columns of build that identify a row: for a reference those by which its member is found."""
    on = _on(context, contract)
    return tuple(dict.fromkeys(part for name in contract.grain_key for part in on.get(name, (name,))))


def _survivors(context: Context, frame: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, list[Reject]]:
    """Leave of rows with the same key the survivor that the contract names."""
    key = _grain_columns(context, contract)
    if missing := [name for name in key if name not in frame]:
        raise ContractError(f"{contract.name}: build returned no column {', '.join(missing)}, which identifies a row.")
    aside = frame[SET_ASIDE].notna().to_numpy() if SET_ASIDE in frame else np.zeros(len(frame), dtype=bool)
    standing = np.flatnonzero(~aside)
    out = standing[losers(frame.iloc[standing], key, contract.survivor)]
    if len(out) and not contract.survivor:
        raise doubled_rows(contract.name, frame.iloc[out], key)
    rejects = [(f"doubled key in {contract.name}, another row survives", row) for row in as_json(frame.iloc[out])]
    return frame.drop(index=frame.index[out]), rejects


def doubled_rows(name: str, rows: pd.DataFrame, key: tuple[str, ...]) -> ContractError:
    """Word the fault of a key that occurs twice, with a handful of examples."""
    examples = "; ".join(", ".join(f"{k} {row[k]}" for k in key) for _, row in rows.head(3).iterrows())
    return ContractError(
        f"{name}: {len(rows):,} rows repeat the key of another row, for example {examples}.",
        "Name the survivor in the contract (survivor=) or the query's header, or mend what identifies a row.",
    )


def _with_surrogate_keys(context: Context, contract: Contract, table: pa.Table) -> pa.Table:
    """Put a dimension's keys in, keep the key map for the nights to come, and add the unknown member."""
    key = str(contract.surrogate_key)
    file = Path(KEYS) / f"{contract.name}.parquet"
    known = read_key_map(context.last_star / file, contract) if context.last_star else None
    keys, key_map = give_surrogate_keys(table.select(list(contract.natural_key)), known, key)
    pq.write_table(key_map, context.folder / file, compression="zstd")
    members_ = table.append_column(key, keys).select(contract.schema.names).cast(contract.schema)
    return pa.concat_tables([unknown_member(contract), members_])


def _written(
    context: Context, contract: Contract, checked: Checked, table: pa.Table, file: str, handed: int, began: float
) -> Built:
    """Write a table or a part of it, and its rejects; give the receipt."""
    data = arrow_csv.write(table)
    (context.folder / f"{file}.csv").write_bytes(data)
    _write_rejects(context.folder / REJECTS / f"{file}.csv", checked.rejects)
    return Built(
        table=contract.name,
        file=StarFile(
            name=f"{file}.csv", bytes=len(data), rows=table.num_rows, sha256=hashlib.sha256(data).hexdigest()
        ),
        receipt=receipt_of(table),
        handed=handed,
        rejected=Counter(reason for reason, _ in checked.rejects),
        set_aside=checked.set_aside,
        unknown=checked.unknown,
        seconds=time.monotonic() - began,
    )


def _write_rejects(path: Path, rejects: list[Reject]) -> None:
    path.unlink(missing_ok=True)
    if rejects:
        reasons, rows = zip(*rejects, strict=True)
        path.write_bytes(arrow_csv.write(pa.table({"reason": reasons, "row": rows})))


def _partial_file(folder: Path, table: str, function: str, number: int) -> Path:
    return folder / PARTIALS / f"{table}.{function}.{number:05}.parquet"


def _keep_partial(context: Context, table: str, function: str, number: int, frame: pd.DataFrame) -> None:
    path = _partial_file(context.folder, table, function, number)
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)


def _partials_of(context: Context, table: TableFile) -> dict[str, pd.DataFrame]:
    """Read what a table's partials made of every block, under the name of what they summarize."""
    found = {}
    for function in table.partials:
        paths = sorted((context.folder / PARTIALS).glob(f"{table.name}.{function.name}.*.parquet"))
        parts = [pq.read_table(path) for path in paths]
        whole = pa.concat_tables(parts, promote_options="permissive")
        found[function.parameters[0]] = whole.to_pandas(types_mapper=pd.ArrowDtype)
    return found


def _edges(
    frame: pd.DataFrame, group_by: tuple[str, ...], file: str
) -> tuple[tuple[object, ...], tuple[object, ...]] | None:
    """Give the first and the last group of a block; raises where the query does not sort by its groups."""
    if not group_by or frame.empty:
        return None
    columns = [frame[name].to_numpy(dtype=np.int64, na_value=np.iinfo(np.int64).max) for name in group_by]
    tied = np.ones(len(frame) - 1, dtype=bool)
    wrong = np.zeros(len(frame) - 1, dtype=bool)
    for values in columns:
        wrong |= tied & (values[1:] < values[:-1])
        tied &= values[1:] == values[:-1]
    if wrong.any():
        raise not_sorted(file, group_by)
    first, last = (tuple(int(values[place]) for values in columns) for place in (0, -1))
    return first, last


def not_sorted(file: str, group_by: tuple[str, ...]) -> ContractError:
    """Word the fault of a query whose rows do not come in the order of its groups."""
    return ContractError(
        f"{file}: the rows do not come sorted by {', '.join(group_by)}, as the header's `group by` promises.",
        f"Let the query end with ORDER BY {', '.join(group_by)}, …",
    )
