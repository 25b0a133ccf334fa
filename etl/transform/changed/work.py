"""What a worker does of a star by its changes: a query's rows, or a table that summarizes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from etl.company.plan import Step
from etl.core.job import peak_memory_mb
from etl.core.manifest import Kept, RawManifest, StarChange, StarTable
from etl.core.memory import trim
from etl.transform.changed.stand import Stand, UnfitError
from etl.transform.changed.stream import StreamChange
from etl.transform.changed.summaries import Summary
from etl.transform.changed.sums import SumChange, kept_summary, whole_of
from etl.transform.changed.table import changed_table
from etl.transform.entry import star_table
from etl.transform.files import Built
from etl.transform.runner import Result
from etl.transform.work import build_whole


@dataclass
class Done:
    """What was made. tables: entries of tables; whole: a table that was built at once; change: by what it differs.

    kept, asked: as in `StarManifest`; summaries: by the table that they are for, by what they summarize.
    """

    tables: dict[str, StarTable] = field(default_factory=dict)
    whole: Built | None = None
    change: StarChange | None = None
    kept: dict[str, Kept] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)
    summaries: dict[str, dict[str, Summary]] = field(default_factory=dict)
    peak_memory_mb: int = 0


def stream_of_changes(stand: Stand, run: str, raw: RawManifest, step: Step) -> Done:
    """Build what changed of the rows of a query. Raises UnfitError."""
    done, found = StreamChange(stand, step).run(), Done()
    for name, difference in done.tables.items():
        found.tables[name] = changed_table(stand, run, raw, name, difference)
        found.asked[name] = {*stand.star.asked.get(name, ()), *difference.asked}
    if done.kept:
        found.kept[step.name] = done.kept
    for name, summary in done.summaries.items():
        found.kept[name] = kept_summary(stand, name, summary)
    for partial in step.partials:
        function = stand.new.tables[partial.table].partials[partial.number]
        found.summaries.setdefault(partial.table, {})[partial.stream] = done.summaries[
            f"{partial.table}.{function.name}"
        ]
    return _ended(found)


def summary_of_changes(stand: Stand, run: str, raw: RawManifest, name: str, summaries: Mapping[str, Summary]) -> Done:
    """Build what changed of a table that summarizes; the whole of it, where any group may. Raises UnfitError."""
    table, found = stand.new.tables[name], Done()
    change = SumChange(stand, table, summaries)
    if change.by and not stand.is_other_night(name):
        difference = change.run()
        found.tables[name] = changed_table(stand, run, raw, name, difference)
        found.asked[name] = {*stand.star.asked.get(name, ()), *difference.asked}
        if difference.kept:
            found.kept[name] = difference.kept
        return _ended(found)
    if any(partial.parameters[0] not in stand.new.tables for partial in table.partials):
        raise UnfitError(f"{name} summarizes a query, and is to be built as a whole")
    given = {stream: whole_of(summary, stand.new) for stream, summary in summaries.items()}
    found.whole, _ = build_whole(stand.new, name, 0, given)
    found.change = stand.change_of(name, star_table(run, raw, stand.new, name, Result([found.whole])))
    found.asked[name] = {*stand.star.asked.get(name, ()), *found.whole.asked}
    if found.whole.kept:
        found.kept[name] = Kept(files=(found.whole.kept,))
    return _ended(found)


def _ended(found: Done) -> Done:
    trim()  # the next piece may be as large
    found.peak_memory_mb = peak_memory_mb()
    return found
