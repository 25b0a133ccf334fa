"""Where the rows of a raw file are: it is CSV, and a value may hold line breaks."""

import numpy as np
import numpy.typing as npt

from etl.core.errors import DataError

Places = npt.NDArray[np.int64]


def lines_of(data: bytes, rows: int, file: str) -> tuple[Places, Places]:
    """Find where each row of a block begins and ends; a value may hold line breaks, within quotes.

    rows: how many there are; file: where they are from. Raises DataError where there are others.
    """
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == ord("\n")) + 1
    if len(ends) != rows:
        quotes = np.flatnonzero(octets == ord('"'))
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    if len(ends) != rows:
        raise DataError(
            f"A block of {rows:,} rows of {file} has {len(ends):,} lines.", "Run SQLDownloadMain.py --full."
        )
    return np.append(0, ends[:-1]), ends
