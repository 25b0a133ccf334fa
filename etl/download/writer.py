"""Writing a raw CSV row by row, and noting where its blocks begin and what they hash to."""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from etl.core.manifest import Block

BLOCK_BYTES = 6 * 1024 * 1024
_PENDING = 4096
"""Rows that are gathered before they are written."""

_LONG = 8192
"""A row of so many bytes does not wait for others, so that few megabytes are gathered at the most."""

csv.field_size_limit(2**31 - 1)  # a value may be as long as the source lets it be


@dataclass(frozen=True)
class Written:
    """A finished raw CSV: its length in bytes, and its blocks."""

    path: Path
    bytes: int
    blocks: tuple[Block, ...]

    @property
    def rows(self) -> int:
        """Its rows."""
        return sum(block.rows for block in self.blocks)


class RawWriter:
    """A raw CSV under way: give `write` one whole row (bytes, with its line break), or `write_lines` many.

    A block ends at the first row after BLOCK_BYTES at which none of the columns `group_by` (positions) stays the
    same, so that rows that belong together lie together. take: told the bytes of each write
    before, it may wait.
    """

    def __init__(
        self,
        path: Path,
        columns: list[str],
        group_by: tuple[int, ...] = (),
        take: Callable[[int], object] = bool,
    ) -> None:
        self._path, self._take = path, take
        self._file = path.open("xb")  # buffered: an unbuffered write may write less than it was given, and not say so
        self._group_by = group_by
        self._pending: list[bytes] = []
        self._append = self._pending.append
        self._last_group: list[str] | None = None
        self.blocks: list[Block] = []
        header = (",".join(map(_named, columns)) + "\n").encode()
        self._file.write(header)
        self._start_block(len(header))

    def write(self, row: bytes) -> int:
        """Take one row."""
        self._append(row)
        if len(self._pending) >= _PENDING or len(row) >= _LONG:
            self._flush()
        return len(row)

    def write_lines(self, lines: pa.Array) -> None:
        """Take whole rows, each a text with its line break, as many as there are."""
        if self._group_by:
            for line in lines.to_pylist():
                self.write(line.encode())
            return
        if self._bytes >= BLOCK_BYTES:
            self._end_block()
        _, offsets, data = lines.buffers()
        begin, end = np.frombuffer(offsets, np.int32)[[lines.offset, lines.offset + len(lines)]]
        self._write_data(memoryview(data)[begin:end], len(lines))

    def so_far(self) -> int:
        """Return how much has come: a figure that changes with each row."""
        return self.length + len(self._pending)

    @property
    def rows(self) -> int:
        """Rows written to the file."""
        return sum(block.rows for block in self.blocks)

    @property
    def written(self) -> Written:
        """What was written, when it is finished."""
        return Written(self._path, self.length, tuple(self.blocks))

    @property
    def length(self) -> int:
        """The file's length in bytes."""
        return self._offset + self._bytes

    def __enter__(self) -> "RawWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._named_faults(), self._file:
            if kind is None:
                self._write(self._pending)
                self._end_block()

    def _flush(self) -> None:
        rows = self._pending[:]
        self._pending.clear()
        if self._bytes >= BLOCK_BYTES:
            rows = self._past_the_group(rows)
        self._write(rows)

    def _past_the_group(self, rows: list[bytes]) -> list[bytes]:
        """End the block before the first row of `rows` that begins a group; give what is left to write."""
        if not self._group_by:
            self._end_block()
            return rows
        for position, row in enumerate(rows):
            group = self._group(row)
            if self._last_group is not None and group != self._last_group:
                self._write(rows[:position])
                self._end_block()
                return rows[position:]
            self._last_group = group
        return rows

    def _group(self, row: bytes) -> list[str]:
        values = next(csv.reader([row.decode()]))
        return [values[i] for i in self._group_by]

    def _write(self, rows: list[bytes]) -> None:
        self._write_data(b"".join(rows), len(rows))

    def _write_data(self, data: bytes | memoryview, rows: int) -> None:
        self._take(len(data))
        with self._named_faults():
            self._file.write(data)
        self._hash.update(data)
        self._rows += rows
        self._bytes += len(data)

    @contextmanager
    def _named_faults(self) -> Iterator[None]:
        """Say which file it is that cannot be written: the system's error does not."""
        try:
            yield
        except OSError as error:
            error.filename = error.filename or str(self._path)
            raise

    def _start_block(self, offset: int) -> None:
        self._offset, self._bytes, self._rows = offset, 0, 0
        self._hash = hashlib.sha256()
        self._last_group = None

    def _end_block(self) -> None:
        if self._rows or not self.blocks:  # an empty query is one empty block
            self.blocks.append(
                Block(offset=self._offset, bytes=self._bytes, rows=self._rows, sha256=self._hash.hexdigest())
            )
            self._start_block(self._offset + self._bytes)


def _named(column: str) -> str:
    return '"' + column.replace('"', '""') + '"' if re.search(r'[",\r\n]', column) else column
