"""What partials make of what changed: the rows of a summary that others stand for, and these."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from etl.core.duckdb_session import session
from etl.core.manifest import ParquetFile
from etl.receipts.duckdb import DUCKDB
from etl.transform.among import Among
from etl.transform.changed.stand import Stand
from etl.transform.kept import KeptFiles, Numbers, comparables, joined, write_kept
from etl.transform.raw import Reject


@dataclass
class Summary:
    """What a partial makes of what changed. gone: the numbers of its rows for which others stand; file: of these.

    old, new: the rejects of the rows that it summarizes, where no streamed table tells of them.
    """

    kept: KeptFiles
    gone: Numbers
    file: ParquetFile | None
    old: list[Reject] = field(default_factory=list)
    new: list[Reject] = field(default_factory=list)


def summary_of(stand: Stand, name: str, among: Among, made: Sequence[pa.Table]) -> Summary:
    """Keep what a partial made of what changed, as far as it is something else than before.

    among: what the rows have in the columns that the summary goes by; made: of all rows that have the same there.
    """
    kept, by = stand.kept(name), among.columns
    if not among:
        return Summary(kept, np.empty(0, np.int64), None)
    old = _Summarized.of(kept, among)
    rows = pa.concat_tables([old.rows.slice(0, 0), *made], promote_options="permissive")
    same = Among(_same_units(old.rows, rows, by))
    gone = old.numbers[~same.mask(comparable_rows(old.rows, by))]
    rows = rows.filter(pa.array(~same.mask(comparable_rows(rows, by))))
    if not len(gone) and not len(rows):
        return Summary(kept, gone, None)
    return Summary(kept, gone, write_kept(stand.new.folder, name, len(kept.kept.files), rows))


@dataclass(frozen=True)
class _Summarized:
    """Rows that a partial made, with their numbers among what is kept of it."""

    rows: pa.Table
    numbers: Numbers

    @classmethod
    def of(cls, kept: KeptFiles, among: Among) -> "_Summarized":
        """Read those that some rows are summed up in."""
        rows, numbers = [], []
        for part in kept.parts():
            mask = part.standing & among.mask(comparable_rows(part.rows, among.columns))
            rows.append(part.rows.filter(pa.array(mask)))
            numbers.append(part.numbers(mask))
        return cls(pa.concat_tables(rows, promote_options="permissive"), joined(numbers))


def _same_units(old: pa.Table, new: pa.Table, by: Sequence[str]) -> pa.Table:
    """Return, comparable, what those rows have in some columns that are summed up in the same rows as before."""
    if old.schema.remove_metadata() != new.schema.remove_metadata() or not len(new):
        return comparable_rows(new.slice(0, 0), by)
    import duckdb

    units = ", ".join(map(DUCKDB.quoted, by))
    rows = 'SELECT "=t" AS "=row", * FROM {} AS "=t"'
    listed = f'SELECT {units}, LIST("=row" ORDER BY "=row") FROM ({rows}) GROUP BY ALL'
    with session(threads=1) as connection:
        connection.register("before", old)
        connection.register("after", new)
        try:
            same = f"SELECT {units} FROM ({listed.format('before')} INTERSECT {listed.format('after')})"
            return comparable_rows(connection.sql(same).to_arrow_table(), by)
        except duckdb.Error:  # of types that it does not know, or names that it takes for one
            return comparable_rows(new.slice(0, 0), by)


def comparable_rows(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return columns of rows in a form in which values of one meaning are equal."""
    return comparables(rows.select(list(names)).to_pandas(types_mapper=pd.ArrowDtype), names)
