"""What tables read besides the rows that are streamed: read once, and given down as values."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.company.plan import Step
from etl.company.tables import NIGHT, Function, TableFile
from etl.contract import Night
from etl.contract.column import UNKNOWN
from etl.contract.history import IS_CURRENT, VALID_FROM
from etl.contract.table import Contract
from etl.contract.versions import with_versions
from etl.core import arrow_csv
from etl.core.folders import for_arrow
from etl.core.memory import trim
from etl.transform.check import Members
from etl.transform.context import Context, doubled_key, star_files
from etl.transform.frames import all_but
from etl.transform.hiding import hide_rejects
from etl.transform.keys import doubled_rows, losers, read_members
from etl.transform.raw import RawRows, Reject, as_json, no_rows, read_whole

Frames = Mapping[str, pd.DataFrame]


@dataclass
class Inputs:
    """What was read. frames: of queries and star tables; rejects, corrected: of the queries; members: of dimensions.

    as_texts: columns of the stream of which a block had a value that does not fit: most likely the next one has, too.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    rejects: dict[str, list[Reject]] = field(default_factory=dict)
    corrected: dict[str, Counter[str]] = field(default_factory=dict)
    members: dict[str, Members] = field(default_factory=dict)
    as_texts: set[str] = field(default_factory=set)

    def rejects_of(self, queries: Iterable[str]) -> list[Reject]:
        """Return the rejects of some queries."""
        return [reject for query in queries for reject in self.rejects[query]]

    def corrected_of(self, queries: Iterable[str]) -> Counter[str]:
        """Return the rows of some queries by correction."""
        return sum((self.corrected[query] for query in queries), Counter())


class _OfStep:
    """The inputs of the step that this process works at, for all its pieces; those of the next step replace them."""

    def __init__(self) -> None:
        self._latest: tuple[object, Inputs] | None = None

    def get(self, step: object, read: Callable[[], Inputs]) -> Inputs:
        """Return a step's inputs, which are read with its first piece. Those of the last step are forgotten before."""
        latest = self._latest
        if latest is None or latest[0] != step:
            latest = self._latest = None
            latest = self._latest = (step, read())
            trim()  # it was read in small parts
        return latest[1]


_OF_STEP = _OfStep()
of_step = _OF_STEP.get
"""All that a process remembers from one piece of work to the next. A step is one of one transform, by its id."""


def inputs_of_stream(context: Context, step: Step) -> Inputs:
    """Return what a step's tables and partials read beside each block."""

    def read() -> Inputs:
        tables = [context.tables[name] for name in step.built]
        named = [name for table in tables for name in table.build.parameters]
        named += [name for partial in step.partials for name in partial.parameters[1:]]
        streamed = {step.stream, *(query for table in tables for query in table.contract.stream)}
        tables += [context.tables[partial.table] for partial in step.partials]
        inputs = _read(context, (name for name in named if name not in streamed), tables)
        for query in streamed - {step.stream}:
            inputs.frames[str(query)] = no_rows(context.raw_table(str(query)))
        for built in step.built:
            inputs.members |= _members_of(context, context.tables[built].contract)
        return inputs

    return _OF_STEP.get((context.id, step.name), read)


def inputs_of_table(context: Context, table: TableFile, portion: int) -> Inputs:
    """Return what a table reads that is built at once, or in portions: those have the frames in common.

    With the first portion come all queries whose rejects the table tells of. Members are left out: see `add_members`.
    """
    summarized = {partial.parameters[0] for partial in table.partials}
    named = [name for name in table.build.parameters if name not in summarized]
    queries = read_at_once(context, table)
    if not table.contract.group_by:
        return _read(context, [*named, *queries], [table])
    inputs = _OF_STEP.get((context.id, table.name), lambda: _read(context, named, [table]))
    if portion or not queries:
        return inputs
    told = _read(context, queries, [table])
    return replace(inputs, rejects=told.rejects, corrected=told.corrected)


def add_members(context: Context, table: TableFile, inputs: Inputs) -> None:
    """Read the members that a table refers to, after giving the frames' memory back that no other piece needs."""
    if not table.contract.group_by:
        inputs.frames.clear()
        pa.default_memory_pool().release_unused()
    if not inputs.members:
        inputs.members.update(_members_of(context, table.contract))


def _read(context: Context, names: Iterable[str], tables: Sequence[TableFile]) -> Inputs:
    """Read queries and star tables by name, each once. tables: that need them."""
    inputs = Inputs()
    for name in dict.fromkeys(name for name in names if name != NIGHT):
        if name in context.tables:
            inputs.frames[name] = _star_frame(context, name, _columns_read(name, tables))
        else:
            rows = _query(context, name)
            inputs.frames[name], inputs.corrected[name] = rows.frame, rows.corrected
            inputs.rejects[name] = hide_rejects(context, name, rows.rejects)
    return inputs


