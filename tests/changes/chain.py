"""A chain of nights of one company, each compared with the reference."""

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from config.paths import ROOT
from etl import load, published
from etl.core.duckdb_session import session
from etl.core.manifest import RawManifest, StarManifest, StarTable
from tests.called import etl
from tests.changes.company import TABLES, WATCHED, write_queries
from tests.changes.events import DEEDS, OLD, START, Event, Source
from tests.changes.kills import AFTER, BEFORE, EARLY, Kill, killed
from tests.changes.reference import Built, Reference, Rows, build, counts_of, in_order
from tests.download.company import Company, Ended
from tests.published import reading

_DAY = dt.timedelta(days=1)


@dataclass
class Seen:
    """What chains did: counters without which nobody knows whether their nights were worth comparing.

    pairs: by two kinds of events that happened in a row; compared: looks at what is published; nights: those that
    extracted something, without those that were asked for in full; by_changes: those of them in which all watched
    queries were read by their changes; stars: those made of such nights by the same table files as the one that was
    published; of_changes: those of them whose fact says by what it differs from an earlier one; whole: the undisturbed
    nights, which took `seconds`.
    """

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: int = 0
    compared: int = 0
    nights: int = 0
    by_changes: int = 0
    stars: int = 0
    of_changes: int = 0
    whole: int = 0
    seconds: float = 0
    references: int = 0
    reference_seconds: float = 0

    def __add__(self, other: "Seen") -> "Seen":
        """Add up what two chains did."""
        return Seen(**{name: value + getattr(other, name) for name, value in vars(self).items()})


