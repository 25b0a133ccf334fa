"""What tonight's star is built upon: the published one, and in what tonight differs from it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.company.tables import NIGHT, TableFile
from etl.contract.comparing import comparable
from etl.contract.history import IS_CURRENT, VALID_FROM
from etl.contract.versions import has_versions, versions_of, with_versions, without_versions
from etl.core import parquet_file
from etl.core.duckdb_session import session
from etl.core.errors import DataError
from etl.core.manifest import Kept, StarChange, StarManifest, StarTable
from etl.receipts.duckdb import DUCKDB
from etl.transform.among import Among, Mask
from etl.transform.changed.whole import change_of
from etl.transform.context import Context, star_files
from etl.transform.frames import only
from etl.transform.inputs import Frames
from etl.transform.kept import KeptFiles, Part, comparables
from etl.transform.raw import all_superseded


class UnfitError(DataError):
    """Something is not as it is where a star can be built of what changed: it is to be built in full."""

    def __init__(self, why: str, hint: str = "It is built in full instead.", *, transient: bool = False) -> None:
        """why: told in the log. It comes from a worker as it was raised there."""
        super().__init__(why, hint, transient=transient)


@dataclass(frozen=True)
class Stand:
    """The published star, as it was built, and tonight's. old, new: their contexts; star: its manifest."""

    old: Context
    new: Context
    star: StarManifest
    _members: dict[tuple[str, tuple[str, ...]], pa.Table] = field(default_factory=dict)
    _changes: dict[str, StarChange | None] = field(default_factory=dict)

    def kept(self, name: str) -> KeptFiles:
        """Return what the published star keeps. Raises UnfitError where it does not."""
        return KeptFiles(self.old.folder, self.star.kept.get(name) or _nothing_kept(name))

    @cached_property
    def days(self) -> tuple[int, int]:
        """The days, counted from 1970 on, between which the window's start has moved."""
        starts = (self.old.night.window_start, self.new.night.window_start)
        first, last = sorted((day - pd.Timestamp(0).date()).days for day in starts)
        return first, last

    def is_other_night(self, table: str) -> bool:
        """Whether a table's functions asked of the night what is another one now."""
        every = self.star.asked.get(table, ())
        return any(getattr(self.old.night, name) != getattr(self.new.night, name) for name in every)

    def is_same_query(self, name: str) -> bool:
        """Whether a query gave the same rows."""
        old, new = self.old.raw_table(name), self.new.raw_table(name)
        is_same = old.columns == new.columns and [b.sha256 for b in old.blocks] == [b.sha256 for b in new.blocks]
        gone = [all_superseded(context.raw, table) for context, table in ((self.old, old), (self.new, new))]
        return is_same and np.array_equal(gone[0], gone[1])

    def changed_members(self, dimension: str, columns: Sequence[str]) -> pa.Table:
        """Return the natural keys, comparable, of the members that came or went, or differ in `columns`.

        A member with history differs, too, where a version of it came or went, or holds on other days.
        """
        asked = dimension, tuple(columns)
        if asked not in self._members:
            self._members[asked] = self._compared(dimension, columns)
        return self._members[asked]

    def _compared(self, dimension: str, columns: Sequence[str]) -> pa.Table:
        contract = self.new.tables[dimension].contract
        days = (VALID_FROM, IS_CURRENT) if contract.has_history else ()
        names = list(dict.fromkeys([*contract.natural_key, str(contract.surrogate_key), *days, *columns]))
        schema = pa.schema([contract.schema.field(name) for name in names])
        if change := self._changes.get(dimension):
            folder = self.new.folder
            old, new = (
                _read([folder / file.name for file in files], schema) for files in (change.removed, change.added)
            )
        else:
            old, new = (_read(_files(context, dimension), schema) for context in (self.old, self.new))
        natural = list(contract.natural_key)
        differing = _differing(old, new, natural)
        frame = differing.to_pandas(types_mapper=pd.ArrowDtype)
        return pa.table([comparable(frame[name]) for name in natural], natural)

    def change_of(self, name: str, table: StarTable) -> StarChange | None:
        """Write the rows by which a table that was built as a whole differs from the published one."""
        contract, before = self.new.tables[name].contract, self.star.tables[name]
        return change_of(contract, before, self.old.folder, table, self.new.folder)

    def compare_members(self, tables: Iterable[str], changes: Mapping[str, StarChange | None]) -> None:
        """Find the members that changed to which tables refer: once, and not in every worker.

        changes: by what dimensions differ from the published ones.
        """
        self._changes.update(changes)
        for table in map(self.new.tables.__getitem__, tables):
            for reference in table.contract.references:
                self.changed_members(reference.dimension, self._columns_read(table, reference.dimension))
                self.changed_members(reference.dimension, ())

    def may_touch(self, table: TableFile) -> bool:
        """Whether some row of a table may be touched, by a member that changed or the edge of the window."""
        moves = bool(table.contract.window) and self.days[0] != self.days[1]
        return moves or any(self._among(table, each.dimension) for each in table.contract.references)

    def touched_by(self, table: TableFile, part: Part, of: str) -> Mask:
        """Tell which rows of a table refer to a member that changed, or pass the edge of the window."""
        contract, found = table.contract, np.zeros(len(part.rows), dtype=bool)
        for reference in contract.references:
            changed = self._among(table, reference.dimension)
            if changed:
                columns = [part.rows.column(f"{of}:{name}") for name in reference.on]
                found |= changed.mask(pa.table(columns, changed.columns))
        if contract.window and self.days[0] != self.days[1]:
            days = pc.fill_null(part.rows.column(f"{of}:{contract.window}").cast(pa.int64()), self.days[1])
            day = days.to_numpy()
            found |= (day >= self.days[0]) & (day < self.days[1])
        return found

    def refers_to_others(self, table: TableFile, built: pd.DataFrame) -> Mask:
        """Tell which rows that a table built refer to members that came or went: they have other keys than then."""
        found = np.zeros(len(built), dtype=bool)
        for reference in table.contract.references:
            others = Among(self.changed_members(reference.dimension, ()))
            if others:
                found |= others.mask(comparables(built, reference.on).rename_columns(others.columns))
        return found

    def _among(self, table: TableFile, dimension: str) -> Among:
        return Among(self.changed_members(dimension, self._columns_read(table, dimension)))

    def _columns_read(self, table: TableFile, dimension: str) -> list[str]:
        """Name the columns of a dimension that a table may read."""
        if dimension not in table.build.parameters:
            return []
        contract = table.contract
        if dimension in contract.reads:
            return list(contract.reads[dimension])
        return [column.name for column in self.new.tables[dimension].contract.declared]

    def check_inputs(self, table: TableFile, parameters: Iterable[str]) -> None:
        """Raise UnfitError where something is another that a table reads whole, and not by its references alone."""
        for name in parameters:
            if name == NIGHT:
                continue
            if name not in self.new.tables:
                if not self.is_same_query(name):
                    raise UnfitError(f"{table.name} reads {name} whole, and that has other rows")
            elif name not in {reference.dimension for reference in table.contract.references}:
                self.check_same_table(table, name)

    def check_references(
        self, table: TableFile, built: pd.DataFrame, frames: Frames, build: Callable[[Frames], pd.DataFrame]
    ) -> None:
        """Raise UnfitError where rows hang on other members than those that they refer to.

        built: what `build` made of `frames`; it is to make the same of frames that hold these members alone.
        """
        alone = {name: _referred(table, name, built, frames[name]) for name in self._looked_up(table) & set(frames)}
        if alone and not build({**frames, **alone}).equals(built):
            raise UnfitError(
                f"{table.name} looks members of {' or '.join(sorted(alone))} up that its rows do not refer to"
            )

    def _looked_up(self, table: TableFile) -> set[str]:
        """Name the dimensions that a table refers to and reads."""
        return {reference.dimension for reference in table.contract.relationships} & {*table.build.parameters}

    def check_same_table(self, table: TableFile, name: str) -> None:
        """Raise UnfitError where another table is not the same that a table reads whole."""
        if not self.new.tables[name].contract.is_dimension:
            raise UnfitError(f"{table.name} reads {name} whole, which is no dimension")
        columns = [column.name for column in self.new.tables[name].contract.declared]
        if len(self.changed_members(name, columns)):
            raise UnfitError(f"{table.name} reads {name} whole without referring to it, and that has other rows")


