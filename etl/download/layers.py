"""A table that stands on layers: what one run extracted in full, and what had changed at each run since.

Of rows with the same key, or in the same group, those of the latest layer stand. Which ones do not is told by their
numbers, counted over all layers; the layers' files are never changed.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from etl.company.queries import Query
from etl.core.duckdb_session import session
from etl.core.folders import for_arrow, is_remote, link, rename
from etl.core.manifest import Changes, Layer, ParquetFile, RawTable
from etl.core.scratch import scratch_folder
from etl.download.changes import Question, in_order, next_since
from etl.download.keys import DELETED, LINE, columns_of, key_schema, stored_schema, told_apart_by, write_keys
from etl.download.source import Horizon
from etl.guards.newest import with_newest

_MEMORY = "256MB"
Near = Callable[[Path], str]
"""Gives a file as DuckDB reads it: near, and without characters in its path that mean something else."""


class InFullError(Exception):
    """All rows of a query have to be read, for the reason that it says."""


@dataclass(frozen=True)
class Extracted:
    """What a run extracted of a query. swept: the keys of all rows, where they were asked for."""

    question: Question
    table: RawTable
    swept: RawTable | None = None


def layered(found: Extracted, parent_folder: Path | None, folder: Path, horizon: Horizon) -> RawTable:
    """Return the manifest's entry of a table by its layers; its rows are those that stand.

    parent_folder: the run whose table the changes are put upon; its files are linked. Raises InFullError where the
    changes do not do.
    """
    question, query, parent = found.question, found.question.query, found.question.parent
    table = with_newest(folder, found.table, query.tolerance.newest)
    watermark = next(column for column in table.columns if column.name == query.watermark)
    greatest = with_newest(folder, found.table, watermark.name).newest[watermark.name]
    if parent and parent_folder:
        _check(table, parent, greatest)
        table = _renamed(folder, table)
        replaced = parent.changes.superseded if parent.changes else None
        link([name for name in parent.files if name != replaced], parent_folder, folder)
    before = parent.changes if parent else None
    layer = _layer(folder, table, query, question.since, before.layers[0] if before else None)
    layers = (*(before.layers if before else ()), layer)
    gone_before = parent_folder / before.superseded if parent_folder and before and before.superseded else None
    superseded, gone = _superseded(folder, layers, gone_before, Extracted(question, table, found.swept))
    beside = [*(each.keys for each in layers), *([superseded] if superseded else [])]
    greatest, since = next_since(
        query, watermark, _later(greatest, before.greatest if before else None), horizon, question.since
    )
    seen = parent.newest if parent else {}
    told = {
        "file": (parent or table).file,
        "bytes": table.bytes + (parent.bytes if parent else 0),
        "rows": sum(each.rows for each in layers) - gone,
        "blocks": (*(parent.blocks if parent else ()), *table.blocks),
        "newest": {name: _later(text, seen.get(name)) for name, text in table.newest.items()},
        "changes": Changes(
            asked=question.asked,
            ground=question.ground,
            history=horizon.history,
            greatest=greatest,
            since=since,
            layers=layers,
            superseded=superseded,
            gone=gone,
            swept=before.swept if before and not found.swept else table.as_of,
            files=tuple(ParquetFile.of(folder / name) for name in beside),
        ),
    }
    return table.model_copy(update=told | ({"receipt": None, "slice": None} if parent else {}))


def _check(table: RawTable, parent: RawTable, greatest: str | None) -> None:
    """Refuse changes that do not fit upon what was extracted before."""
    if table.columns != parent.columns:
        raise InFullError("its columns, or their types, are others")
    before = parent.changes and parent.changes.greatest
    if before and _later(greatest, before) != greatest:
        raise InFullError(f"its watermark went back, from {before} to {greatest or 'nothing'}")


def _later(figure: str | None, before: str | None) -> str | None:
    """Return the greater figure; it may be that of a row that is superseded."""
    return max((text for text in (figure, before) if text is not None), key=in_order, default=None)


def _renamed(folder: Path, table: RawTable) -> RawTable:
    """Name the files of changes after their run: the first layer's have the query's name."""
    stem = table.file.removesuffix(".csv")
    files = dict.fromkeys(block.file or table.file for block in table.blocks)
    names = {name: f"{stem}.{table.run}{name.removeprefix(stem)}" for name in files}
    for old, new in names.items():
        rename(folder / old, folder / new)
    blocks = tuple(block.model_copy(update={"file": names[block.file or table.file]}) for block in table.blocks)
    return table.model_copy(update={"blocks": blocks})


def _layer(folder: Path, table: RawTable, query: Query, since: str | None, first: Layer | None) -> Layer:
    """Write the keys of a layer's rows; returns its entry. first: the table's first layer."""
    keys = f"{(table.blocks[0].file or table.file).removesuffix('.csv')}.keys.parquet"
    typed = key_schema(table) if first is None else stored_schema(folder / first.keys)
    try:
        write_keys(folder, table, query, folder / keys, typed, hashed=first is not None)
    except pa.ArrowInvalid:  # infinity, or a year that no calendar has
        if first:
            raise InFullError("a key is not of its column's type") from None
        texts = pa.schema([(field.name, pa.string()) for field in typed])
        write_keys(folder, table, query, folder / keys, texts)
    return Layer(
        run=table.run,
        as_of=table.as_of,
        since=since,
        blocks=len(table.blocks),
        rows=table.rows,
        keys=keys,
        receipt=table.receipt,
        slice=table.slice,
    )


def _superseded(folder: Path, layers: Sequence[Layer], before: Path | None, found: Extracted) -> tuple[str | None, int]:
    """Write the numbers of the rows that do not stand; returns the file's name and how many they are.

    before: the file of those that did not before. Raises InFullError where that cannot be told.
    """
    if before is None and len(layers) == 1 and not found.question.query.deleted:
        return None, 0
    table, target = found.table, f"{found.table.file.removesuffix('.csv')}.{found.table.run}.superseded.parquet"
    names = told_apart_by(table)
    with connection() as (db, near):
        newest = _numbered(near, folder, layers[-1:], sum(layer.rows for layer in layers[:-1]))
        db.execute(f"CREATE TEMP TABLE gone AS SELECT n FROM ({newest}) WHERE {DELETED}")
        if before:
            db.execute(f"INSERT INTO gone SELECT n FROM read_parquet({near(before)})")
        older = _numbered(near, folder, layers[:-1])
        if older and not found.question.comes_by_keys:
            _check_single(db, older, newest, _places(names, table.key))
        if older:
            _replace(db, older, newest, [_places(names, each) for each in (table.group_by, table.key) if each])
        if found.swept:
            _sweep(db, near, folder, layers, found.swept)
        rows = "SELECT DISTINCT n FROM gone ORDER BY n"
        (gone,) = db.execute(f"SELECT COUNT(*) FROM ({rows})").fetchall()[0]
        if gone:
            numbers = db.sql(rows).to_arrow_reader()
            with (
                for_arrow(folder / target, "wb") as sink,
                pq.ParquetWriter(sink, numbers.schema, compression="zstd") as to,
            ):
                for batch in numbers:
                    to.write_batch(batch)
    return (target if gone else None), int(gone)


def _replace(db: duckdb.DuckDBPyConnection, older: str, newest: str, by: Sequence[Sequence[str]]) -> None:
    """Let newer rows stand for older ones of the same group, or key; those that come again as they were are left out.

    The last minutes before a night are read again by the next one. Of the rows that are what changed before, the hash
    of the line is known; a group has to be the same in its order.
    """
    unit, (replaced, came) = by[0], (f"({rows}) AS {name}" for rows, name in ((older, "o"), (newest, "c")))
    keys, order = ", ".join(unit), "n" if len(by) > 1 else LINE
    lines = f"GROUP BY ALL HAVING COUNT(*) = COUNT({LINE})"
    in_order = f"SELECT {keys}, LIST({LINE} ORDER BY {order}) AS lines"
    standing = f"SELECT o.* FROM {replaced} ANTI JOIN gone USING (n)"
    known = f"{in_order} FROM ({standing}) AS o SEMI JOIN {came} ON {same_key(unit)} {lines}"
    db.execute(f"CREATE TEMP TABLE again AS SELECT o.* FROM ({known}) AS o JOIN ({in_order} FROM {came} {lines}) AS c"
               f" ON {same_key(unit)} AND o.lines = c.lines")  # fmt: skip
    fresh = f"SELECT c.* FROM {came} ANTI JOIN again AS o ON {same_key(unit)}"
    for same in by:
        db.execute(f"INSERT INTO gone SELECT n FROM {replaced} SEMI JOIN ({fresh}) AS c ON {same_key(same)}")
    db.execute(f"INSERT INTO gone SELECT n FROM {came} SEMI JOIN again AS o ON {same_key(unit)}")


def _check_single(db: duckdb.DuckDBPyConnection, older: str, newest: str, key: Sequence[str]) -> None:
    """Raise InFullError where one of several rows with the same key changed: the others would go with it."""
    standing = f"SELECT o.* FROM ({older}) AS o ANTI JOIN gone USING (n)"
    replaced = f"SELECT o.* FROM ({standing}) AS o SEMI JOIN ({newest}) AS c ON {same_key(key)}"
    counted = f"SELECT {', '.join(key)}, COUNT(*) AS rows_ FROM ({replaced}) GROUP BY ALL HAVING rows_ > 1"
    (several,) = db.execute(f"SELECT COUNT(*) FROM ({counted})").fetchall()[0]
    if several:
        raise InFullError(f"{several:,} keys that changed have several rows, and no `-- survivor:`")


def _sweep(db: duckdb.DuckDBPyConnection, near: Near, folder: Path, layers: Sequence[Layer], swept: RawTable) -> None:
    """Take out the rows whose keys are not among those that there are.

    Raises InFullError where rows are missing here, or one of several with the same key is gone.
    """
    schema = stored_schema(folder / layers[0].keys)
    kept = pa.schema([schema.field(place) for place in range(len(swept.columns))])
    as_named = pa.schema([(column.name, field.type) for column, field in zip(swept.columns, kept, strict=True)])
    listed = folder / f"{swept.file}.parquet"
    try:
        with for_arrow(listed, "wb") as sink, pq.ParquetWriter(sink, kept) as writer:
            for rows in columns_of(folder, swept, as_named):
                writer.write_table(rows.rename_columns(kept.names))
    except pa.ArrowInvalid:
        raise InFullError("a key is not of its column's type") from None
    db.execute(f"CREATE TEMP VIEW listed AS SELECT * FROM read_parquet({near(listed)})")
    same, keys = same_key(kept.names), ", ".join(kept.names)
    standing = f"SELECT * FROM ({_numbered(near, folder, layers)}) AS every_ ANTI JOIN gone USING (n)"
    ours = f"SELECT {keys}, COUNT(*) AS rows_ FROM ({standing}) GROUP BY ALL"
    theirs = f"SELECT {keys}, COUNT(*) AS rows_ FROM listed GROUP BY ALL"
    both = f"SELECT o.rows_ AS o, c.rows_ AS c FROM ({theirs}) AS c LEFT JOIN ({ours}) AS o ON {same}"
    more, fewer = db.execute(
        f"SELECT COUNT(*) FILTER (c > COALESCE(o, 0)), COUNT(*) FILTER (c < o) FROM ({both})"
    ).fetchall()[0]
    if more:
        raise InFullError(f"the source has rows of {more:,} keys that no watermark told of")
    if fewer:
        raise InFullError(f"of {fewer:,} keys with several rows some were deleted")
    db.execute(f"INSERT INTO gone SELECT n FROM ({standing}) AS o ANTI JOIN listed AS c ON {same}")
    listed.unlink()


def _numbered(near: Near, folder: Path, layers: Sequence[Layer], first: int = 0) -> str:
    """Write the query for the keys of layers, with the numbers (n) of their rows. first: that of the first row."""
    parts = [f"SELECT NULL::BLOB AS {LINE} WHERE false"] if layers else []
    for layer in layers:
        read = f"read_parquet({near(folder / layer.keys)}, file_row_number = true)"
        parts.append(f"SELECT * EXCLUDE (file_row_number), file_row_number + {first} AS n FROM {read}")
        first += layer.rows
    return " UNION ALL BY NAME ".join(parts)


def _places(names: Sequence[str], some: Sequence[str]) -> list[str]:
    """Name some columns as the files of keys do."""
    return [f"k{names.index(name)}" for name in some]


def same_key(columns: Sequence[str]) -> str:
    """Write that the rows o and c have the same key; NULL is one as well."""
    return " AND ".join(f"o.{column} IS NOT DISTINCT FROM c.{column}" for column in columns)


@contextmanager
def connection() -> Iterator[tuple[duckdb.DuckDBPyConnection, Near]]:
    """Give a DuckDB that takes little memory, and what names files for it."""
    with scratch_folder() as spill, session(spill / "spill", _MEMORY) as db:

        def near(path: Path) -> str:
            here = spill / path.name
            if not here.exists() and is_remote(path):
                with path.open("rb") as source, here.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
            elif not here.exists():
                here.symlink_to(path.resolve())
            return f"'{here}'"

        yield db, near
