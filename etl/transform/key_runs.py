"""Natural keys on the disk, sorted: members are found among those known, and new ones numbered, a span at a time.

A run holds the natural keys of some rows in their order, and a number of each: of a member of the key map its surrogate
key, of a row of tonight its position in its part. A span is a range of natural keys that holds about as many rows as
are compared at a time, of all runs together; so no row of one span can have the key of a row of another.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.core.errors import DataError

Numbers = npt.NDArray[np.int64]

AT_ONCE = 500_000
"""Rows that are compared at a time."""
BATCH = 8192
"""Rows of a run that are read at a time: each has a fence, its first key."""
_VALUE, _PART, _KIND = " value", " part", " kind"
_FENCE, _KNOWN, _TONIGHT = -1, 0, 1
_EXAMPLES = 3


@dataclass(frozen=True)
class Run:
    """A file of sorted keys. part: of which part the rows are, None for the key map's; fences: each batch's first."""

    path: Path
    part: int | None
    rows: int
    fences: pa.Table
    batch: int


@dataclass(frozen=True)
class Span:
    """The keys from `low` on and before `high`, tables of one row, None where there is no such bound.

    pieces: the runs that may hold such keys, and their batches, from one on and before another.
    """

    low: pa.Table | None
    high: pa.Table | None
    pieces: tuple[tuple[Path, int | None, int, int], ...]


@dataclass(frozen=True)
class Compared:
    """What a span's rows were found to be.

    path: where it is kept; members: how many; new: how many of them are not known; doubled: how many rows repeat the
    key of another one; examples: some of these.
    """

    path: Path
    members: int
    new: int
    doubled: int
    examples: pa.Table


def write_run(path: Path, part: int | None, natural: pa.Table, values: Numbers, batch: int = BATCH) -> Run:
    """Sort natural keys, each with a number, and keep them."""
    order = pc.sort_indices(natural, sort_keys=_by(natural.column_names))
    ordered = natural.append_column(_VALUE, pa.array(values)).take(order).combine_chunks()
    _write(path, ordered, batch)
    fences = ordered.drop_columns([_VALUE]).take(np.arange(0, len(ordered), batch))
    return Run(path, part, len(ordered), fences, batch)


def write_rows_run(path: Path, part: int | None, rows: pa.Table, key: Sequence[str], batch: int = BATCH) -> Run:
    """Sort rows by their key, and keep all of them. `rows_of_span` reads them."""
    order = pc.sort_indices(rows, sort_keys=_by(list(key)))
    ordered = rows.take(order).combine_chunks()
    _write(path, ordered, batch)
    fences = ordered.select(list(key)).take(np.arange(0, len(ordered), batch))
    return Run(path, part, len(ordered), fences, batch)


def rows_of_span(
    span: Span, key: Sequence[str], schema: pa.Schema, is_wanted: Callable[[int | None], bool]
) -> pa.Table:
    """Read the rows of a span that runs have kept, in the order of their keys. is_wanted: tells by a run's part."""
    tables = [_batches(path, begin, end) for path, part, begin, end in span.pieces if is_wanted(part)]
    rows = pa.concat_tables([schema.empty_table(), *tables])
    bounds = [bound for bound in (span.low, span.high) if bound is not None]
    kinds = [*[_FENCE] * len(bounds), *[_TONIGHT] * len(rows)]
    keys = pa.concat_tables([*bounds, rows.select(list(key))]).append_column(_KIND, pa.array(kinds, pa.int8()))
    order = pc.sort_indices(keys, sort_keys=_by(keys.column_names)).to_numpy()
    fences = np.flatnonzero(order < len(bounds))
    low = int(fences[0]) + 1 if span.low is not None else 0
    high = int(fences[-1]) if span.high is not None else len(order)
    return rows.take(pa.array(order[low:high] - len(bounds))).combine_chunks()


