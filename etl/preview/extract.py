"""The slice that a preview is of: the first rows of each query, from its source, or from the newest raw run."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from config import Settings
from etl.company.queries import Query
from etl.company.tables import TableFile
from etl.core.clock import night_binds
from etl.core.errors import UsageError
from etl.core.manifest import Block, RawManifest, RawTable
from etl.core.origin import origin_of
from etl.core.runs import Store, check_origin
from etl.download.extract import raw_table
from etl.download.mssql.derived import derived
from etl.download.source import Plan, Source, told_without_values
from etl.download.stage import needed_sources, source_of
from etl.download.writer import RawWriter
from etl.preview.members import condition, query_of
from etl.transform.raw import read_whole, superseded

_SECONDS = 60
"""The longest that a query may take, unless SOURCE_STATEMENT_SECONDS says so: a preview is waited for."""


_QUOTES = {"postgres": '"{}"', "sqlite": '"{}"', "duckdb": '"{}"', "mysql": "`{}`"}
"""How a name is written as it is, where that is as the query has it."""


def sliced(query: Query, rows: int, where: str = "") -> Query:
    """Return a query with the first rows of what it gives; its own lines keep their numbers. where: a condition."""
    before, inner = "", f"({query.sql}\n)"
    alias, top, limit = " AS q", "", f" LIMIT {rows}"
    if query.dialect == "tsql":
        before, inner = derived(query.sql)
        top, limit = f" TOP {rows}", ""
    elif query.dialect == "oracle":
        alias, limit = " q", f" FETCH FIRST {rows} ROWS ONLY"
    condition = f" WHERE {where}" if where else ""
    sql = f"{before}SELECT{top} * FROM {inner}{alias}{condition}{limit}"
    return replace(query, sql=sql, partition_on=None)


@dataclass
class Slices:
    """Slices under way. limits: how many rows are wanted of each query."""

    run: str
    folder: Path
    settings: Settings
    queries: Mapping[str, Query]
    limits: Mapping[str, int]
    tables: dict[str, RawTable] = field(default_factory=dict)

    def read(self, names: Iterable[str], where: str = "") -> None:
        """Extract the first rows of some queries, or those of a condition in their place, from one snapshot each."""
        chosen = [sliced(self.queries[name], self.limits[name], where) for name in names]
        with ExitStack() as stack:
            binds: dict[str, str] = {}
            needed = needed_sources(self.settings, chosen)
            sources = {each: stack.enter_context(source_of(self.settings, each, binds)) for each in needed}
            as_of = min(source.as_of for source in sources.values())
            binds |= night_binds(as_of, self.settings.business_time_zone, self.settings.window_years)
            plans = [_planned(sources[query.source], query) for query in chosen]  # all, before the first is read
            for plan in plans:
                source, path = sources[plan.query.source], self.folder / f"{plan.query.name}.csv"
                path.unlink(missing_ok=True)
                with told_without_values(plan.query):
                    written = source.extract(plan, path, None).written
                self.tables[plan.query.name] = raw_table(self.run, plan, source, [written], 0)

    def complete(self, star: Mapping[str, TableFile], name: str) -> list[str]:
        """Read of each dimension that was cut the members that are referred to; returns of which queries."""
        done: list[str] = []
        open_ones = [name]
        while open_ones:
            table = star[open_ones.pop(0)]
            own = query_of(table, star)
            for dimension in dict.fromkeys(each.dimension for each in table.contract.relationships):
                theirs = query_of(star[dimension], star)
                if own in self.tables and theirs in self.tables and theirs not in done and own != theirs:
                    is_cut = self.tables[theirs].rows >= self.limits[theirs]
                    if is_cut and (where := self._members(table, own, star[dimension], theirs)):
                        self.read([theirs], where)
                        done.append(theirs)
                    open_ones.append(dimension)
        return done

    def _members(self, table: TableFile, own: str, dimension: TableFile, theirs: str) -> str:
        refer = [each for each in table.contract.relationships if each.dimension == dimension.name]
        rows = read_whole(self.folder, self.tables[own]).frame
        names = [column.name for column in self.tables[theirs].columns]
        where = condition(refer, rows, dimension.contract, names)
        quote = _QUOTES.get(self.queries[theirs].dialect)
        if not quote:
            return ""
        return where.format(*(quote.format(name) for name in dimension.contract.natural_key)) if where else ""


def from_sources(
    settings: Settings,
    store: Store,
    queries: Mapping[str, Query],
    limits: Mapping[str, int],
    star: Mapping[str, TableFile],
    name: str,
) -> list[str]:
    """Extract the first rows of some queries into a raw run of its own; returns what a person ought to know of it.

    limits: how many of each; star: the tables, of which that of a name is to be shown.
    """
    settings = settings.model_copy(
        update={"source_statement_seconds": settings.source_statement_seconds or _SECONDS, "source_connections": 1}
    )
    run = store.new_run()
    with store.raw.working(run) as folder:
        slices = Slices(run, folder, settings, queries, limits)
        slices.read(limits)
        done = slices.complete(star, name) if name in star else []
        _commit(settings, store, run, folder, slices.tables)
    return [f"Of {', '.join(done)} what is referred to was read."] if done else []


def _planned(source: Source, query: Query) -> Plan:
    with told_without_values(query):
        return source.plan(query)


def from_raw(
    settings: Settings, kept: Store, store: Store, queries: Mapping[str, Query], limits: Mapping[str, int]
) -> list[str]:
    """Copy the first rows of some queries from the newest raw run; returns what a person ought to know of it."""
    raw = kept.raw.newest("SQLDownloadMain.py")
    check_origin(raw, origin_of(settings), kept.raw.folder)
    if lacking := [name for name in limits if name not in raw.tables]:
        raise UsageError(
            f"The newest raw run {raw.run} has no {', '.join(lacking)}.", "Leave --from-raw out: the source is asked."
        )
    with store.raw.working(raw.run) as folder:
        tables = {name: _copied(raw.tables[name], kept.raw.path(raw.run), folder, limits[name]) for name in limits}
        _commit(settings, store, raw.run, folder, tables)
    changed = [name for name in limits if raw.tables[name].query_sha256 != queries[name].sha256]
    told = [f"The rows are those of raw run {raw.run}."]
    return told + ([f"{', '.join(changed)}: the query was changed since."] if changed else [])


def _copied(table: RawTable, source: Path, folder: Path, rows: int) -> RawTable:
    path, left = folder / table.file, rows
    names = [column.name for column in table.columns]
    with RawWriter(path, names, tuple(names.index(name) for name in table.group_by)) as writer:
        for number, block in enumerate(table.blocks):
            gone = set(superseded(source, table, number).tolist())
            for place, row in enumerate(_rows(source / (block.file or table.file), block)):
                if not left:
                    break
                if place not in gone:
                    writer.write(row)
                    left -= 1
    written = writer.written
    told = {"bytes": written.bytes, "rows": written.rows, "blocks": written.blocks, "receipt": None, "slice": None}
    return table.model_copy(update=told | {"changes": None})


def _rows(path: Path, block: Block) -> Iterator[bytes]:
    """Read the rows of a block as they are: a line break within quotes ends none."""
    with path.open("rb") as file:
        file.seek(block.offset)
        gathered = b""
        while file.tell() < block.offset + block.bytes:
            gathered += file.readline()
            if gathered.count(b'"') % 2 == 0:
                yield gathered
                gathered = b""


def of_nothing(settings: Settings, store: Store) -> None:
    """Make a raw run of no query, for a table that reads none, as a calendar may."""
    run = store.new_run()
    with store.raw.working(run) as folder:
        _commit(settings, store, run, folder, {})


def _commit(settings: Settings, store: Store, run: str, folder: Path, tables: dict[str, RawTable]) -> None:
    manifest = RawManifest(
        run=run,
        stage="raw",
        made_from=None,
        origin=origin_of(settings),
        as_of=min((table.as_of for table in tables.values()), default=datetime.now(UTC)),
        tables=dict(sorted(tables.items())),
        seconds=0,
        peak_memory_mb=0,
    )
    store.raw.commit(folder, manifest, keep=1)
