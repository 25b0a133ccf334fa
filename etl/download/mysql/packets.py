"""The rows of MySQL's protocol as the server sends them, cut into columns by numpy: no Python object for each value.

Of PyMySQL it takes the socket's file where the driver is about to read rows, and puts the driver where it would be at
their end. A packet is 3 bytes of length, 1 of its number, and a row; in it each value follows its length: one byte
up to 250, 251 for NULL, and 252, 253 or 254 for lengths of 2, 3 or 8 bytes that come then.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from etl.download.generic.cells import BATCH_BYTES, valid

_CHUNK = 256 * 1024
_NULL, _END, _ERROR = 0xFB, 0xFE, 0xFF
_WIDTHS = {0xFC: 2, 0xFD: 3, 0xFE: 8}
"""How many bytes follow that say how long a value is."""
_END_BYTES = 9
_FULL = 0xFFFFFF
"""A packet of this length goes on in the next one."""
_PAUSE = 0.5
"""Seconds after which what has come is handed on, however little it is: somebody watches whether anything comes."""


class Packets:
    """What a cursor of PyMySQL's that is unbuffered is about to read."""

    def __init__(self, cursor: Any) -> None:
        self._result = cursor._result
        self._connection = self._result.connection
        self._width = len(self._result.fields)
        self._buffer = bytearray()
        self._seen = 0  # bytes of the buffer that are whole packets
        self._starts: list[int] = []
        self._ended = False

    def batches(self) -> Iterator[list[pa.Array]]:
        """Yield the columns of some rows at a time, as binary arrays. Raises what the driver raises."""
        handed_on = time.monotonic()
        while not self._ended:
            self._read()
            due = len(self._buffer) >= BATCH_BYTES or self._ended or time.monotonic() - handed_on > _PAUSE
            if due and self._starts:
                yield self._columns()
                handed_on = time.monotonic()

    def _read(self) -> None:
        """Take what has come, and find the packets in it."""
        try:
            came = self._connection._rfile.read1(_CHUNK)
        except OSError as error:
            raise self._lost(f"Lost connection to MySQL server during query ({error})") from None
        if not came:
            raise self._lost("Lost connection to MySQL server during query")
        self._buffer += came
        buffer, at, end = self._buffer, self._seen, len(self._buffer)
        while at + 4 < end:
            length = buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16
            after = at + 4 + length
            if length == _FULL:
                joined = self._join(at)
                if joined is None:
                    break
                after, end = joined, len(buffer)
            if after > end:
                break
            if (first := buffer[at + 4]) >= _END and (first == _ERROR or length < _END_BYTES):
                self._finish(bytes(buffer[at + 4 : after]))
                break
            self._starts.append(at + 4)
            at = after
        self._seen = at

    def _join(self, at: int) -> int | None:
        """Take the headers out of a row that goes on in other packets; returns its end, None if it is not whole."""
        buffer, headers, end = self._buffer, [], at
        while True:
            if end + 4 > len(buffer):
                return None
            length = buffer[end] | buffer[end + 1] << 8 | buffer[end + 2] << 16
            headers.append(end)
            end += 4 + length
            if end > len(buffer):
                return None
            if length < _FULL:
                break
        for header in reversed(headers[1:]):
            del buffer[header : header + 4]
        return end - 4 * (len(headers) - 1)

    def _finish(self, packet: bytes) -> None:
        """Leave the driver as it is at the end of a result."""
        result = self._result
        self._ended = True
        result.unbuffered_active, result.connection, result.rows = False, None, None
        if packet[0] == _ERROR:
            from pymysql.err import raise_mysql_exception

            raise_mysql_exception(packet)
        result.warning_count, result.has_next = 0, False

    def _lost(self, message: str) -> Exception:
        from pymysql.constants import CR
        from pymysql.err import OperationalError

        self._connection._force_close()
        lost: Exception = OperationalError(CR.CR_SERVER_LOST, message)
        return lost

    def _columns(self) -> list[pa.Array]:
        """Cut the rows that have come whole into columns."""
        with memoryview(self._buffer) as view:
            raw = bytes(view[: self._seen])
        begins, count = np.array(self._starts, np.int64), len(self._starts)
        del self._buffer[: self._seen]
        self._starts, self._seen = [], 0
        octets, every = np.frombuffer(raw, np.uint8), self._width
        offsets = np.empty(count * 2 * every + 1, np.int32)
        bounds = offsets[:-1].reshape(count, 2 * every)  # of each value, where it begins and ends
        nulls = np.empty((every, count), bool)
        for place in range(every):
            lengths = octets[begins].astype(np.int64)
            nulls[place] = lengths == _NULL
            texts = begins + 1
            if (lengths >= _NULL).any():
                _long(octets, begins, lengths, texts)
            bounds[:, 2 * place] = texts
            begins = texts + lengths
            bounds[:, 2 * place + 1] = begins
        # one array over what came, of values and what lies between them in turn: every second one, a column of each
        offsets[-1] = offsets[-2]
        both = pa.Array.from_buffers(pa.binary(), offsets.size - 1, [None, pa.py_buffer(offsets), pa.py_buffer(raw)])
        rows = np.arange(count, dtype=np.int64) * 2 * every
        return [
            both.take(pa.Array.from_buffers(pa.int64(), count, [valid(~nulls[place]), pa.py_buffer(rows + 2 * place)]))
            for place in range(every)
        ]


def _long(octets: Any, begins: Any, lengths: Any, texts: Any) -> None:
    """Read the lengths that have more than a byte."""
    marks = lengths.copy()
    lengths[marks == _NULL] = 0
    for mark, width in _WIDTHS.items():
        if (which := np.flatnonzero(marks == mark)).size:
            told = octets[begins[which, None] + np.arange(1, width + 1)].astype(np.int64)
            lengths[which] = (told << (8 * np.arange(width))).sum(axis=1)
            texts[which] += width
