"""The rows of a query that something touches, built as they were and as they are; and what is summarized of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial as given_first

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.company.plan import Partial, Step
from etl.company.tables import NIGHT, TableFile
from etl.contract.night import WatchedNight
from etl.core.manifest import Kept
from etl.transform.among import Among, Mask
from etl.transform.changed.stand import Stand, UnfitError
from etl.transform.changed.summaries import Summary, summary_of
from etl.transform.check import Checked, check
from etl.transform.context import Context, doubled_key
from etl.transform.frames import all_but, same_rows
from etl.transform.hiding import hide_rejects
from etl.transform.inputs import Frames, Inputs, inputs_of_stream, read_at_once
from etl.transform.kept import (
    PUBLISHED,
    ROW,
    KeptFiles,
    KeptRows,
    Numbers,
    Part,
    columns_kept,
    comparables,
    fate_of,
    grown,
    joined,
)
from etl.transform.keys import doubled_rows, hashes, losers
from etl.transform.partials import parts_of, with_parts
from etl.transform.raw import Reject, SomeRows, all_superseded, as_json, read_some
from etl.transform.work import built_by_row, kept_of_partial, summarized_by

_ROWS_AT_ONCE = 150_000
"""Of those that are read beside touched ones, to be summarized again: about as many as a block has."""
MOST = 0.2
"""The share of the rows from which on it is quicker to build them all."""


@dataclass
class Rows:
    """Rows of a table, built. table: those that are published, as they are; checked: all that became of them.

    handed: how many rows went in; rejects: of those that could not be read, too.
    """

    checked: Checked
    table: pa.Table
    handed: int
    rejects: list[Reject]


@dataclass
class Difference:
    """In what a table differs from the published one. places: of its rows that are gone, counted over all files.

    old: the rows that are gone, built as they were; new: those that came. kept: what is kept of its rows; asked: what
    its functions asked of the night.
    """

    old: Rows
    new: Rows
    places: Numbers
    kept: Kept | None
    asked: set[str]


@dataclass
class Streamed:
    """A query whose rows changed: the difference of each table, and the summary of each partial, by its name."""

    tables: dict[str, Difference] = field(default_factory=dict)
    summaries: dict[str, Summary] = field(default_factory=dict)
    kept: Kept | None = None


@dataclass(frozen=True)
class _Touched:
    """Rows of a query that something touches. places: among what is kept; rows: their numbers in the query's files.

    published: by table, the place of each in its files, −1 of one that is not published; values: those of the columns
    that are kept.
    """

    places: Numbers
    rows: Numbers
    published: dict[str, Numbers]
    values: pa.Table

    @classmethod
    def of(cls, part: Part, mask: Mask, seen: Mapping[str, int]) -> "_Touched":
        """Take rows of a part. seen: how many rows of each table are published in the parts before."""
        published = {}
        for name, before in seen.items():
            is_published = part.rows.column(fate_of(name)).to_numpy() == PUBLISHED
            published[name] = np.where(is_published, np.cumsum(is_published) - 1 + before, -1)[mask]
        return cls(part.numbers(mask), part.column(ROW)[mask], published, part.rows.filter(pa.array(mask)))

    @classmethod
    def joined(cls, parts: Sequence["_Touched"], tables: Sequence[str]) -> "_Touched":
        """Put parts together. tables: those of which it is told where rows are published."""
        return cls(
            joined([part.places for part in parts]),
            joined([part.rows for part in parts]),
            {name: joined([part.published[name] for part in parts]) for name in tables},
            pa.concat_tables([part.values for part in parts], promote_options="permissive") if parts else pa.table({}),
        )

    def without(self, rows: Numbers) -> "_Touched":
        """Leave rows out, by their numbers in the query's files."""
        left = ~_is_in(self.rows, rows)
        published = {name: places[left] for name, places in self.published.items()}
        return _Touched(self.places[left], self.rows[left], published, self.values.filter(pa.array(left)))

    def published_in(self, table: str) -> Numbers:
        """Return the places in a table's files of the rows that are published."""
        places = self.published[table]
        return places[places >= 0]

    def columns(self, of: str, names: Sequence[str]) -> pa.Table:
        """Return columns of the rows."""
        return _columns(self.values, of, names)


