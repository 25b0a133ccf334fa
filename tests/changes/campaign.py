"""Campaigns: chains of events drawn by a seed, in which each kind of event follows each other one.

    python -m tests.changes.campaign --sequences 200 --seed 1 --processes 2
    python -m tests.changes.campaign --replay "7 insert:12 undo:3"

A round is as many chains as there are kinds of events: each chain has each kind, and all together have each two of
them in a row. A chain that fails is made shorter as long as it fails, and printed: `--replay` does it again.
"""

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count, islice
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

from sample import server
from tests.changes.chain import KINDS, Chain, Seen
from tests.changes.events import Event, Source, make_database

BLOCK_BYTES = 1_500
STAGE_1_BY_CHANGES, STAGE_2_BY_CHANGES = 0.8, 0.5
"""The least share of nights, of those not asked for in full, that are by what changed; of stars of such nights, those
whose fact says by what it differs from an earlier one. Else it would be true of itself."""
_FEW = 3
"""Nights that may be others in any case, so that a short campaign does not fail by its draw."""
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 -- nothing there outlives a chain


@dataclass(frozen=True)
class Chained:
    """A chain: the number by which its source is filled, and its events."""

    number: int
    events: tuple[Event, ...]

    def __str__(self) -> str:
        return " ".join([str(self.number), *map(str, self.events)])

    @classmethod
    def of(cls, text: str) -> "Chained":
        """Read what `str` wrote."""
        number, *events = text.split()
        return cls(int(number), tuple(map(Event.of, events)))


def chains(seed: int, rows: int = 1) -> Iterator[Chained]:
    """Draw chains without end, a number of rows of rounds each; each ends with a night."""
    draw = random.Random(seed)
    kinds: Iterator[list[str]] = chain.from_iterable(around(draw.sample(KINDS, len(KINDS))) for _ in count())
    while True:
        events = [Event(kind, draw.randrange(10**6)) for row in islice(kinds, rows) for kind in row]
        yield Chained(draw.randrange(10**6), (*events, Event("night", 0)))


def around(kinds: Sequence[str]) -> list[list[str]]:
    """Order kinds, an even number of them, in rows so that all together have each pair of two in a row once.

    Each row has each kind once, and one of them twice: the rows of Williams' Latin square.
    """
    size = len(kinds)
    assert size % 2 == 0, "an odd number of kinds needs twice as many rows"
    first = [0, *chain.from_iterable((step, size - step) for step in range(1, size // 2)), size // 2]
    rows = [[kinds[(place + row) % size] for place in first] for row in range(size)]
    return [[*row[:1], *row] for row in rows]


@contextmanager
def small_blocks() -> Iterator[None]:
    """Let blocks be tiny, so that a few rows are many of them, and portions of one block."""
    with (
        mock.patch("etl.download.writer.BLOCK_BYTES", BLOCK_BYTES),
        mock.patch("etl.transform.context._BLOCKS_A_PORTION", 2),
    ):
        yield


def run(chained: Chained, url: str) -> Seen:
    """Run a chain in a database. Raises AssertionError, which names it."""
    seen = Seen()
    with (
        tempfile.TemporaryDirectory(prefix="chain", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as folder,
        small_blocks(),
        Source(url, Path(folder) / "tables") as source,
    ):
        try:
            Chain(source, Path(folder), chained.number, seen).run(chained.events)
        except Exception as fault:
            raise AssertionError(f'--replay "{chained}", at event {seen.events}: {fault}') from fault
    return seen


def shortened(chained: Chained, url: str, seconds: float = 600) -> Chained:
    """Leave out events of a chain as long as it fails, halves first."""
    give_up, size = time.monotonic() + seconds, -(-len(chained.events) // 2)
    while size:
        for first in range(len(chained.events) - size, -size, -size):
            kept = chained.events[: max(first, 0)] + chained.events[max(first + size, 0) :]
            if time.monotonic() < give_up and _fault_of(Chained(chained.number, kept), url):
                chained = Chained(chained.number, kept)
        size //= 2
    return chained


def _fault_of(chained: Chained, url: str) -> str:
    """Say how a chain fails; nothing where it does not."""
    try:
        run(chained, url)
    except AssertionError as fault:
        return "".join(traceback.format_exception(fault.__cause__, limit=-3, chain=False))
    return ""


def check(seen: Seen, chains_run: int) -> None:
    """Refuse a campaign that proves little: pairs that hardly occurred, nights that read all rows, or built all."""
    rounds = chains_run // len(KINDS)
    rare = {f"{first}, {then}": n for first in KINDS for then in KINDS if (n := seen.pairs[first, then]) < rounds}
    assert not rare, f"{len(rare)} pairs of events in a row are too rare: {rare}"
    assert seen.by_changes + _FEW >= STAGE_1_BY_CHANGES * seen.nights, told(seen)
    assert seen.of_changes + _FEW >= STAGE_2_BY_CHANGES * seen.stars, told(seen)


def told(seen: Seen) -> str:
    """Say what was done, in a line."""
    least = min(seen.pairs[first, then] for first in KINDS for then in KINDS)
    return (
        f"{seen.events} events, each pair of kinds in a row at least {least} times; {seen.compared} looks at what is"
        f" published; stage 1 by changes in {seen.by_changes} of {seen.nights}, stage 2 in {seen.of_changes} of"
        f" {seen.stars}; {seen.seconds / max(seen.whole, 1):.2f} s a night,"
        f" {seen.reference_seconds / max(seen.references, 1):.2f} s a star of the reference"
    )


_database = ""


def _begin(url: str) -> None:
    """Give a process of the campaign a database of its own."""
    global _database
    _database = make_database(url, f"nights_{os.getpid()}")


def _ran(chained: Chained) -> tuple[Seen, str]:
    """Run a chain in this process's database; returns what was seen, and how it failed."""
    try:
        return run(chained, _database), ""
    except AssertionError as fault:
        short = shortened(chained, _database)
        return Seen(), f'{fault}\nShortened: --replay "{short}"\n{_fault_of(short, _database)}'


def _replay(text: str) -> int:
    with _server() as url:
        _begin(url)
        print(fault := _fault_of(Chained.of(text), _database))
    return 1 if fault else 0


@contextmanager
def _server() -> Iterator[str]:
    """Run a PostgreSQL of the campaign's own."""
    with tempfile.TemporaryDirectory(prefix="campaign") as folder:
        with server.running(Path(folder)) as url:
            yield url.replace("/cloud?", "/postgres?")
        server.remove(Path(folder))


def main() -> int:
    """Run a campaign; returns 1 where a chain failed, or the campaign proves little."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=len(KINDS), help=f"chains; a round has {len(KINDS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1, help="of a round, that are one chain: longer ones")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--replay", help="a chain that failed")
    asked = parser.parse_args()
    if asked.replay:
        return _replay(asked.replay)
    seen, faults, began = Seen(), 0, time.monotonic()
    with _server() as url, ProcessPoolExecutor(asked.processes, get_context("spawn"), _begin, (url,)) as pool:
        every = islice(chains(asked.seed, asked.rows), asked.sequences)
        for number, (found, fault) in enumerate(pool.map(_ran, every), 1):
            seen, faults = seen + found, faults + bool(fault)
            print(fault or f"{time.monotonic() - began:.0f} s, chain {number}: {told(found)}", flush=True)
    print(f"seed {asked.seed}: {faults} of {asked.sequences} chains failed; {told(seen)}")
    if not faults:
        check(seen, asked.sequences * asked.rows)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
