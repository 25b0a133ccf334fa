"""What nights that read changes have missed, as a night finds that reads all rows: changes of which no watermark told.

Its rows are compared, key by key, with those that stood; without those that a night of changes would have read from the
same snapshot. What is left is a fault of the source: somebody writes rows there and leaves the watermark as it was.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from etl.core.log import log
from etl.core.manifest import Missed, RawTable
from etl.core.safe_text import safe
from etl.download.changes import Question
from etl.download.keys import columns_of
from etl.download.layers import connection, same_key

_EXAMPLES = 3
_NOW, _THEN = "now_", "then_"


def tell_missed(instead: Question, parent_folder: Path, table: RawTable, folder: Path) -> Missed | None:
    """Return what was missed, and say so in the log. That it cannot be told is no reason to fail.

    instead: how the changes would have been asked for; parent_folder: of the run that they would have been put upon;
    table, folder: what was read in full.
    """
    name = instead.query.name
    try:
        found = missed(instead, parent_folder, table, folder)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        log.warning("download %s: what the nights of changes have missed cannot be told: %s", name, error)
        return None
    if not found.told:
        log.info("download %s: the nights of changes have missed nothing", name)
        return found
    log.warning(
        "download %s: the nights of changes have missed keys that this night has read: %s. Whatever writes them does"
        " not set %s.",
        *(name, found.told, found.watermark),
    )
    return found


def missed(instead: Question, parent_folder: Path, table: RawTable, folder: Path) -> Missed:
    """Compare all rows with those that stood. Rows that a sweep would have found in this night are not missed."""
    parent, query = instead.parent, instead.query
    if parent is None or parent.changes is None or parent.columns != table.columns:
        return Missed(watermark=str(query.watermark))
    key = [f"k{place}" for place in range(len(table.key))]
    with connection() as (db, near):
        _read(db, _NOW, folder, table, query.watermark, query.deleted)
        _read(db, _THEN, parent_folder, parent, query.watermark, None)
        if parent.changes.superseded:
            file = near(parent_folder / parent.changes.superseded)
            db.execute(f"DELETE FROM {_THEN} WHERE n IN (SELECT n FROM read_parquet({file}))")
        db.execute(f"CREATE TEMP TABLE missed AS {_compared(key, str(instead.since), swept=bool(instead.sweep))}")
        counts = dict(db.execute("SELECT what, COUNT(*) FROM missed GROUP BY ALL").fetchall())
        some = (
            []
            if table.personal & {*table.key}
            else db.execute(f"FROM missed ORDER BY ALL LIMIT {_EXAMPLES}").fetchall()
        )
    examples = (", ".join(f"{k} {safe(str(v), 60)}" for k, v in zip(table.key, row[1:], strict=True)) for row in some)
    return Missed(watermark=str(query.watermark), **counts, examples=tuple(examples))


def _read(
    db: duckdb.DuckDBPyConnection, name: str, folder: Path, table: RawTable, watermark: str | None, deleted: str | None
) -> None:
    """Make a table of a raw table's rows: number, keys as texts, hash, watermark, and whether it is deleted."""
    every = [column.name for column in table.columns]
    place = {column: f"c{number}" for number, column in enumerate(every)}
    key = [f"{place[column]} AS k{number}" for number, column in enumerate(table.key)]
    marked = f"{place[deleted]} IS NOT NULL" if deleted else "FALSE"
    hashed = f"hash({', '.join(place.values())})"
    wanted = f"n, {', '.join(key)}, {hashed} AS h, {place[str(watermark)]} AS w, {marked} AS gone"
    texts = pa.schema([(column, pa.string()) for column in every])
    first = 0
    into = f"CREATE TEMP TABLE {name} AS"
    for rows in chain([texts.empty_table()], columns_of(folder, table, texts)):
        numbers = pa.array(np.arange(first, first + len(rows)), pa.int64())
        db.register("block", rows.rename_columns(list(place.values())).append_column("n", numbers))
        db.execute(f"{into} SELECT {wanted} FROM block")
        into = f"INSERT INTO {name}"
        db.unregister("block")
        first += len(rows)


def _compared(key: Sequence[str], since: str, *, swept: bool) -> str:
    """Write the query for what was missed, a row each: what, and the key. A row without a watermark is always read."""
    names, kind = ", ".join(key), "HUGEINT" if since.lstrip("-").isdecimal() else "TIMESTAMPTZ"
    told = f"COALESCE(w IS NULL OR TRY_CAST(w AS {kind}) >= CAST('{since}' AS {kind}), TRUE)"
    sums = "COUNT(*) FILTER (NOT gone) AS rows_, COALESCE(SUM(h::HUGEINT) FILTER (NOT gone), 0) AS hash_"
    now, then = (f"(SELECT {names}, {sums}, BOOL_OR({told}) AS told FROM {of} GROUP BY ALL)" for of in (_NOW, _THEN))
    what = f"""CASE WHEN COALESCE(c.told, FALSE) THEN NULL
        WHEN COALESCE(o.rows_, 0) = 0 THEN IF(c.rows_ > 0 AND NOT {swept}, 'late', NULL)
        WHEN COALESCE(c.rows_, 0) = 0 THEN IF({swept}, NULL, 'gone')
        WHEN (o.rows_, o.hash_) <> (c.rows_, c.hash_) THEN 'changed' END"""
    either = ", ".join(f"IF(c.rows_ IS NULL, o.{name}, c.{name}) AS {name}" for name in key)
    both = f"{then} AS o FULL JOIN {now} AS c ON {same_key(key)}"
    return f"SELECT {what} AS what, {either} FROM {both} WHERE what IS NOT NULL"
