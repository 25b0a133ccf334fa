"""A table that summarizes: of its groups only those are built that something touches, of what partials made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from etl.company.tables import TableFile
from etl.contract.key_index import KeyIndex
from etl.contract.night import WatchedNight
from etl.core import parquet_file
from etl.core.manifest import Kept, ParquetFile
from etl.receipts.memory import row_hash
from etl.transform.among import Among, Mask
from etl.transform.changed.stand import Stand, UnfitError
from etl.transform.changed.stream import Difference, Rows
from etl.transform.changed.summaries import Summary, comparable_rows
from etl.transform.check import Members, check
from etl.transform.context import Context
from etl.transform.frames import all_but, same_rows
from etl.transform.inputs import add_members, inputs_of_table, read_at_once
from etl.transform.kept import (
    PUBLISHED,
    KeptFiles,
    KeptRows,
    Numbers,
    Part,
    columns_of_table,
    comparables,
    fate_of,
    grown,
    joined,
)
from etl.transform.raw import Reject
from etl.transform.work import built_by, merged_rows, survivors


@dataclass(frozen=True)
class SumChange:
    """A table that summarizes. summaries: what its partials make of what changed, by what they summarize."""

    stand: Stand
    table: TableFile
    summaries: Mapping[str, Summary]

    @property
    def by(self) -> tuple[str, ...]:
        """The columns that tell its groups."""
        contract = self.table.contract
        return contract.recompute_by or ((contract.group_by,) if contract.group_by else ())

    def run(self) -> Difference:
        """Build the groups that something touches, as they were and as they are. Raises UnfitError."""
        if not self.by:
            raise UnfitError(f"{self.table.name} does not say what is built together (recompute_by)")
        self._check()
        kept = self.stand.kept(self.table.name)
        groups = Among(self._touched(kept))
        known = self._rows_of(kept, groups)
        summarized = {name: self._summarized(summary, groups) for name, summary in self.summaries.items()}
        old = self._built(self.stand.old, {name: each[0] for name, each in summarized.items()}, is_old=True)
        new = self._built(self.stand.new, {name: each[1] for name, each in summarized.items()}, is_old=False)
        self._check_published(old, known)
        self._leave_out_the_same(old, new, known)
        judged = self._judged(new)
        file = self._keep(kept, new, judged) if len(new.frame) else None
        grown_ = grown(self.stand.new.folder, self.table.name, kept, file, known.numbers)
        return Difference(self._judged(old), judged, known.published, grown_, new.asked)

    def _check(self) -> None:
        summarized = {partial.parameters[0] for partial in self.table.partials}
        self.stand.check_inputs(self.table, [p for p in self.table.build.parameters if p not in summarized])
        if self.stand.is_other_night(self.table.name):
            raise UnfitError(f"{self.table.name} asks for what is another every night")
        if read := read_at_once(self.stand.new, self.table):
            raise UnfitError(f"{self.table.name} tells of rows of {read[0]} besides")

    def _touched(self, kept: KeptFiles) -> pa.Table:
        """Return the groups that something touches."""
        found = [pa.table({name: pa.nulls(0) for name in self.by})]
        for summary in self.summaries.values():
            gone, first = summary.gone, 0
            for part in summary.kept.parts(self.by) if len(gone) else ():
                begin, end = np.searchsorted(gone, [first, first + len(part.rows)])
                found.append(comparable_rows(part.rows.take(pa.array(gone[begin:end] - first)), self.by))
                first += len(part.rows)
            if summary.file:
                found.append(comparable_rows(_of_file(self.stand.new, summary.file), self.by))
        for part in kept.parts() if self.stand.may_touch(self.table) else ():
            mask = part.standing & self.stand.touched_by(self.table, part, self.table.name)
            rows = part.rows.filter(pa.array(mask))
            columns = [f"{self.table.name}:{name}" for name in self.by]
            found.append(rows.select(columns).rename_columns(list(self.by)))
        return pa.concat_tables(found, promote_options="permissive")

    def _rows_of(self, kept: KeptFiles, groups: Among) -> "_Known":
        """Find the rows of some groups."""
        key, seen = [f"{self.table.name}:{name}" for name in self.table.contract.built_key], 0
        places, numbers, keys = [], [], []
        for part in kept.parts():
            columns = [f"{self.table.name}:{name}" for name in self.by]
            mask = part.standing & groups.mask(part.rows.select(columns).rename_columns(list(self.by)))
            is_published = part.rows.column(fate_of(self.table.name)).to_numpy() == PUBLISHED
            places.append(np.where(is_published, np.cumsum(is_published) - 1 + seen, -1)[mask])
            numbers.append(part.numbers(mask))
            keys.append(part.rows.select(key).filter(pa.array(mask)))
            seen += int(is_published.sum())
            if not groups:
                break  # its columns are enough
        found = pa.concat_tables(keys, promote_options="permissive").rename_columns(self.table.contract.built_key)
        return _Known(found.to_pandas(types_mapper=pd.ArrowDtype), joined(numbers), joined(places))

    def _built(self, context: Context, given: Mapping[str, pd.DataFrame], *, is_old: bool) -> "_Built":
        """Build groups of what partials made of them, as the published star had it, or as it is now."""
        inputs = inputs_of_table(context, self.table, 0)
        night = WatchedNight(context.night)
        frame = built_by(context, self.table, {**inputs.frames, **given}, night).reset_index(drop=True)
        if not is_old:
            self.stand.check_references(
                self.table,
                frame,
                inputs.frames,
                lambda frames: built_by(context, self.table, {**frames, **given}, night).reset_index(drop=True),
            )
        add_members(context, self.table, inputs)
        frame, doubles = survivors(frame, self.table.contract)
        if doubles:
            raise UnfitError(f"rows of {self.table.name} have the key of another")
        if merged_rows(frame):
            raise UnfitError(f"rows of {self.table.name} are merged")
        read = [reject for each in self.summaries.values() for reject in (each.old if is_old else each.new)]
        return _Built(frame, inputs.members, read, set(night.asked))

    def _judged(self, built: "_Built") -> Rows:
        """Check what was built."""
        checked = check(built.frame, self.table.contract, built.members)
        return Rows(checked, checked.table, len(built.frame) + len(built.read), [*built.read, *checked.rejects])

    def _check_published(self, old: "_Built", known: "_Known") -> None:
        """Raise UnfitError where groups, built for themselves, are not what was published of them."""
        found, places = self._judged(old).table, known.published
        if len(found) != len(places):
            raise UnfitError(f"{len(places):,} rows of {self.table.name} are {len(found):,} now, built of the same")
        if _hash(found, self.table) != self._published_hash(places):
            raise UnfitError(
                f"groups of {self.table.name} are others than were published, built for themselves: its summed_by or"
                f" recompute_by ({', '.join(self.by)}) may name too much"
            )

    def _leave_out_the_same(self, old: "_Built", new: "_Built", known: "_Known") -> None:
        """Leave the rows out that are what they were: a group is built as a whole, of which few rows changed."""
        key = list(self.table.contract.built_key)
        index, places = _index(comparables(old.frame, key).to_pandas(types_mapper=pd.ArrowDtype))
        in_new = _places(index, comparables(new.frame, key).to_pandas(types_mapper=pd.ArrowDtype), len(places))
        in_known = _places(index, known.keys, len(places))
        both = np.flatnonzero((in_new >= 0) & (in_known >= 0))
        frames = old.frame.iloc[places[both]], new.frame.iloc[in_new[both]]
        same = both[same_rows(*frames) & ~self.stand.refers_to_others(self.table, frames[1])]
        old.frame = all_but(old.frame, places[same])
        new.frame = all_but(new.frame, in_new[same])
        left = np.delete(np.arange(len(known.numbers)), in_known[same])
        known.numbers, known.places = known.numbers[left], known.places[left]

    def _summarized(self, summary: Summary, groups: Among) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Read what a partial made of some groups, as the published star had it, and as it is now."""
        old, new = [], []
        for part in summary.kept.parts():
            mask = part.standing & groups.mask(comparable_rows(part.rows, self.by))
            rows = part.rows.filter(pa.array(mask))
            still = _standing(part, summary.gone)[mask]
            old.append(rows)
            new.append(rows.filter(pa.array(still)))
            if not groups:
                break
        if summary.file:
            rows = _of_file(self.stand.new, summary.file)
            new.append(rows.filter(pa.array(groups.mask(comparable_rows(rows, self.by)))))
        return _frame(old), _frame(new)

    def _published_hash(self, places: Numbers) -> int:
        """Hash the published rows at some places in the table's files: what is taken out has to be what was put in."""
        star, found, first = self.stand.star.tables[self.table.name], 0, 0
        ordered = np.sort(places)
        for file in star.files:
            begin, end = np.searchsorted(ordered, [first, first + file.rows])
            if begin < end and file.parquet:
                rows = parquet_file.read(self.stand.old.folder / file.parquet.name)
                found += _hash(rows.take(pa.array(ordered[begin:end] - first)), self.table)
            first += file.rows
        return found

    def _keep(self, kept: KeptFiles, new: "_Built", judged: Rows) -> ParquetFile:
        rows = KeptRows(np.zeros(len(new.frame), dtype=np.int64))
        rows.take(new.frame, columns_of_table(self.table), self.table.name)
        rows.judge(self.table.name, new.frame, judged.checked.sound)
        return rows.write(self.stand.new.folder, self.table.name, len(kept.kept.files))