def spans_of(runs: Sequence[Run], at_once: int = AT_ONCE) -> list[Span]:
    """Divide the keys of all runs into spans of about `at_once` rows."""
    runs = [run for run in runs if run.rows]
    if not runs:
        return []
    fences = pa.concat_tables([run.fences for run in runs])
    order = pc.sort_indices(fences, sort_keys=_by(fences.column_names)).to_numpy()
    ordered = fences.take(order)
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.cumsum(_differs(ordered)) - 1
    sizes = np.concatenate([np.diff([*range(0, run.rows, run.batch), run.rows]) for run in runs])[order]
    before = np.cumsum(sizes) - sizes
    begins = np.flatnonzero(before[1:] // at_once > before[:-1] // at_once) + 1
    cuts = np.unique(ranks[order[begins]])
    cuts = cuts[cuts > 0]
    firsts = [ordered.slice(int(np.searchsorted(ranks[order], cut)), 1) for cut in cuts]
    ends = np.cumsum([len(run.fences) for run in runs])
    by_run = np.split(ranks, ends[:-1])
    bounds: list[tuple[int, pa.Table | None]] = [
        (-1, None),
        *zip(cuts.tolist(), firsts, strict=True),
        (len(order), None),
    ]
    return [Span(low, high, tuple(_pieces(runs, by_run, first, end))) for (first, low), (end, high) in pairwise(bounds)]


def _pieces(
    runs: Sequence[Run], ranks: Sequence[Numbers], first: int, end: int
) -> Iterator[tuple[Path, int | None, int, int]]:
    """Find the batches of each run that may hold keys whose ranks are between two fences' ranks."""
    for run, mine in zip(runs, ranks, strict=True):
        begin = max(int(np.searchsorted(mine, first)) - 1, 0)  # the one before may end with such keys
        stop = int(np.searchsorted(mine, end))
        if begin < stop:
            yield run.path, run.part, begin, stop


def compare(span: Span, target: Path, parts: int) -> Compared:
    """Find which of tonight's rows in a span are of known members, and number the others in their keys' order.

    Kept are each part's rows, with the known number, or −1, −2, … for the first new one, the second, …; and the keys of
    the members with these numbers, in order. parts: how many there are.
    """
    rows = _within(span)
    natural = rows.drop_columns([_VALUE, _PART, _KIND])
    tonight = rows.column(_KIND).to_numpy() == _TONIGHT
    values = rows.column(_VALUE).to_numpy()
    begins = _differs(natural)
    members = np.cumsum(begins) - 1
    count = int(members[-1]) + 1 if len(members) else 0
    numbers = np.zeros(count, dtype=np.int64)
    numbers[members[~tonight]] = values[~tonight]
    there = np.bincount(members[tonight], minlength=count)
    new = (numbers == 0) & (there > 0)
    numbers[new] = -1 - np.arange(np.count_nonzero(new))
    _write_numbers(target, rows.column(_PART).to_numpy()[tonight], values[tonight], numbers[members[tonight]], parts)
    told = natural.take(np.flatnonzero(begins)[there > 0]).append_column(_VALUE, pa.array(numbers[there > 0]))
    _write(_keys_path(target), told.combine_chunks(), max(len(told), 1))
    again = natural.take(np.flatnonzero(begins)[there > 1][:_EXAMPLES])
    return Compared(target, len(told), int(np.count_nonzero(new)), int(np.sum(there[there > 1] - 1)), again)


def firsts_of(compared: Sequence[Compared], greatest: int) -> list[int]:
    """Return the number of each span's first new member: the spans' order is that of the keys."""
    return [greatest + 1 + before for before in np.cumsum([0, *(each.new for each in compared)]).tolist()[:-1]]


def numbers_of_part(compared: Sequence[Compared], firsts: Sequence[int], part: int, rows: int) -> Numbers:
    """Return the surrogate keys of a part's rows, in their order."""
    found = np.zeros(rows, dtype=np.int64)
    for each, first in zip(compared, firsts, strict=True):
        places, numbers = _read_numbers(each.path, part)
        found[places] = _final(numbers, first)
    if not found.all():
        raise DataError(f"{compared[0].path.parent}: a row has no surrogate key.", "Report this fault.")
    return found


def members_of_span(compared: Compared, first: int, *, new: bool) -> tuple[pa.Table, Numbers]:
    """Return the natural keys of the members of a span, or of the new ones alone, and their surrogate keys."""
    with _keys_path(compared.path).open("rb") as source:
        table = pa.ipc.open_file(source).read_all()
    numbers = table.column(_VALUE).to_numpy()
    natural = table.drop_columns([_VALUE])
    if new:
        natural, numbers = natural.filter(pa.array(numbers < 0)), numbers[numbers < 0]
    return natural, _final(numbers, first)


def _final(numbers: Numbers, first: int) -> Numbers:
    return np.where(numbers < 0, first - 1 - numbers, numbers)


def _within(span: Span) -> pa.Table:
    """Read the rows of a span in the order of their keys, a known member before tonight's rows of the same key."""
    tables = [_marked(_batches(path, begin, end), part) for path, part, begin, end in span.pieces]
    bounds = [_fence(bound, tables[0].schema) for bound in (span.low, span.high) if bound is not None]
    whole = pa.concat_tables([*bounds, *tables])
    keys = [name for name in whole.column_names if name not in (_VALUE, _PART)]  # the kind is the last of them
    order = pc.sort_indices(whole, sort_keys=_by(keys)).to_numpy()
    fences = np.flatnonzero(order < len(bounds))
    low = int(fences[0]) + 1 if span.low is not None else 0
    high = int(fences[-1]) if span.high is not None else len(order)
    return whole.take(order[low:high]).combine_chunks()


def _marked(rows: pa.Table, part: int | None) -> pa.Table:
    kind = _KNOWN if part is None else _TONIGHT
    rows = rows.append_column(_PART, pa.array(np.full(len(rows), part or 0, dtype=np.int32)))
    return rows.append_column(_KIND, pa.array(np.full(len(rows), kind, dtype=np.int8)))


def _fence(bound: pa.Table, schema: pa.Schema) -> pa.Table:
    """Make a row that comes before all others of the same key."""
    others = [pa.array([value], schema.field(name).type) for name, value in ((_VALUE, 0), (_PART, 0), (_KIND, _FENCE))]
    return pa.table([*bound.columns, *others], schema)


def _batches(path: Path, begin: int, end: int) -> pa.Table:
    with path.open("rb") as source:
        opened = pa.ipc.open_file(source)
        return pa.Table.from_batches([opened.get_batch(number) for number in range(begin, end)])


def _differs(ordered: pa.Table) -> npt.NDArray[np.bool_]:
    """Say of each row whether its key is another than that of the row before it."""
    found = np.ones(len(ordered), dtype=bool)
    if len(ordered) < 2:
        return found
    found[1:] = False
    for column in ordered.columns:
        values = column.combine_chunks()
        found[1:] |= pc.not_equal(values[1:], values[:-1]).to_numpy(zero_copy_only=False)
    return found


def _by(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, "ascending") for name in names]


def _write(path: Path, table: pa.Table, rows: int) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with path.open("wb") as target, pa.ipc.new_file(target, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rows)


def _keys_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.keys")


def _write_numbers(path: Path, parts: npt.NDArray[np.int32], places: Numbers, numbers: Numbers, count: int) -> None:
    """Write where each part begins, then position and number of each row, part by part."""
    order = np.argsort(parts, kind="stable")
    begins = np.append(0, np.cumsum(np.bincount(parts, minlength=count))).astype(np.int64)
    with path.open("wb") as file:
        file.write((begins * 16 + begins.nbytes).tobytes())
        file.write(np.stack([places[order], numbers[order]], axis=1).tobytes())


def _read_numbers(path: Path, part: int) -> tuple[Numbers, Numbers]:
    with path.open("rb") as file:
        file.seek(8 * part)
        first, end = np.frombuffer(file.read(16), dtype=np.int64).tolist()
        file.seek(first)
        found = np.frombuffer(file.read(end - first), dtype=np.int64).reshape(-1, 2)
    if found.nbytes != end - first:
        raise DataError(f"{path} ends too early.", "Run TablesTransformMain.py again.")
    return found[:, 0], found[:, 1]
