"""A reader of the published DuckDB file, who asks over and over, as a process of its own, as an analyst's tool is.

It opens the file anew for each look, and writes a line whenever it sees another thing than before. It ends with its
standard input; its last line is the number of its looks.
"""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from config.paths import ROOT
from tests.survival.company import LOOK, night_of

_PAUSE = 0.04
"""Seconds between two looks: the machine has other things to do."""


@dataclass
class Read:
    """What a reader saw: the nights in the order in which they came, and how often it looked."""

    nights: list[int] = field(default_factory=list)
    looks: int = 0


@contextmanager
def reading(file: Path, told: Path) -> Iterator[Read]:
    """Let a reader look from now to the end of the block, and judge what it saw: whole nights, none of them again."""
    with told.open("w") as out:
        command = [sys.executable, "-m", "tests.survival.reader", str(file)]
        reader = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT)
        read = Read()
        try:
            yield read
        finally:
            reader.communicate(timeout=30)
    *lines, looks = told.read_text().splitlines()
    assert reader.returncode == 0, told.read_text()
    read.nights += [night_of(json.loads(line)) for line in lines]
    read.looks = int(looks)
    assert read.nights == sorted(set(read.nights)), f"a reader saw an older night again: {read.nights}"


def look(file: Path) -> list[list[object]]:
    """Look once. Nothing is tried again: nobody ever keeps a reader out."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return [list(row) for row in connection.execute(LOOK).fetchall()]


def _keep_looking(file: Path) -> None:
    before, looks = "", 0
    while not select.select([sys.stdin], [], [], _PAUSE)[0]:
        seen = json.dumps(look(file))
        looks += 1
        if seen != before:
            print(before := seen, flush=True)
    print(looks, flush=True)


if __name__ == "__main__":
    _keep_looking(Path(sys.argv[1]))