def _referred(table: TableFile, dimension: str, built: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Return the members of a dimension to which rows refer, with their versions."""

    def referred(frame: pd.DataFrame) -> pd.DataFrame:
        found = np.zeros(len(frame), dtype=bool)
        for reference in table.contract.relationships:
            if reference.dimension == dimension:
                asked = comparables(built, reference.on).rename_columns(list(reference.key))
                found |= Among(asked).mask(comparables(frame, reference.key))
        return without_versions(only(frame, found))

    alone = referred(members)
    return with_versions(alone, referred(versions_of(members))) if has_versions(members) else alone


def _nothing_kept(name: str) -> Kept:
    raise UnfitError(f"the published star keeps nothing of {name}")


def _files(context: Context, name: str) -> list[Path]:
    """List the Parquet files of a table."""
    return [path.with_name(f"{path.name.removesuffix('.csv')}.parquet") for path in star_files(context, name)]


def _read(paths: Iterable[Path], schema: pa.Schema) -> pa.Table:
    """Read some columns of a dimension, its unknown member among them."""
    parts = []
    for path in paths:
        parts.append(parquet_file.read(path, schema.names).select(schema.names).cast(schema))
    return pa.concat_tables([schema.empty_table(), *parts])


def _differing(old: pa.Table, new: pa.Table, natural: list[str]) -> pa.Table:
    """Return the natural keys of the rows that are in one of two tables alone."""
    if old.equals(new):
        return old.select(natural).slice(0, 0)
    keys = ", ".join(map(DUCKDB.quoted, natural))
    with session(threads=2) as connection:
        connection.register("before", old)
        connection.register("after", new)
        only = "SELECT * FROM (SELECT * FROM {} EXCEPT SELECT * FROM {})"
        found: pa.Table = connection.sql(
            f"SELECT DISTINCT {keys} FROM ({only.format('before', 'after')} UNION ALL {only.format('after', 'before')})"
        ).to_arrow_table()
    return found
