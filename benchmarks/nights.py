"""Nights of the sample company, one after the other: of all rows, of changes, of nothing new, and of all rows again.

A day of business takes as long here as the night before it did. What `sample change` changes gets times that lie all
over it, and queries have a lag of a second: with the usual quarter of an hour, nights that follow upon each other so
soon would read each other's changes again.
"""

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import psycopg2

from benchmarks.company import SAMPLE, Company
from benchmarks.measure import Measured, measure
from benchmarks.world import DOWNLOAD, LOAD, TRANSFORM, World
from etl.company.queries import read_queries
from etl.core.manifest import RawManifest, StarManifest
from etl.core.runs import Store
from etl.download.changes import changed_since
from sample import changes

FULL, CHANGED, EMPTY, MONTHS = "all rows", "changes", "nothing new", "changes of two months"
"""The kinds of nights."""
STAGES = {"download": DOWNLOAD, "transform": TRANSFORM, "load": LOAD}
_SWEEP = ".sweep"


@dataclass(frozen=True)
class Night:
    """A night. stages: what each took; changed: how many rows had changed at the source before it."""

    kind: str
    stages: Mapping[str, Measured]
    changed: int
    raw: RawManifest
    star: StarManifest

    @property
    def whole(self) -> Measured:
        """All three stages as one: they run one after the other."""
        every = self.stages.values()
        return Measured(
            sum(one.wall for one in every),
            sum(one.cpu for one in every),
            max(one.peak for one in every),
            sum(one.written for one in every),
        )

    @property
    def said(self) -> str:
        """The log."""
        return "".join(one.said for one in self.stages.values())

    @cached_property
    def extracted(self) -> dict[str, float]:
        """The seconds that each query took, by its name; that for the keys of all rows is called `.sweep`."""
        found = re.findall(r"download (\S+): [\d,]+ rows, [\d.]+ MB in ([\d.]+) s", self.said)
        return {name: float(seconds) for name, seconds in found}

    @property
    def swept(self) -> float:
        """The seconds that the keys of all rows took."""
        return sum(seconds for name, seconds in self.extracted.items() if name.endswith(_SWEEP))

    @property
    def copied(self) -> float:
        """The seconds that it took to copy the DuckDB file."""
        return sum(map(float, re.findall(r"load: copied [\d,.]+ MB of \S+ in ([\d.]+) s", self.said)))

    @property
    def read(self) -> dict[str, int]:
        """The rows that this night read of each query that is read by its changes."""
        layers = {name: table.changes.layers[-1] for name, table in self.raw.tables.items() if table.changes}
        return {name: layer.rows for name, layer in layers.items() if layer.run == self.raw.run}


def run_nights(world: World, rows: int, seed: int, nights: int, timeout: float) -> Iterator[Night]:
    """Run a night of all rows, `nights` times one of changes and one of nothing new, and one of all rows again.

    Before that one there is another of changes, all of which lie within the newest two months; a single night is a
    rehearsal, without these two. rows: how many change at the source before each night of changes. Raises RuntimeError
    where a stage fails, or a night of changes is none.
    """
    last = _night(world, FULL, timeout)
    yield last
    for number in range(nights):
        last = _night(world, CHANGED, timeout, changed=_change(world, rows, seed + number, last))
        yield last
        last = _night(world, EMPTY, timeout)
        yield last
    if nights > 1:
        yield _night(world, MONTHS, timeout, changed=_change(world, rows, seed + nights, last, months=2))
        yield _night(world, FULL, timeout, "--full")


def sample_nights(world: World, sweep: str) -> World:
    """Return the sample company in a folder without runs. sweep: how often the keys of all rows are compared."""
    shutil.rmtree(world.folder, ignore_errors=True)
    world.folder.mkdir(parents=True)
    return replace(world, company=_with_lag(SAMPLE, world.folder / "queries", sweep))


def rows_since(world: World, night: Night) -> int:
    """Count the rows whose watermark says that they changed since the night before, or within the lag."""
    queries, counted = read_queries(world.company.queries, {world.company.source: "postgres"}), 0
    with closing(psycopg2.connect(world.url)) as connection, connection.cursor() as cursor:
        for name in night.read:
            changes_, query = night.raw.tables[name].changes, queries[name]
            since = changes_.layers[-1].since if changes_ else None
            plain = replace(query, sql=world.plain_query(name), survivor=())
            cursor.execute(f"SELECT count(*) FROM ({changed_since(plain, since or '-infinity').sql}) AS changed")
            counted += int(cursor.fetchall()[0][0])
    return counted


def _with_lag(company: Company, folder: Path, sweep: str) -> Company:
    folder.mkdir()
    for path in company.queries.glob("*.sql"):
        text = re.sub(r"(?m)^-- sweep: .*$", f"-- sweep: {sweep}", path.read_text(encoding="utf-8"))
        text = re.sub(r"(?m)^(-- watermark: .*)$", r"\1\n-- lag: 1 s", text)
        (folder / path.name).write_text(text, encoding="utf-8")
    return replace(company, queries=folder)


def _change(world: World, rows: int, seed: int, last: Night, months: int | None = None) -> int:
    """Change the source, the times of what changed all over the time since the last night; returns how many rows."""
    changed = changes.change(world.url, rows=rows, seed=seed, months=months)
    with closing(psycopg2.connect(world.url)) as connection, connection, connection.cursor() as cursor:
        for table in changed:
            since = "%(since)s + random() * (updated_at - %(since)s)"
            cursor.execute(f"UPDATE {table} SET updated_at = {since} WHERE updated_at > %(since)s",
                           {"since": last.raw.as_of})  # fmt: skip
    return sum(sum(kinds.values()) for kinds in changed.values())


def _night(world: World, kind: str, timeout: float, *options: str, changed: int = 0) -> Night:
    stages = {}
    for stage, script in STAGES.items():
        command = world.ours(world.folder, script, *(options if script == DOWNLOAD else ()))
        stages[stage] = measured = measure(command, world.folder, timeout, memory_mb=1e9)
        if measured.error:
            raise RuntimeError(f"{script}: {measured.error}")
        told = f"{measured.wall:.2f} s, {measured.cpu:.2f} s of CPU, {measured.peak:,.0f} MB"
        print(f"{world.rows:,} contracts, {kind}, {stage}: {told}", file=sys.stderr, flush=True)
    store = Store(world.folder / "data")
    night = Night(kind, stages, changed, store.raw.newest(""), store.star.newest(""))
    if kind != FULL and (why := re.findall("all rows are (?:read|built): .*", night.said)):
        raise RuntimeError(f"A night of {kind} was one of all rows: {'; '.join(why)}")
    return night
