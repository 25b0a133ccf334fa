"""The versions of a streamed dimension that nights saw: made and numbered a span of members at a time.

Tonight's rows, the versions that are published and the key map are sorted by member into runs on the disk; what a span
of members has in all of them is read together. Parts of the table are then of spans, and not of blocks of a query.
"""

import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etl.contract.column import Role
from etl.contract.history import VALID_FROM
from etl.contract.table import Contract
from etl.core.counts import Counts
from etl.core.folders import for_arrow
from etl.core.surrogates import schema_of
from etl.transform.check import Checked, unknown_member
from etl.transform.context import Context, part_of
from etl.transform.files import REJECTS, Built, counts_of, write_rejects, write_rows
from etl.transform.key_runs import Run, Span, rows_of_span, spans_of, write_rows_run
from etl.transform.keys import KEYS, doubled_rows, give_surrogate_keys, greatest_of, key_map_told
from etl.transform.members import MEMBERS, Call, Rows, greatest_told, known_parts
from etl.transform.seen import Log, Seeing, tonights_rows, versions_seen
from etl.transform.version_keys import durable_keys, with_current_versions

_LOG = -1
"""Stands for a part in the runs of what is published."""
_AT_ONCE = 200_000
"""Rows that are read together, of all runs."""
_NEW = 1 << 60
"""From this number on new versions are numbered, until it is known how many the spans before have."""
_EXAMPLES = 3


@dataclass(frozen=True)
class _Seen:
    """A span's versions. path: where they are kept; new: how many have no number yet; greatest: of the key map's.

    doubled: how many rows of tonight repeat the key of another one; examples: some of these.
    """

    path: Path
    counts: Counts
    rows: int
    new: int
    doubled: int
    examples: pa.Table


def keep_versions(
    context: Context, contract: Contract, number: int, checked: Checked, handed: int, began: float
) -> Rows:
    """Keep the rows of a block in the order of their members, and write their rejects."""
    file = part_of(contract.name, number)
    rows = tonights_rows(checked, context.night)
    run = write_rows_run(context.folder / MEMBERS / file, number, rows, contract.natural_key)
    write_rejects(context, file, checked.rejects)
    return Rows(number, run, counts_of(checked, handed), {}, time.monotonic() - began, 0, Counter())


def numbered_versions(
    context: Context, name: str, rows: Sequence[Rows]
) -> Generator[list[Call], list[Any], list[Built]]:
    """Make versions and give them their keys, as `etl.transform.members.numbered` does with members.

    Raises ContractError where two rows of tonight have the same natural key.
    """
    contract, place = context.tables[name].contract, context.folder / MEMBERS
    (known, greatest), (log, corrected) = yield [(_spread_known, context, name), (_spread_log, context, name)]
    spans = spans_of([*known, *log, *(each.run for each in rows)], _AT_ONCE) or [Span(None, None, ())]
    seen = yield [(_see_span, context, name, span, place / f"{name}.{n:05}") for n, span in enumerate(spans)]
    doubled = sum(each.doubled for each in seen)
    if doubled:
        examples = pa.concat_tables([each.examples for each in seen]).to_pandas(types_mapper=pd.ArrowDtype)
        raise doubled_rows(name, examples, contract.natural_key, contract.personal, doubled)
    before = np.cumsum([0, *(each.new for each in seen)]).tolist()
    firsts = [greatest + 1 + count for count in before[:-1]]
    finished = yield [
        *((_finish, context, name, n, each, first) for n, (each, first) in enumerate(zip(seen, firsts, strict=True))),
        (_write_key_map, context, name, seen, firsts, greatest + before[-1]),
        (_hand_rejects_on, context, name, len(rows), len(seen)),
    ]
    return list(_accounted(finished[: len(seen)], rows, corrected))


def _accounted(parts: Sequence[Built], rows: Sequence[Rows], corrected: Counter[str]) -> Iterator[Built]:
    """Let the first part tell what became of the rows of all blocks. corrected: published rows, by correction."""
    counts = sum((each.counts for each in rows), parts[0].counts)
    seconds, beside = parts[0].seconds + sum(each.seconds for each in rows), sum(each.beside for each in rows)
    corrected = sum((each.corrected for each in rows), corrected)
    yield replace(parts[0], counts=counts, seconds=seconds, beside=beside, corrected=corrected)
    yield from parts[1:]


def _spread_known(context: Context, name: str) -> tuple[list[Run], int]:
    """Sort the key map that the dimension begins with into runs, some rows at a time; a worker does.

    Returns the greatest number that was ever given, too.
    """
    contract = context.tables[name].contract
    before = context.keys_before(name)
    path = before / KEYS / f"{name}.parquet" if before else None
    if path is None or not path.is_file():
        return [], 0
    runs, greatest = [], greatest_told(path)
    for number, part in enumerate(known_parts(path, contract)):
        greatest = max(greatest, greatest_of(part))
        place = context.folder / MEMBERS / f"{name}.known{number:05}"
        runs.append(write_rows_run(place, None, part, contract.natural_key))
    return runs, greatest


