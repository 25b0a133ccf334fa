"""The columns that `build` may add to those of its contract: what becomes of a row."""

from dataclasses import dataclass

import pyarrow as pa

SET_ASIDE = "_set_aside"
REJECT = "_reject"
MERGED = "_merged"
UNPUBLISHED = "_unpublished"
BLOCK = "_block"
"""A column that partials get, and that build does not return: the number of the block of its query that a row is in."""
BUCKET = "_bucket"
"""Another such column: a row's number among 32, by a hash of its key in the query."""


@dataclass(frozen=True)
class Reserved:
    """One of them. word: its name in etl.contract."""

    word: str
    type: pa.DataType
    meaning: str


RESERVED = {
    SET_ASIDE: Reserved("SET_ASIDE", pa.string(), "The reason to leave a row out, NULL for one that counts."),
    REJECT: Reserved("REJECT", pa.string(), "The rule that a row breaks, NULL for a sound one; the guards count it."),
    MERGED: Reserved("MERGED", pa.int64(), "How many further rows of the source became this one."),
    UNPUBLISHED: Reserved(
        "UNPUBLISHED", pa.bool_(), "Whether a row is only computed with, because it lies before the published window."
    ),
}