class StreamChange:
    """A step of the plan that streams a query, of whose rows only those are built that something touches."""

    def __init__(self, stand: Stand, step: Step) -> None:
        self._stand, self._step, self._name = stand, step, str(step.stream)
        self._old, self._new = stand.old.raw_table(self._name), stand.new.raw_table(self._name)
        self._tables = [stand.new.tables[name] for name in step.built]
        self._partials = {kept_of_partial(stand.new, each): each for each in step.partials}
        self._read: dict[str, Inputs] = {}

    def run(self) -> Streamed:
        """Build what is touched. Raises UnfitError."""
        self._check()
        kept = self._stand.kept(self._step.name)
        gone, came = self._changed_rows()
        touched, standing = self._touched(kept, gone)
        before = np.union1d(touched.rows, gone)
        after = np.union1d(np.setdiff1d(before, gone), came)
        if len(before) + len(after) > MOST * max(standing, 100_000):
            raise UnfitError(f"{len(before) + len(after):,} rows of {self._name} are touched, of {standing:,}")
        rows = read_some(self._stand.new.raw, self._new, np.union1d(before, after))
        old = self._built(self._stand.old, rows, before)
        new = self._built(self._stand.new, rows, after)
        del rows
        known, every, same = touched.places, new, self._same(old, new)
        touched, old, new = touched.without(same), old.without(same), new.without(same)
        self._judge(self._stand.old, old)
        self._judge(self._stand.new, new)
        for name in self._step.built:
            found = len(touched.published_in(name))
            if len(old.rows[name].table) != found:
                raise UnfitError(f"{name} was built of {found:,} rows that give {len(old.rows[name].table):,} now")
        among = {name: Among(self._units(partial, touched, new)) for name, partial in self._partials.items()}
        summaries = self._summaries(kept, among, every, known)
        for name, partial in self._partials.items():
            if partial.stream == self._name:
                summaries[name].old, summaries[name].new = old.rejects, new.rejects
        place = self._keep(kept, touched, new)
        differences = {
            name: Difference(old.rows[name], new.rows[name], touched.published_in(name), None, new.asked[name])
            for name in self._step.built
        }
        self._check_unique(kept, touched, new)
        return Streamed(differences, summaries, place)

    def _inputs(self, context: Context) -> Inputs:
        """Return what is read beside the rows, as a context has it; read once."""
        if context.id not in self._read:
            self._read[context.id] = inputs_of_stream(context, self._step)
        return self._read[context.id]

    def _check(self) -> None:
        for table in self._tables:
            self._stand.check_inputs(table, [p for p in table.build.parameters if p != self._name])
            if read_at_once(self._stand.new, table):
                raise UnfitError(f"{table.name} tells of rows of {read_at_once(self._stand.new, table)[0]} besides")
            if len(table.contract.stream) > 1:
                raise UnfitError(f"{table.name} streams several queries")
        for partial in self._step.partials:
            table = self._stand.new.tables[partial.table]
            if not table.contract.summed_by:
                raise UnfitError(f"{partial.table} does not say by what it is summed up (summed_by)")
            self._stand.check_inputs(table, partial.parameters[1:])
            for name in partial.parameters[1:]:
                if name in self._stand.new.tables:
                    self._stand.check_same_table(table, name)
        for name in {*self._step.built, *(p.table for p in self._step.partials if NIGHT in p.parameters)}:
            if self._stand.is_other_night(name):
                raise UnfitError(f"{name} asks for what is another every night")
        if self._stand.new.corrections_of(self._name):
            raise UnfitError(f"there are corrections of {self._name}")

    def _changed_rows(self) -> tuple[Numbers, Numbers]:
        """Return the numbers of the rows that are gone since, and of those that came."""
        old, new = self._old, self._new
        same = (old.columns, old.key, old.survivor, old.group_by) == (new.columns, new.key, new.survivor, new.group_by)
        if not same or _content(new)[: len(old.blocks)] != _content(old):
            raise UnfitError(f"{self._name} was read anew")
        first = sum(block.rows for block in old.blocks)
        rows = sum(block.rows for block in new.blocks)
        superseded = all_superseded(self._stand.new.raw, new)
        gone = np.setdiff1d(superseded, all_superseded(self._stand.old.raw, old))
        came = np.setdiff1d(np.arange(first, rows), superseded)
        return gone[gone < first], came

    def _touched(self, kept: KeptFiles, gone: Numbers) -> tuple[_Touched, int]:
        """Find the rows that something touches, and count all."""
        if not len(gone) and not any(map(self._stand.may_touch, self._tables)):
            return _Touched.joined([], self._step.built), self._new.rows
        groups = self._groups_of(kept, gone) if self._new.group_by else None
        found, count = [], 0
        for part, seen in self._parts(kept):
            mask = part.standing & self._is_touched(part, gone)
            if groups:
                mask |= part.standing & groups.mask(_columns(part.rows, self._name, self._new.group_by))
            found.append(_Touched.of(part, mask, seen))
            count += int(part.standing.sum())
        return _Touched.joined(found, self._step.built), count

    def _groups_of(self, kept: KeptFiles, gone: Numbers) -> Among:
        """Find the groups of the touched rows: a row hangs on the others of its group."""
        groups = [pa.table({name: pa.nulls(0) for name in self._new.group_by})]
        for part, _ in self._parts(kept):
            mask = part.standing & self._is_touched(part, gone)
            rows = part.rows.filter(pa.array(mask))
            if len(rows):
                groups.append(_columns(rows, self._name, self._new.group_by))
        return Among(pa.concat_tables(groups, promote_options="permissive"))

    def _is_touched(self, part: Part, gone: Numbers) -> Mask:
        mask = _is_in(part.column(ROW), gone)
        for table in self._tables:
            mask |= self._stand.touched_by(table, part, table.name)
        return mask

    def _parts(self, kept: KeptFiles) -> Iterator[tuple[Part, dict[str, int]]]:
        """Read what is kept, with the number of the rows of each table that are published in the parts before."""
        seen = dict.fromkeys(self._step.built, 0)
        for part in kept.parts():
            yield part, dict(seen)
            for name in seen:
                seen[name] += int((part.rows.column(fate_of(name)).to_numpy() == PUBLISHED).sum())

    def _same(self, old: "_Built", new: "_Built") -> Numbers:
        """Return the numbers of the rows of which the same was made: nothing that touched them made a difference."""
        common, before, after = np.intersect1d(old.frame.index, new.frame.index, return_indices=True)
        same = np.ones(len(common), dtype=bool)
        for table in self._tables:
            frames = old.built[table.name].iloc[before], new.built[table.name].iloc[after]
            same &= same_rows(*frames) & ~self._stand.refers_to_others(table, frames[1])
        return common[same]

    def _built(self, context: Context, some: SomeRows, numbers: Numbers, *, are_others: bool = True) -> "_Built":
        """Build rows of the query, as a context has it. are_others: whether they are others than are published."""
        raw = self._new
        rows = some.read(numbers, context.corrections_of(self._name))
        inputs = self._inputs(context)
        out = losers(rows.frame, raw.key, raw.survivor, raw.file)
        if len(out) and not raw.survivor:
            raise doubled_rows(raw.file, rows.frame.iloc[out], raw.key, context.personal[self._name])
        doubles = [(doubled_key(self._name), row) for row in as_json(rows.frame.iloc[out])]
        rejects = hide_rejects(context, self._name, [*rows.rejects, *doubles])
        frame = all_but(rows.frame, out)
        parts = parts_of(raw, frame.index, frame.index.to_numpy(), hashes(frame, raw.key, raw.file))
        found = _Built(len(numbers), frame, rejects, parts)
        for table in self._tables:
            night = WatchedNight(context.night)
            found.built[table.name] = built_by_row(context, table, self._name, frame, inputs, night)
            found.asked[table.name] = set(night.asked)
        if context is self._stand.new and are_others:
            for table in self._tables:
                again = given_first(_built_again, context, table, self._name, frame, inputs)
                self._stand.check_references(table, found.built[table.name], inputs.frames, again)
        return found

    def _judge(self, context: Context, found: "_Built") -> None:
        """Check what was built."""
        inputs = self._inputs(context)
        found.frames[self._name] = self._with_parts(self._name, found.frame, found)
        for table in self._tables:
            checked = check(found.built[table.name], table.contract, inputs.members)
            every = [*found.rejects, *checked.rejects]
            found.rows[table.name] = Rows(checked, checked.table, found.handed, every)
            found.frames[table.name] = self._with_parts(table.name, checked.sound, found)

    def _with_parts(self, of: str, frame: pd.DataFrame, built: "_Built") -> pd.DataFrame:
        return with_parts(self._stand.new, self._step, of, frame, built.parts)

    def _summaries(
        self, kept: KeptFiles, among: Mapping[str, Among], every: "_Built", known: Numbers
    ) -> dict[str, Summary]:
        """Summarize again what is touched: all rows that have the same values in what a summary goes by.

        among: of each partial, these; every: what was built of rows whose old places among what is kept are known.
        """
        if not any(among.values()):
            return {name: Summary(self._stand.kept(name), np.empty(0, np.int64), None) for name in self._partials}
        self._judge(self._stand.new, every)
        made: dict[str, list[pa.Table]] = {name: [] for name in self._partials}
        for beside, within in _portions(self._beside(kept, among, known)):
            rows = read_some(self._stand.new.raw, self._new, beside)
            built = self._built(self._stand.new, rows, beside, are_others=False)
            self._judge(self._stand.new, built)
            for name, partial in self._partials.items():
                frames = (each.frames[partial.stream] for each in (every, built))
                made[name] += self._summed_up(partial, among[name], [_within(frame, within) for frame in frames])
        return {name: summary_of(self._stand, name, among[name], made[name]) for name in self._partials}

    def _summed_up(self, partial: Partial, among: Among, frames: Sequence[pd.DataFrame]) -> list[pa.Table]:
        """Let a partial summarize the rows that are among some; nothing where there are none."""
        chosen = [frame[among.mask(comparables(frame, among.columns))] for frame in frames if len(frame)]
        chosen = [frame for frame in chosen if len(frame)]
        if not chosen:
            return []
        frame = pd.concat(chosen).sort_index() if len(chosen) > 1 else chosen[0]
        context = self._stand.new
        inputs = self._inputs(context).frames | {partial.stream: frame}
        made = summarized_by(context, partial, inputs, WatchedNight(context.night))
        return [pa.Table.from_pandas(made, preserve_index=False)]

    def _units(self, partial: Partial, touched: _Touched, new: "_Built") -> pa.Table:
        """Return what rows have in the columns that a summary goes by, of those that are in one."""
        by = self._stand.new.tables[partial.table].contract.summed_by
        parts = [touched.columns(partial.stream, by)] if len(touched.rows) else []
        whole = self._with_parts(partial.stream, new.built.get(partial.stream, new.frame), new)
        units = pa.concat_tables([*parts, comparables(whole, by)], promote_options="permissive")
        for column in self._stand.new.tables[partial.table].contract.summed_where:
            units = units.filter(pc.is_valid(units.column(column)))
        return units

    def _beside(self, kept: KeptFiles, among: Mapping[str, Among], known: Numbers) -> Numbers:
        """Find the rows that are summarized with touched ones, and are not built yet."""
        found = []
        for part in kept.parts([ROW, *self._columns_of_partials()]):
            mask = np.zeros(len(part.rows), dtype=bool)
            for name, partial in self._partials.items():
                mask |= among[name].mask(_columns(part.rows, partial.stream, among[name].columns))
            mask &= part.standing
            mask &= ~_is_in(np.arange(part.first, part.first + len(part.rows)), known)
            found.append(part.column(ROW)[mask])
        rows = np.unique(joined(found))
        return self._whole_groups(kept, rows) if self._new.group_by and len(rows) else rows

    def _whole_groups(self, kept: KeptFiles, rows: Numbers) -> Numbers:
        """Add the rows of the same groups, on which they hang: none of these is touched, or all would be."""
        columns = [ROW, *(f"{self._name}:{name}" for name in self._new.group_by)]
        every = [
            part.rows.filter(pa.array(part.standing & _is_in(part.column(ROW), rows))) for part in kept.parts(columns)
        ]
        groups = Among(_columns(pa.concat_tables(every, promote_options="permissive"), self._name, self._new.group_by))
        found = []
        for part in kept.parts(columns):
            mask = part.standing & groups.mask(_columns(part.rows, self._name, self._new.group_by))
            found.append(part.column(ROW)[mask])
        return np.unique(joined(found))

    def _columns_of_partials(self) -> list[str]:
        tables = self._stand.new.tables
        every = [f"{p.stream}:{c}" for p in self._partials.values() for c in tables[p.table].contract.summed_by]
        return list(dict.fromkeys(every))

    def _keep(self, kept: KeptFiles, touched: _Touched, new: "_Built") -> Kept:
        """Keep what became of the rows that were built."""
        if not len(new.frame):
            return grown(self._stand.new.folder, self._step.name, kept, None, touched.places)
        rows = KeptRows(new.frame.index.to_numpy())
        names = columns_kept(self._stand.new, self._step)
        rows.take(self._with_parts(self._name, new.frame, new), names[self._name], self._name)
        for name in self._step.built:
            rows.take(self._with_parts(name, new.built[name], new), names[name], name)
            rows.judge(name, new.built[name], new.frames[name])
        file = rows.write(self._stand.new.folder, self._step.name, len(kept.kept.files))
        return grown(self._stand.new.folder, self._step.name, kept, file, touched.places)

    def _check_unique(self, kept: KeptFiles, touched: _Touched, new: "_Built") -> None:
        """Raise where a table holds the key of a row twice, whose keys are others than those of the query's rows."""
        for table in self._tables:
            key = table.contract.built_key
            if key == self._new.key:
                built = new.built[table.name]
                if np.array_equal(hashes(built, key, table.name), hashes(new.frame, key, table.name)):
                    continue
                raise UnfitError(f"{table.name} has other keys than the rows of {self._name}")
            frame = new.frames[table.name]
            out = losers(frame, key, (), table.name)
            if len(out):
                raise doubled_rows(table.name, frame.iloc[out], key, table.contract.personal)
            mine, known = Among(comparables(frame, key)), touched.places
            for part in kept.parts([fate_of(table.name), *(f"{table.name}:{name}" for name in key)]):
                again = part.standing & mine.mask(_columns(part.rows, table.name, key))
                again &= part.rows.column(fate_of(table.name)).to_numpy() == PUBLISHED
                again &= ~_is_in(np.arange(part.first, part.first + len(part.rows)), known)
                if again.any():
                    raise UnfitError(f"rows of {table.name} have the key of another")


