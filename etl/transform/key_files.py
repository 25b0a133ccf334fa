"""The hashes of a stream's keys, kept block by block on the disk: memory stays the same however many rows there are.

A file holds the hashes of a block in ascending order, and before them where each bucket begins: the hashes that have
the same first bits.
"""

from collections import defaultdict
from concurrent.futures import Executor
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from etl.core.errors import DataError
from etl.transform.context import Context
from etl.transform.keys import Hashes, doubled

HASHES = ".hashes"
"""The working folder's folder of these files."""

_BITS = 8
_BUCKETS = 1 << _BITS
_BORDERS = np.arange(_BUCKETS, dtype=np.uint64) << np.uint64(64 - _BITS)
AT_ONCE = 1_000_000
"""Hashes that are compared at a time: 8 MB, and half of that to sort them."""


def hashes_file(context: Context, name: str, number: int) -> Path:
    """Return where the hashes of a block lie. name: of the step, or of the table that has keys of its own."""
    return context.folder / HASHES / f"{name}.{number:05}"


def write_hashes(path: Path, hashes: Hashes) -> None:
    """Keep the hashes of a block's keys; those that are never compared are left out."""
    ordered = np.sort(hashes[hashes != 0])
    begins = np.append(np.searchsorted(ordered, _BORDERS), len(ordered)).astype(np.int64)
    with path.open("wb") as file:
        file.write(begins.tobytes())
        file.write(ordered.tobytes())


def doubles(paths: list[Path], rows: int, executor: Executor, at_once: int = AT_ONCE) -> dict[int, Hashes]:
    """Find the hashes that occur more than once in all files together, by the position of each file that has some.

    rows: about how many there are in all; at_once: how many are compared at a time.
    """
    parts = min(max(-(-rows // at_once), 1), _BUCKETS)
    spans = pairwise(_BUCKETS * part // parts for part in range(parts + 1))
    found: defaultdict[int, list[Hashes]] = defaultdict(list)
    under_way = [executor.submit(_doubles_between, paths, first, end) for first, end in spans]
    for each in under_way:
        for place, hashes in each.result().items():
            found[place].append(hashes)
    return {place: np.concatenate(hashes) for place, hashes in sorted(found.items())}


def _doubles_between(paths: list[Path], first: int, end: int) -> dict[int, Hashes]:
    """Do so for some of the buckets; a worker does."""
    sizes = [_size(path, first, end) for path in paths]
    every = np.empty(sum(sizes), dtype=np.uint64)
    for path, last, size in zip(paths, np.cumsum(sizes).tolist(), sizes, strict=True):
        every[last - size : last] = _read(path, first, end)
    twice = doubled(every)
    if not len(twice):
        return {}
    del every
    of_parts = (_of_both(twice, _read(path, first, end)) for path in paths)
    return {place: hashes for place, hashes in enumerate(of_parts) if len(hashes)}


def _of_both(some: Hashes, part: Hashes) -> Hashes:
    """Return those of `some` that a part has, too; both are in ascending order."""
    places = np.searchsorted(part, some)
    there = places < len(part)
    there[there] = part[places[there]] == some[there]
    return some[there]


def _size(path: Path, first: int, end: int) -> int:
    with path.open("rb") as file:
        begins = _begins(file)
    return int(begins[end] - begins[first])


def _begins(file: IO[bytes]) -> npt.NDArray[np.int64]:
    begins = np.frombuffer(file.read(8 * (_BUCKETS + 1)), dtype=np.int64)
    if len(begins) <= _BUCKETS:
        raise DataError("The hashes of a block's keys end too early.", "Run TablesTransformMain.py again.")
    return begins


def _read(path: Path, first: int, end: int) -> Hashes:
    with path.open("rb") as file:
        begins = _begins(file)
        file.seek(8 * (_BUCKETS + 1 + int(begins[first])))
        found = np.frombuffer(file.read(8 * int(begins[end] - begins[first])), dtype=np.uint64)
    if len(found) != begins[end] - begins[first]:
        raise DataError(f"{path} ends too early.", "Run TablesTransformMain.py again.")
    return found
