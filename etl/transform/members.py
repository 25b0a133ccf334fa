"""The rows of a streamed dimension: kept without keys, block by block, until all members are there to be numbered.

The surrogate keys are those that the dimension would have if it were built whole: the known ones, and for new members
the next free numbers in the order of their natural keys.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etl.contract.table import Contract
from etl.core.counts import Counts
from etl.core.folders import for_arrow
from etl.core.surrogates import converted, schema_of
from etl.transform.check import Checked, Members, unknown_member, with_own_references
from etl.transform.context import Context, part_of
from etl.transform.files import Built, counts_of, write_rejects, write_rows
from etl.transform.inputs import Inputs, of_step
from etl.transform.key_runs import (
    Compared,
    Run,
    compare,
    firsts_of,
    members_of_span,
    numbers_of_part,
    spans_of,
    write_run,
)
from etl.transform.keys import KEYS, doubled_rows, greatest_of, key_map_told
from etl.transform.months import Months, months_of
from etl.transform.seen import FOUND_BY

MEMBERS = ".members"
"""The working folder's folder of rows without keys, and of the runs of their natural keys."""
_KNOWN_AT_ONCE = 250_000

Call = tuple[Callable[..., Any], *tuple[Any, ...]]


@dataclass(frozen=True)
class Rows:
    """What a dimension made of a block, but for the keys. run: of the rows' natural keys; others: as of `Built`."""

    number: int
    run: Run
    counts: Counts
    left: Months
    seconds: float
    beside: int
    corrected: Counter[str]


@dataclass(frozen=True)
class _Known:
    """The key map that a dimension begins with: its runs, the greatest number ever given, and where it lies."""

    runs: list[Run]
    greatest: int
    path: Path | None


@dataclass(frozen=True)
class _Numbered:
    """All spans of a dimension's members, and the first new number of each."""

    compared: tuple[Compared, ...]
    firsts: tuple[int, ...]
    greatest: int

    @property
    def members(self) -> int:
        """How many members the dimension has."""
        return sum(each.members for each in self.compared)


def keep_rows(context: Context, contract: Contract, number: int, checked: Checked, handed: int, began: float) -> Rows:
    """Keep the rows of a block, and write their rejects."""
    place = context.folder / MEMBERS / part_of(contract.name, number)
    table = checked.table
    for name in contract.found_by if contract.own_references else ():
        table = table.append_column(FOUND_BY + name, pa.array(checked.found_by[name], from_pandas=True))
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with place.open("wb") as target, pa.ipc.new_file(target, table.schema, options=options) as writer:
        writer.write_table(table)
    natural = checked.table.select(list(contract.natural_key))
    run = write_run(place.with_name(f"{place.name}.run"), number, natural, np.arange(len(natural)))
    write_rejects(context, part_of(contract.name, number), checked.rejects)
    left = months_of(checked.outside, contract)
    return Rows(number, run, counts_of(checked, handed), left, time.monotonic() - began, 0, Counter())


def numbered(context: Context, name: str, rows: Sequence[Rows]) -> Generator[list[Call], list[Any], list[Built]]:
    """Give all members their keys: yields what workers are to do, and takes what they return; returns the parts.

    Raises ContractError where two rows have the same natural key.
    """
    contract = context.tables[name].contract
    [known] = yield [(_spread_known, context, name)]
    spans = spans_of([*known.runs, *(each.run for each in rows)])
    place = context.folder / MEMBERS
    compared = yield [
        (compare, span, place / f"{name}.span{number:05}", len(rows)) for number, span in enumerate(spans)
    ]
    doubled = sum(each.doubled for each in compared)
    if doubled:
        examples = pa.concat_tables([each.examples for each in compared]).to_pandas(types_mapper=pd.ArrowDtype)
        raise doubled_rows(name, examples, contract.natural_key, contract.personal, doubled)
    all_members = _Numbered(tuple(compared), tuple(firsts_of(compared, known.greatest)), known.greatest)
    finished = yield [
        *((_finish, context, name, each, all_members) for each in rows),
        (_write_key_map, context, name, known.path, all_members),
    ]
    return list(finished[:-1])