@dataclass
class _Built:
    """Groups that were built: what build returned, the members to which rows refer, the rejects of what was summarized.

    asked: of the night.
    """

    frame: pd.DataFrame
    members: Mapping[str, Members]
    read: list[Reject]
    asked: set[str]


@dataclass
class _Known:
    """Rows of what is kept. keys: what identifies them; places: in the table's files, −1 where not published."""

    keys: pd.DataFrame
    numbers: Numbers
    places: Numbers

    @property
    def published(self) -> Numbers:
        """The places of those that are published."""
        return self.places[self.places >= 0]


def _index(keys: pd.DataFrame) -> tuple[KeyIndex, Numbers]:
    """Index the keys that no two rows have; returns the place of each, too."""
    places = np.flatnonzero(~keys.duplicated(keep=False).to_numpy())
    return KeyIndex(keys.iloc[places]), places


def _places(index: KeyIndex, keys: pd.DataFrame, size: int) -> Numbers:
    """Return for each key of an index of a certain size where it is among others; −1 of none, or of several."""
    found = index.positions([keys[name] for name in keys])
    rows = np.flatnonzero((found >= 0) & ~keys.duplicated(keep=False).to_numpy())
    places = np.full(size, -1)
    places[found[rows]] = rows
    return places


def _hash(rows: pa.Table, table: TableFile) -> int:
    schema = table.contract.schema
    return row_hash(rows.select(schema.names).cast(schema), schema)


def whole_of(summary: Summary, context: Context) -> pd.DataFrame:
    """Read all that a partial made, as it is now."""
    found = []
    for part in summary.kept.parts():
        found.append(part.rows.filter(pa.array(_standing(part, summary.gone))))
    if summary.file:
        found.append(_of_file(context, summary.file))
    return _frame(found)


def _standing(part: Part, gone: Numbers) -> Mask:
    """Tell which rows of a part stand, less those with certain numbers."""
    standing = part.standing.copy()
    begin, end = np.searchsorted(gone, [part.first, part.first + len(part.rows)])
    standing[gone[begin:end] - part.first] = False
    return standing


def _frame(parts: Sequence[pa.Table]) -> pd.DataFrame:
    """Put what a partial made together."""
    frame: pd.DataFrame = pa.concat_tables(parts, promote_options="permissive").to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def kept_summary(stand: Stand, name: str, summary: Summary) -> Kept:
    """Return what is kept of a partial now."""
    return grown(stand.new.folder, name, summary.kept, summary.file, summary.gone)


def _of_file(context: Context, file: ParquetFile) -> pa.Table:
    kept = KeptFiles(context.folder, Kept(files=(file,)))
    return next(kept.parts()).rows
