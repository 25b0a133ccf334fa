"""A Dask cluster on the loopback interface: its programs are started as by hand."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.paths import ROOT

DEADLINE = 40.0
Process = subprocess.Popen[bytes]


@contextmanager
def started(folder: Path, *command: str) -> Iterator[Process]:
    """Run a program of Dask as it is started by hand, in the project's folder."""
    with (folder / f"{command[0]}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "dask", *command], cwd=ROOT, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    give_up = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


@contextmanager
def running_scheduler(folder: Path, *options: str) -> Iterator[Path]:
    """Run a scheduler; gives the file in which it tells its address."""
    file = folder / "scheduler.json"
    told = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    with started(folder, "scheduler", *told, *options):
        until(file.exists)
        yield file


@contextmanager
def worker(scheduler: Path, *options: str) -> Iterator[Process]:
    """Run a worker, which nobody starts again when it is killed."""
    told = ["--scheduler-file", str(scheduler), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    with started(scheduler.parent, "worker", *told, *options) as process:
        yield process


def address(scheduler: Path) -> str:
    """Give the scheduler's address, as EXECUTOR wants it."""
    return str(json.loads(scheduler.read_text())["address"]).replace("tcp://", "dask://")