def _spread_known(context: Context, name: str) -> _Known:
    """Sort the key map that a dimension begins with into runs, some rows at a time; a worker does."""
    contract = context.tables[name].contract
    before = context.keys_before(name)
    path = before / KEYS / f"{name}.parquet" if before else None
    if path is None or not path.is_file():
        return _Known([], 0, None)
    if before == context.folder:  # the new key map takes its place
        path = _moved(path, context.folder / MEMBERS / f"{name}.known")
    runs, greatest = [], greatest_told(path)
    for number, part in enumerate(known_parts(path, contract)):
        greatest = max(greatest, greatest_of(part))
        run_path = context.folder / MEMBERS / f"{name}.known{number:05}"
        natural = part.select(list(contract.natural_key))
        runs.append(write_run(run_path, None, natural, part.column(-1).to_numpy()))
    return _Known(runs, greatest, path)


def _moved(path: Path, target: Path) -> Path:
    target.write_bytes(path.read_bytes())
    return target


def greatest_told(path: Path) -> int:
    """Return the greatest number that a key map's file tells of."""
    with for_arrow(path, "rb") as source:
        return greatest_of(pq.read_schema(source).empty_table())


def known_parts(path: Path | None, contract: Contract) -> Iterator[pa.Table]:
    """Read a key map in the contract's types, some rows at a time; nothing of one that has other columns."""
    if path is None:
        return
    with for_arrow(path, "rb") as source, pq.ParquetFile(source) as opened:
        for batch in opened.iter_batches(_KNOWN_AT_ONCE):
            part = converted(pa.Table.from_batches([batch]), schema_of(contract))
            if part is None:
                return
            yield part


def _write_key_map(context: Context, name: str, known: Path | None, numbered_: _Numbered) -> None:
    """Write the key map that is known, and the new members behind it; a worker does."""
    contract = context.tables[name].contract
    schema = schema_of(contract)
    new = sum(each.new for each in numbered_.compared)
    told = schema.with_metadata(key_map_told(numbered_.members, numbered_.greatest + new))
    with (
        for_arrow(context.folder / KEYS / f"{name}.parquet", "wb") as target,
        pq.ParquetWriter(target, told, compression="zstd") as writer,
    ):
        for part in known_parts(known, contract):
            writer.write_table(part.cast(schema).replace_schema_metadata(told.metadata))
        for each, first in zip(numbered_.compared, numbered_.firsts, strict=True):
            natural, numbers = members_of_span(each, first, new=True)
            if len(natural):
                writer.write_table(pa.table([*natural.columns, pa.array(numbers)], told))


def _finish(context: Context, name: str, rows: Rows, numbered_: _Numbered) -> Built:
    """Put the keys into the rows of a block, and write them; a worker does."""
    began = time.monotonic()
    contract = context.tables[name].contract
    file = part_of(name, rows.number)
    with (context.folder / MEMBERS / file).open("rb") as source:
        table = pa.ipc.open_file(source).read_all()
    keys = numbers_of_part(numbered_.compared, numbered_.firsts, rows.number, len(table))
    counts = rows.counts
    if contract.own_references:
        table, unknown = _referring(context, contract, table, numbered_)
        counts += unknown
    table = table.append_column(str(contract.surrogate_key), pa.array(keys)).select(contract.schema.names)
    parts = [unknown_member(contract)] if rows.number == 0 else []
    table = pa.concat_tables([*parts, table.cast(contract.schema)])
    built = write_rows(context, name, file, table, counts, rows.left, began)
    return replace(built, seconds=built.seconds + rows.seconds, beside=rows.beside, corrected=rows.corrected)


def _referring(context: Context, contract: Contract, table: pa.Table, numbered_: _Numbered) -> tuple[pa.Table, Counts]:
    """Let rows refer to other members of their own dimension; returns them, and what was not found."""

    def read() -> Inputs:
        parts = [table.select(list(contract.natural_key)).slice(0, 0)]
        numbers = [np.empty(0, dtype=np.int64)]
        for each, first in zip(numbered_.compared, numbered_.firsts, strict=True):
            natural, of_span = members_of_span(each, first, new=False)
            parts.append(natural)
            numbers.append(of_span)
        return Inputs(members={contract.name: Members.of(pa.concat_tables(parts), np.concatenate(numbers))})

    found_by = [name for name in table.column_names if name.startswith(FOUND_BY)]
    frame = table.select(found_by).rename_columns([name.removeprefix(FOUND_BY) for name in found_by])
    checked = Checked(table.drop_columns(found_by), pd.DataFrame(), frame.to_pandas(types_mapper=pd.ArrowDtype))
    members = of_step((context.id, f"members of {contract.name}"), read).members[contract.name]
    return with_own_references(checked, contract, members), checked.counts