def arguments(night: Night, function: Function, frames: Frames) -> list[object]:
    """Collect what a function's parameters name: the night, and frames.

    Frames are shallow copies: what a function changes in them, its successor in this process does not see.
    """
    return [night if name == NIGHT else frames[name].copy(deep=False) for name in function.parameters]


def read_at_once(context: Context, table: TableFile) -> list[str]:
    """Name the queries that a table reads whole."""
    functions = (table.build, *table.partials)
    streamed = {*table.contract.stream, *(f.parameters[0] for f in table.partials)}
    read = dict.fromkeys(p for f in functions for p in f.parameters if p not in context.tables)
    return [name for name in read if name != NIGHT and name not in streamed]


def _query(context: Context, name: str) -> RawRows:
    """Read a query's CSV whole; of rows with the same key the survivor stays."""
    table = context.raw_table(name)
    rows = read_whole(context.raw, table, context.corrections_of(name))
    out = losers(rows.frame, table.key, table.survivor, table.file)
    if not len(out):
        return rows
    if not table.survivor:
        raise doubled_rows(table.file, rows.frame.iloc[out], table.key, context.personal[name])
    rejects = [(doubled_key(name), row) for row in as_json(rows.frame.iloc[out])]
    standing = all_but(rows.frame, out).reset_index(drop=True)
    return RawRows(standing, rows.rejects + rejects, corrected=rows.corrected)


def _columns_read(name: str, tables: Sequence[TableFile]) -> set[str] | None:
    """Return the columns that some tables need of another one; None where one of them needs all."""
    asking = [table.contract.reads for table in tables if name in table.inputs]
    return {column for reads in asking for column in reads[name]} if all(name in reads for reads in asking) else None


def _star_frame(context: Context, name: str, columns: set[str] | None) -> pd.DataFrame:
    """Read some columns of a star table, or all, without its unknown member; of members with history what is current.

    All their versions are known to the frame, for `lookup(…, as_of=…)`.
    """
    contract = context.tables[name].contract
    wanted = [each.name for each in contract.declared if columns is None or each.name in columns]
    key = contract.surrogate_key
    days = {VALID_FROM, IS_CURRENT} if contract.has_history else set()
    schema = pa.schema([field for field in contract.schema if field.name in {*wanted, key, *days}])
    parts = (part for path in star_files(context, name) for part in _rows_of(path, schema))
    if key:
        parts = (part.filter(pc.field(key) != UNKNOWN) for part in parts)
    if not contract.has_history:
        parts = (part.select(wanted) for part in parts)
        return _frame(pa.concat_tables([schema.empty_table().select(wanted), *parts]))
    versions = pa.concat_tables([schema.empty_table(), *parts])
    current = versions.filter(versions.column(IS_CURRENT)).select(wanted)
    return with_versions(_frame(current), _frame(versions))


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _rows_of(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read some columns of a star's CSV, from the Parquet beside it if there is one: the others are not read."""
    parquet = path.with_name(f"{path.name.removesuffix('.csv')}.parquet")
    if not parquet.is_file():  # of an older version's star
        yield from arrow_csv.batches(path, schema)
        return
    with for_arrow(parquet, "rb") as source, pq.ParquetFile(source) as opened:
        for batch in opened.iter_batches(columns=schema.names):
            yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def star_columns(context: Context, name: str, columns: Sequence[str]) -> pa.Table:
    """Read some columns of a star table that is built or carried over, of its unknown member, too."""
    contract = context.tables[name].contract
    schema = pa.schema([contract.schema.field(column) for column in columns])
    parts = (part for path in star_files(context, name) for part in _rows_of(path, schema))
    return pa.concat_tables([schema.empty_table(), *parts])


def _members_of(context: Context, contract: Contract) -> dict[str, Members]:
    """Read the keys of the dimensions that a table refers to."""
    return {name: _members(context, name) for name in dict.fromkeys(c.dimension for c in contract.relationships)}


def _members(context: Context, name: str) -> Members:
    contract = context.tables[name].contract
    key = str(contract.surrogate_key)
    star = context.last_star if name in context.carried and context.last_star else context.folder
    known = None if contract.has_history else read_members(star, contract)
    if known is None:
        days = (VALID_FROM, IS_CURRENT) if contract.has_history else ()
        known = star_columns(context, name, (key, *contract.natural_key, *days)).filter(pc.field(key) != UNKNOWN)
    if contract.has_history:
        return Members.of_versions(known, contract.natural_key, key, context.night.time_zone)
    numbers = known.column(key).to_numpy()
    return Members.of(known.select(list(contract.natural_key)), numbers)