def _built_again(
    context: Context, table: TableFile, stream: str, frame: pd.DataFrame, inputs: Inputs, frames: Frames
) -> pd.DataFrame:
    """Build rows of a query with other frames beside them."""
    return built_by_row(context, table, stream, frame, replace(inputs, frames=dict(frames)), context.night)


@dataclass
class _Built:
    """Rows of a query and what tables made of them. handed: how many went in; rejects: those that cannot be read.

    parts: by which partials may part the rows.
    built: what build returned; asked: of the night. rows, frames: what became of them, and what partials get.
    """

    handed: int
    frame: pd.DataFrame
    rejects: list[Reject]
    parts: pd.DataFrame
    built: dict[str, pd.DataFrame] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)

    def without(self, numbers: Numbers) -> "_Built":
        """Leave rows out, by their numbers; the others are to be judged."""
        out = np.flatnonzero(_is_in(self.frame.index.to_numpy(), numbers))
        built = {name: all_but(frame, out) for name, frame in self.built.items()}
        return _Built(self.handed - len(out), all_but(self.frame, out), self.rejects, self.parts, built, self.asked)


def _within(frame: pd.DataFrame, numbers: range) -> pd.DataFrame:
    """Return the rows of a frame, whose index ascends, with numbers in a range."""
    begin, end = np.searchsorted(frame.index, [numbers.start, numbers.stop])
    return frame.iloc[begin:end]


def _portions(beside: Numbers) -> Iterator[tuple[Numbers, range]]:
    """Part numbers of rows that ascend, so that few are in memory at once; tells the range of all rows of each part."""
    first = 0
    for begin in range(0, max(len(beside), 1), _ROWS_AT_ONCE):
        end = begin + _ROWS_AT_ONCE
        last = int(beside[end]) if end < len(beside) else 2**62
        yield beside[begin:end], range(first, last)
        first = last


def _content(table: object) -> list[tuple[str, int]]:
    return [(block.sha256, block.rows) for block in table.blocks]  # type: ignore[attr-defined]


def _columns(rows: pa.Table, of: str, names: Sequence[str]) -> pa.Table:
    return rows.select([f"{of}:{name}" for name in names]).rename_columns(list(names))


def _is_in(values: Numbers, some: Numbers) -> Mask:
    """Tell which values are among some in ascending order."""
    if not len(some):
        return np.zeros(len(values), dtype=bool)
    found: Mask = some[np.minimum(np.searchsorted(some, values), len(some) - 1)] == values
    return found