class Chain:
    """Nights of one company. published: the star that readers see."""

    def __init__(self, source: Source, folder: Path, number: int, seen: Seen) -> None:
        """Fill the source by a number, begin a long transaction, and run the first two nights."""
        settings = {
            "TABLES_DIR": str(source.tables),
            "WORKERS": "1",
            "SOURCE_CONNECTIONS": "1",
            "WINDOW_YEARS": "1",
            "KEEP_RUNS": "8",
        }
        self._company = Company(folder / "company", {"shop": source.url}, settings, published.head)
        write_queries(self._company.folder / "queries")
        self._reference = Reference(self._company, folder / "reference")
        self._source, self._seen = source, seen
        self._expected: dict[str, dict[str, Built]] = {}
        self._counted: set[str] = set()
        self._published = ""
        source.fill(number)
        source.do(Event("transaction", number))
        for options in (["--full"], []):
            self._source.dawn()
            self._night(*options)
            source.do(Event("insert", number))

    def run(self, events: Sequence[Event]) -> None:
        """Let events happen, one after the other. Raises AssertionError where a night is not what it ought to be."""
        before = ""
        for event in events:
            self._seen.events += 1
            self._source.pass_late()
            if event.kind in DEEDS:
                self._source.do(event)
            else:
                NIGHTS[event.kind](self, random.Random(f"{event.kind} {event.number}"))
            self._seen.pairs[before, event.kind] += 1
            before = event.kind

    def night(self, draw: random.Random) -> None:
        """Run a night."""
        self._source.dawn()
        self._night()

    def full_night(self, draw: random.Random) -> None:
        """Run one that reads all rows."""
        self._source.dawn()
        self._night("--full")

    def night_since(self, draw: random.Random) -> None:
        """Run one that reads the changes of more days, because rows came with the times of then."""
        self._source.restore_rows(draw)
        self._source.dawn()
        self._night("--since", f"{START - 2 * OLD:%Y-%m-%d}")

    def build_again(self, draw: random.Random) -> None:
        """Run a night, then build and publish the same rows by another table file."""
        self._source.dawn()
        self._night()
        self._source.change_table_file(draw)
        ended = self._stage(1)
        assert ended.code == 0, ended.err
        self._built()
        self._load()

    def miss(self, draw: random.Random) -> None:
        """Let days pass without a night."""
        self._source.now += _DAY * draw.choice([1, 2, 6, 30])

    def refused(self, draw: random.Random) -> None:
        """Run a night that a guard refuses, and do away with its reason."""
        self._source.dawn()
        self._source.lose_regions(draw)
        ended = self._company.download()
        if not ended.code:
            ended = self._stage(1)
            assert ended.code == 0, ended.err
            ended = self._call_load()
        assert ended.code == 3, ended.err
        self._built()
        self._source.restore_regions()
        self._check()

    def killed_early(self, draw: random.Random) -> None:
        """Kill a night in stage 1 or 2."""
        self._killed(draw.choice(EARLY))

    def killed_before(self, draw: random.Random) -> None:
        """Kill one in stage 3, before it is published; at times a person runs that stage again."""
        self._killed(draw.choice(BEFORE))
        if draw.random() < 0.3:
            self._load()

    def killed_after(self, draw: random.Random) -> None:
        """Kill one in stage 3, when it is published, and the data folder does not know."""
        self._killed(draw.choice(AFTER))
        self._published = self._company.store.star.committed()[-1]
        self._check()

    def undo(self, draw: random.Random) -> None:
        """Publish again what was published before, or at some time."""
        loaded = {each.run: str(each.made_from) for each in self._company.store.loaded.kept()}
        kept = [run for run, star in loaded.items() if star in self._stars]
        chosen = draw.choice(kept) if draw.random() < 0.3 else ""
        if not chosen and self._undo().returncode == 2:  # the newest publish has left no receipt, or nothing is before
            chosen = draw.choice(kept)
        if chosen:
            self._undo("--to", chosen)
        self._published = loaded[chosen] if chosen else str(self._company.store.loaded.newest("").made_from)
        self._check()

    def _undo(self, *options: str) -> CompletedProcess[str]:
        ended = etl("undo", self._company.env, *options)
        if ended.returncode == 3:
            ended = etl("undo", self._company.env, *options, *_accepting(ended.stderr))
        assert ended.returncode == 0 or (ended.returncode == 2 and not options), ended.stderr
        return ended

    @property
    def _stars(self) -> list[str]:
        return self._company.store.star.committed()

    def _stage(self, number: int, *options: str) -> Ended:
        """Run a stage; where a guard refuses it in passing, a person looks, and accepts."""
        if number < 2:
            return build(self._company) if number else self._company.download(*options)
        ended = self._call_load()
        if ended.code == 3:
            ended = self._call_load(*_accepting(ended.err))
        return ended

    def _call_load(self, *options: str) -> Ended:
        return self._company.call(ROOT / "LoadFilesBQ.py", load.run, *options)

    def _night(self, *options: str) -> None:
        began = time.monotonic()
        for stage in range(3):
            ended = self._stage(stage, *(() if stage else options))
            assert ended.code == 0, ended.err
        self._source.late_for -= 1
        self._seen.whole += 1
        self._seen.seconds += time.monotonic() - began
        self._built(full="--full" in options)
        self._published = self._stars[-1]
        self._check()

    def _load(self) -> None:
        """Publish the newest star, whatever was before."""
        ended = self._stage(2)
        assert ended.code == 0, ended.err
        self._published = self._stars[-1]
        self._check()

    def _killed(self, kill: Kill) -> None:
        """Run a night until it is killed."""
        self._source.dawn()
        for stage in range(kill.stage):
            ended = self._stage(stage)
            assert ended.code == 0, ended.err
        killed(kill, lambda: self._stage(kill.stage))
        self._built()
        if kill not in AFTER:
            self._check()

    def _built(self, *, full: bool = False) -> None:
        """Let the reference build the star that the company has committed, if it has."""
        self._count(full=full)
        for run in self._stars:
            if run not in self._expected:
                began = time.monotonic()
                expected = self._expected[run] = self._reference.build()
                self._seen.references += 1
                self._seen.reference_seconds += time.monotonic() - began
                self._check_star(self._company.store.star.read(run), expected)

    def _check_star(self, star: StarManifest, expected: dict[str, Built]) -> None:
        """Compare what a star's manifest counts, and what it says that it changed."""
        assert set(star.tables) == set(expected) == set(TABLES)
        for name, table in star.tables.items():
            found, wanted = counts_of(table), expected[name].counts
            differing = {what: (found[what], wanted[what]) for what in found if found[what] != wanted[what]}
            assert not differing, f"{name}: counts of star {star.run}: {differing}"
            self._check_change(star.run, name, table, expected[name])

    def _check_change(self, run: str, name: str, table: StarTable, expected: Built) -> None:
        """See that a table is the one that it says it changed, less the removed rows, and the added ones."""
        if table.change is None:
            return
        folder = self._company.store.star.path(run)
        rows = Counter(map(repr, self._expected[table.change.on][name].rows))
        rows.subtract(map(repr, _read([folder / file.name for file in table.change.removed])))
        rows.update(map(repr, _read([folder / file.name for file in table.change.added])))
        assert +rows == Counter(map(repr, expected.rows)), f"{name}: change of star {run} on {table.change.on}"
        assert min(rows.values(), default=0) >= 0, f"{name}: removes rows that star {table.change.on} has not"

    def _check(self) -> None:
        """Compare what is published with what the reference built of that star."""
        self._seen.compared += 1
        expected = self._expected[self._published]
        with reading(self._company.data / "warehouse.duckdb") as db:
            newest = "SELECT table_name, star_run, row_count, rejected FROM etl_runs"
            newest += " QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY run_id DESC) = 1"
            told = {name: tuple(rest) for name, *rest in db.execute(newest).fetchall()}
            for name, built in expected.items():
                counts = built.counts["rows"], sum(built.counts["rejected"].values())
                assert told[name] == (self._published, *counts), f"{name}: etl_runs tells {told[name]}"
                columns = ", ".join(f'"{column}"' for column in built.columns)
                rows = in_order(db.execute(f"SELECT {columns} FROM {name}").fetchall())
                assert rows == built.rows, _differences(name, built, rows)

    def _count(self, *, full: bool) -> None:
        """Count whether what was extracted and built since is by what changed."""
        store = self._company.store
        for run in set(store.raw.committed()) - self._counted:
            self._counted.add(run)
            self._seen.nights += not full
            self._seen.by_changes += not full and _is_by_changes(store.raw.read(run))
        for run in set(store.star.committed()) - set(self._expected):
            star = store.star.read(run)
            is_like_before = self._published in self._stars and store.star.read(self._published).code == star.code
            if not full and is_like_before and _is_by_changes(store.raw.read(str(star.made_from))):
                self._seen.stars += 1
                self._seen.of_changes += star.tables["fact_sale"].change is not None