def _spread_log(context: Context, name: str) -> tuple[list[Run], Counter[str]]:
    """Sort what is published into runs; returns the rows of each correction, too. A worker does."""
    contract = context.tables[name].contract
    log = Log(context, contract, Seeing.of(context, contract))
    place = context.folder / MEMBERS
    runs = [
        write_rows_run(place / f"{name}.log{number:05}", _LOG, part, contract.natural_key)
        for number, part in enumerate(log.parts())
        if len(part)
    ]
    return runs, log.corrected


def _see_span(context: Context, name: str, span: Span, target: Path) -> _Seen:
    """Make the versions of a span's members, and number those that are new; a worker does."""
    contract = context.tables[name].contract
    key, natural = str(contract.surrogate_key), list(contract.natural_key)
    tonight = rows_of_span(span, natural, _of_tonight(contract), lambda part: part is not None and part != _LOG)
    log = rows_of_span(span, natural, _plain(contract.schema), lambda part: part == _LOG)
    known = rows_of_span(span, natural, schema_of(contract), lambda part: part is None)
    again = tonight.select(natural).to_pandas(types_mapper=pd.ArrowDtype).duplicated().to_numpy()
    versions, counts = versions_seen(tonight, log, contract, Seeing.of(context, contract))
    known = with_current_versions(versions, contract, known) or known
    keys, key_map = give_surrogate_keys(versions.select(list(contract.row_key)), known, key, _NEW)
    versions = versions.append_column(key, keys)
    versions = versions.append_column(str(contract.durable_key), durable_keys(versions, contract, key_map))
    _write(target, versions.select(contract.schema.names))
    _write(_keys_path(target), key_map)
    new = len(key_map) - len(known)
    examples = tonight.select(natural).filter(pa.array(again)).slice(0, _EXAMPLES)
    return _Seen(target, counts, len(versions), new, int(again.sum()), examples)


def _finish(context: Context, name: str, number: int, seen: _Seen, first: int) -> Built:
    """Put the keys into a span's versions, and write them; a worker does."""
    began = time.monotonic()
    contract = context.tables[name].contract
    table = _read(seen.path)
    for column in (str(contract.surrogate_key), str(contract.durable_key)):
        table = table.set_column(table.column_names.index(column), column, _final(table.column(column), first))
    parts = [unknown_member(contract)] if number == 0 else []
    table = pa.concat_tables([*parts, table.cast(contract.schema)])
    return write_rows(context, name, part_of(name, number), table, seen.counts, {}, began)


def _write_key_map(context: Context, name: str, seen: Sequence[_Seen], firsts: Sequence[int], greatest: int) -> None:
    """Write the key map of all spans; a worker does."""
    schema = schema_of(context.tables[name].contract)
    told = schema.with_metadata(key_map_told(sum(each.rows for each in seen), greatest))
    with (
        for_arrow(context.folder / KEYS / f"{name}.parquet", "wb") as target,
        pq.ParquetWriter(target, told, compression="zstd") as writer,
    ):
        for each, first in zip(seen, firsts, strict=True):
            key_map = _read(_keys_path(each.path))
            columns = [*key_map.columns[:-1], _final(key_map.column(-1), first)]
            writer.write_table(pa.table(columns, schema.names).cast(schema).replace_schema_metadata(told.metadata))


def _hand_rejects_on(context: Context, name: str, blocks: int, parts: int) -> None:
    """Put the rejects of blocks for which there is no part behind those of the last one; a worker does."""
    for block in range(parts, blocks):
        path = context.folder / REJECTS / part_of(name, block)
        if path.is_file():
            last = path.with_name(part_of(name, parts - 1))
            whole = last.read_bytes() if last.is_file() else path.read_bytes().partition(b"\n")[0] + b"\n"
            last.write_bytes(whole + path.read_bytes().partition(b"\n")[2])
            path.unlink()


def _final(numbers: pa.ChunkedArray, first: int) -> pa.Array:
    found = numbers.to_numpy()
    return pa.array(np.where(found < _NEW, found, found - _NEW + first))


def _of_tonight(contract: Contract) -> pa.Schema:
    """Return the columns of `tonights_rows`."""
    of_the_engine = (Role.SURROGATE_KEY, Role.FIRST_SEEN, Role.HISTORY, Role.DURABLE_KEY)
    fields = [(column.name, column.type) for column in contract.columns if column.role not in of_the_engine]
    return pa.schema([*fields, (VALID_FROM, pa.date32())])


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return a schema's names and types alone."""
    return pa.schema([(field.name, field.type) for field in schema])


def _keys_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.keys")


def _write(path: Path, table: pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with path.open("wb") as target, pa.ipc.new_file(target, table.schema, options=options) as writer:
        writer.write_table(table)


def _read(path: Path) -> pa.Table:
    with path.open("rb") as source:
        return pa.ipc.open_file(source).read_all()
