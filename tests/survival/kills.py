"""Killing: which process, when, and what is left of it."""

import os
import random
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.paths import ROOT
from etl.core import nights
from etl.core.runs import Store
from tests.survival.company import Shop

DOWNLOAD, TRANSFORM, LOAD = STAGES = ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py")
WHOLE, WORKER = "night", "a worker"

EVENTS = {
    DOWNLOAD: ("1_raw/.2*", "1_raw/.2*/sales.csv", "1_raw/.2*/manifest.json", "1_raw/2*"),
    TRANSFORM: ("2_star/.2*", "2_star/.2*/dim_*.csv", "2_star/.2*/fact_*.csv", "2_star/.2*/manifest.json", "2_star/2*"),
    LOAD: ("3_loaded/.2*", "warehouse.duckdb.staging", "warehouse.duckdb.new", "warehouse.duckdb", "3_loaded/2*"),
}
"""What the appearance (or, of a file, the replacement) of marks a step of a stage, beneath the data folder."""

_MARK = "TEST_OF_SURVIVAL"
_DEADLINE = 10.0
_SOON = 0.03


@dataclass(frozen=True)
class Moment:
    """When a process is killed: `seconds` after its start, or after the first sight of `event`."""

    kind: str
    seconds: float
    event: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.seconds:.3f} s after {self.event or 'its start'}"


@dataclass
class Killed:
    """How a kill went. alive: whether it hit a process that was at work; half: whether half a run was left behind."""

    moment: Moment
    alive: bool
    half: bool
    code: int
    said: str


def draw(rng: random.Random, kinds: Sequence[str], usual: dict[str, float], count: int) -> list[Moment]:
    """Draw moments of every kind in turn: half of them in time, from start to end, half of them by events."""
    moments = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        stage = {WHOLE: rng.choice(STAGES), WORKER: TRANSFORM}.get(kind, kind)
        if kind == WORKER:  # there is none at the start
            moments.append(Moment(kind, rng.uniform(0, usual[TRANSFORM] / 2), "workers"))
        elif number // len(kinds) % 2:
            moments.append(Moment(kind, rng.uniform(0, _SOON), rng.choice(EVENTS[stage])))
        else:
            moments.append(Moment(kind, rng.uniform(0, usual[kind])))
    return moments


def usual_seconds(shop: Shop) -> dict[str, float]:
    """Tell how long the stages took in the newest night, and the whole of it."""
    record = nights.records(shop.data)[-1]
    seconds = {stage.script: stage.seconds for stage in record.stages}
    return seconds | {WHOLE: sum(seconds.values())}


def kill(shop: Shop, moment: Moment, rng: random.Random) -> Killed:
    """Start what the moment is of, kill it then, and see that no process of it is left."""
    mark = uuid.uuid4().hex
    name = TRANSFORM if moment.kind == WORKER else moment.kind
    process = subprocess.Popen(
        shop.script(name),
        cwd=ROOT,
        env=os.environ | {_MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    before, left = _seen(shop, moment.event), set(left_behind(shop.data))
    _wait(process, lambda: _happened(shop, moment, process.pid, before))
    time.sleep(moment.seconds)  # the moment itself: nothing is waited for
    victims = workers_of(process.pid) if moment.kind == WORKER else [process.pid]
    alive = process.poll() is None and bool(victims)
    if alive:
        os.kill(rng.choice(victims), signal.SIGKILL)
    said = _end_of(process)
    nobody_is_left(mark)
    alive &= moment.kind == WORKER or process.returncode != 0  # it was at its end already: the signal came too late
    return Killed(moment, alive, bool(set(left_behind(shop.data)) - left), process.returncode, said)


def _end_of(process: subprocess.Popen[str]) -> str:
    """Give what a process said that has to end now."""
    try:
        return process.communicate(timeout=60)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError("it hangs, or another process has its output open") from None


def nobody_is_left(mark: str) -> None:
    """Wait until no process has the mark in its environment, and fail where one stays."""
    give_up = time.monotonic() + _DEADLINE
    while left := _marked(mark):
        assert time.monotonic() < give_up, f"processes outlived the one that was killed: {left}"
        time.sleep(0.01)


def workers_of(parent: int) -> list[int]:
    """Give the worker processes of a stage, which are its forks."""
    return [pid for pid in _children(parent) if _read(f"/proc/{pid}/cmdline") == _read(f"/proc/{parent}/cmdline")]


def left_behind(data: Path) -> list[Path]:
    """List what a killed run leaves: hidden folders, and what lies beside the warehouse's file and its lock."""
    found = [path for stage in ("1_raw", "2_star", "3_loaded", "nights") for path in (data / stage).glob(".*")]
    return found + [path for path in data.glob("warehouse.duckdb.*") if path.suffix != ".lock"]


def only_whole_runs(data: Path) -> None:
    """See that every committed run has its manifest, and all that it lists."""
    store = Store(data)
    for stage in (store.raw, store.star, store.loaded):
        for run in stage.committed():
            stage.read(run)
    for run in store.raw.committed():
        for table in store.raw.read(run).tables.values():
            for name, size in table.files.items():
                assert (store.raw.path(run) / name).stat().st_size == size
    for run in store.star.committed():
        for built in store.star.read(run).tables.values():
            for file in built.files:
                assert (store.star.path(run) / file.name).stat().st_size == file.bytes


def _wait(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not happened() and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.001)


def _happened(shop: Shop, moment: Moment, pid: int, before: set[tuple[str, int]]) -> bool:
    if moment.kind == WORKER:
        return bool(workers_of(pid))
    return not moment.event or bool(_seen(shop, moment.event) - before)


def _seen(shop: Shop, event: str) -> set[tuple[str, int]]:
    """Find what the event is about: its files and folders, by name and inode."""
    found = set()
    for path in shop.data.glob(event) if event else ():
        with suppress(FileNotFoundError):  # it was there a moment ago
            found.add((str(path), path.stat().st_ino))
    return found


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        found += map(int, _read(str(task)).split())
    return found


def _marked(mark: str) -> list[str]:
    sign = f"{_MARK}={mark}".encode()
    pids = [entry.name for entry in os.scandir("/proc") if entry.name.isdigit()]
    return [
        f"{pid}: {_read(f'/proc/{pid}/cmdline').decode(errors='replace')}"
        for pid in pids
        if sign in _read(f"/proc/{pid}/environ")
    ]


def _read(file: str) -> bytes:
    """Read a file of /proc; nothing where the process has ended meanwhile."""
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""
