"""The queries of a night that have a watermark: asked for their changes, and put upon what was published."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from etl.company.queries import SINCE, Query
from etl.company.sql import binds_of
from etl.core.head import AskHead
from etl.core.job import Job
from etl.core.log import log
from etl.core.manifest import Missed, RawTable
from etl.download.changes import Question, check_watermark, question
from etl.download.earlier import earlier
from etl.download.extract import extract
from etl.download.layers import Extracted, InFullError, layered
from etl.download.missed import tell_missed
from etl.download.parent import parent_of
from etl.download.source import Plan, Source


class Changing:
    """How each query is asked tonight, and what is made of the answers."""

    def __init__(
        self,
        job: Job,
        sources: Mapping[str, Source],
        queries: Sequence[Query],
        binds: Mapping[str, str],
        ask: AskHead | None,
    ) -> None:
        """Ask the sources how far they can be trusted, before they take their snapshots.

        binds: the night's values; ask: asks the warehouse what is published.
        """
        self._job, self._sources, self._parent = job, sources, parent_of(job, ask)
        watched = [query for query in queries if query.watermark]
        self._horizons = {name: sources[name].horizon() for name in dict.fromkeys(query.source for query in watched)}
        for horizon in self._horizons.values():
            if horizon.remark:
                log.warning("download: %s", horizon.remark)
        self._instead: dict[str, Question] = {}
        self._questions = {query.name: self._question(query, binds) for query in watched}
        self._moving: set[str] = set()
        self.missed: dict[str, Missed] = {}
        self.asked = [each for query in queries for each in self._as_asked(query)]
        """The queries to plan and to extract: those of changes, those of all keys, and the others as they are."""

    def _question(self, query: Query, binds: Mapping[str, str]) -> Question:
        raw = self._parent.raw
        source = self._sources[query.source]
        parent = raw.tables.get(query.name) if raw else None
        if raw and parent and not _is_whole(parent, self._job.store.raw.path(raw.run)):
            log.warning("download %s: files of run %s are gone, or are others", query.name, raw.run)
            parent = None
        lacks = self._parent.why or "nothing of it was published yet"
        found = question(query, parent or lacks, self._horizons[query.source], binds, source.ground_of)
        if self._job.full:  # what it missed is judged by what nights of changes would have read
            if found.parent and SINCE not in binds_of(query.sql, query.dialect):
                self._instead[query.name] = found
            found = found.full
        else:
            found = self._parent.read_again(query, found)
        if self._job.since:
            found = earlier(query, found, self._job.since, binds["business_time_zone"])
        why = "as it is asked for (--full)" if self._job.full else found.why
        if why:
            log.info("download %s: all rows are read: %s", query.name, why)
        return found

    def _as_asked(self, query: Query) -> list[Query]:
        found = self._questions.get(query.name)
        return [query] if found is None else [found.query, *([found.sweep] if found.sweep else [])]

    def check(self, plans: Sequence[Plan]) -> None:
        """Refuse watermarks that are none, and note which rows hang on the clock. Raises ContractError."""
        self._moving = {plan.query.name for plan in plans if plan.reads_clock}
        for plan in plans:
            check_watermark(plan.query, plan.columns)

    def layered(self, tables: dict[str, RawTable], folder: Path) -> dict[str, RawTable]:
        """Put what was extracted upon what was published; what does not fit is extracted in full, in that snapshot."""
        for name, asked in self._questions.items():
            swept = tables.pop(asked.sweep.name) if asked.sweep else None
            table, horizon = tables[name], self._horizons[asked.query.source]
            try:
                if asked.parent and name in self._moving:
                    raise InFullError("a view in it asks the clock, by which its rows change and no watermark does")
                tables[name] = layered(Extracted(asked, table, swept), self._parent_folder, folder, horizon)
            except InFullError as fault:
                log.warning("download %s: all rows are read: %s", name, fault)
                tables[name] = self._in_full(name, asked, table, folder)
            _tell(name, tables[name])
            if name in self._instead and name not in self._moving and self._parent_folder:
                missed = tell_missed(self._instead[name], self._parent_folder, tables[name], folder)
                self.missed |= {name: missed} if missed else {}
            for file in swept.files if swept else ():
                (folder / file).unlink(missing_ok=True)
        return tables

    @property
    def _parent_folder(self) -> Path | None:
        return self._job.store.raw.path(self._parent.raw.run) if self._parent.raw else None

    def _in_full(self, name: str, asked: Question, table: RawTable, folder: Path) -> RawTable:
        """Extract all rows. What cannot be read by its changes at all is a table like those without a watermark."""
        if asked.parent:
            for path in folder.glob(f"{name}.*"):
                path.unlink()
            source, whole = self._sources[asked.query.source], asked.full
            table = extract(self._job, dict(self._sources), [source.plan(whole.query)], folder)[name]
            with suppress(InFullError):
                return layered(Extracted(whole, table), None, folder, self._horizons[asked.query.source])
        return table


def _is_whole(table: RawTable, folder: Path) -> bool:
    """Whether a table's files are there, those of its rows in their length: they are hashed when they are read."""
    there = all(
        (folder / name).is_file() and (folder / name).stat().st_size == size for name, size in table.files.items()
    )
    return there and all(file.is_in(folder) for file in (table.changes.files if table.changes else ()))


def _tell(name: str, table: RawTable) -> None:
    if table.changes and len(table.changes.layers) > 1:
        newest, gone = table.changes.layers[-1], table.changes.gone
        told = f"{newest.rows:,} rows since {newest.since}; {table.rows:,} stand, {gone:,} are superseded"
        log.info("download %s: %s", name, told)