NIGHTS: dict[str, Callable[[Chain, random.Random], None]] = {
    "night": Chain.night,
    "full night": Chain.full_night,
    "night since": Chain.night_since,
    "built again": Chain.build_again,
    "missed nights": Chain.miss,
    "refused": Chain.refused,
    "killed early": Chain.killed_early,
    "killed before publishing": Chain.killed_before,
    "killed after publishing": Chain.killed_after,
    "undo": Chain.undo,
}
KINDS = (*DEEDS, *NIGHTS)


def _accepting(said: str) -> list[str]:
    """Give the options by which a person accepts what guards refused, as they say."""
    return ["--accept", *said.rpartition(" --accept ")[2].split()]


def _is_by_changes(raw: RawManifest) -> bool:
    changes = [raw.tables[name].changes for name in WATCHED]
    return all(each and len(each.layers) > 1 for each in changes)


def _read(files: list[Path]) -> list[tuple[Any, ...]]:
    if not files:
        return []
    with session() as db:
        return db.sql(f"SELECT * FROM read_parquet({[str(file) for file in files]})").fetchall()


def _differences(name: str, built: Built, rows: Rows) -> str:
    """Say which rows are too many, and which are missing."""
    wrong, right = Counter(map(repr, rows)), Counter(map(repr, built.rows))
    more, fewer = sorted((wrong - right).elements()), sorted((right - wrong).elements())
    return f"{name} ({', '.join(built.columns)}): {len(more)} rows too many: {more[:5]}; {len(fewer)} lack: {fewer[:5]}"
