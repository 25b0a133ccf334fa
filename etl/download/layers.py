"""A table that stands on layers: what one run extracted in full, and what had changed at each run since.

Of rows with the same key, or in the same group, those of the latest layer stand. Which ones do not is told by their
numbers, counted over all layers; the layers' files are never changed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from etl.company.queries import Query
from etl.core import arrow_csv
from etl.core.arrow_types import arrow_type
from etl.core.folders import for_arrow, link
from etl.core.manifest import Changes, Layer, ParquetFile, RawTable
from etl.core.scratch import scratch_folder
from etl.download.changes import Question, next_since
from etl.download.source import Horizon
from etl.guards.newest import with_newest

_MEMORY = "256MB"
_DELETED = "is_deleted_"


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
        link(list(parent.files), parent_folder, folder)
    layer = _layer(folder, table, query, question.since)
    before = parent.changes if parent else None
    layers = (*(before.layers if before else ()), layer)
    superseded, gone = _superseded(folder, layers, before, found)
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


def _order(text: str) -> tuple[int, str]:
    """Order figures as receipts write them: numbers by size, times by their text."""
    return (int(text), "") if text.lstrip("-").isdecimal() else (0, text)


def _later(figure: str | None, before: str | None) -> str | None:
    """Return the greater figure; it may be that of a row that is superseded."""
    return max((text for text in (figure, before) if text is not None), key=_order, default=None)


def _renamed(folder: Path, table: RawTable) -> RawTable:
    """Name the files of changes after their run: the first layer's have the query's name."""
    stem = table.file.removesuffix(".csv")
    files = dict.fromkeys(block.file or table.file for block in table.blocks)
    names = {name: f"{stem}.{table.run}{name.removeprefix(stem)}" for name in files}
    for old, new in names.items():
        (folder / old).rename(folder / new)
    blocks = tuple(block.model_copy(update={"file": names[block.file or table.file]}) for block in table.blocks)
    return table.model_copy(update={"blocks": blocks})


def _layer(folder: Path, table: RawTable, query: Query, since: str | None) -> Layer:
    """Write the keys of a layer's rows; returns its entry."""
    keys = f"{(table.blocks[0].file or table.file).removesuffix('.csv')}.keys.parquet"
    try:
        _write_keys(folder, table, query, folder / keys)
    except pa.ArrowInvalid as error:
        raise InFullError(f"a key is not of its column's type ({error})") from None
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


def _write_keys(folder: Path, table: RawTable, query: Query, target: Path) -> None:
    """Write by what the rows of a layer are told apart: their keys and groups, and whether they were deleted."""
    types = {column.name: arrow_type(column.type) for column in table.columns}
    own = pa.schema([(name, types[name]) for name in dict.fromkeys([*table.key, *table.group_by])])
    kept = own.append(pa.field(_DELETED, pa.bool_()))
    with for_arrow(target, "wb") as sink, pq.ParquetWriter(sink, kept, compression="zstd") as writer:
        for rows in _columns(folder, table, own):
            writer.write_table(rows.append_column(_DELETED, pa.repeat(False, len(rows))).cast(kept))
    if query.deleted:  # as a text: whatever it is, it is NULL or not
        _mark_deleted(folder, table, query.deleted, target)


def _mark_deleted(folder: Path, table: RawTable, column: str, target: Path) -> None:
    marks = pa.concat_tables(_columns(folder, table, pa.schema([(column, pa.string())]))).column(0).is_valid()
    with for_arrow(target, "rb") as source:
        keys = pq.read_table(source)
    with for_arrow(target, "wb") as sink:
        pq.write_table(keys.set_column(keys.num_columns - 1, _DELETED, marks), sink, compression="zstd")


def _columns(folder: Path, table: RawTable, schema: pa.Schema) -> Iterator[pa.Table]:
    """Read some columns of a table's blocks, one after the other."""
    names = [column.name for column in table.columns]
    for block in table.blocks:
        with (folder / (block.file or table.file)).open("rb") as file:
            file.seek(block.offset)
            yield arrow_csv.read(pa.py_buffer(file.read(block.bytes)), schema, header=False, names=names)


def _superseded(
    folder: Path, layers: Sequence[Layer], before: Changes | None, found: Extracted
) -> tuple[str | None, int]:
    """Write the numbers of the rows that do not stand; returns the file's name and how many they are."""
    if before is None and not found.question.query.deleted:
        return None, 0
    table, target = found.table, f"{found.table.file.removesuffix('.csv')}.{found.table.run}.superseded.parquet"
    newest = _numbered(folder, layers[-1:], sum(layer.rows for layer in layers[:-1]))
    with _connection() as db:
        db.execute(f"CREATE TEMP TABLE gone AS SELECT n FROM ({newest}) WHERE {_DELETED}")
        if before and before.superseded:
            db.execute(f"INSERT INTO gone SELECT n FROM read_parquet({_text(folder / before.superseded)})")
        for names in filter(None, (table.key, table.group_by) if before else ()):
            older = _numbered(folder, layers[:-1])
            db.execute(f"INSERT INTO gone SELECT n FROM ({older}) AS o SEMI JOIN ({newest}) AS c ON {_same(names)}")
        if found.swept:
            _sweep(db, folder, layers, found.swept)
        rows = "SELECT DISTINCT n FROM gone ORDER BY n"
        (gone,) = db.execute(f"SELECT COUNT(*) FROM ({rows})").fetchall()[0]
        if gone:
            db.execute(f"COPY ({rows}) TO {_text(folder / target)} (FORMAT parquet, COMPRESSION zstd)")
    return (target if gone else None), int(gone)


def _sweep(db: duckdb.DuckDBPyConnection, folder: Path, layers: Sequence[Layer], swept: RawTable) -> None:
    """Take out the rows whose keys are not among those that there are.

    Raises InFullError where rows are missing here, or one of several with the same key is gone.
    """
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in swept.columns])
    names, keys = schema.names, ", ".join(map(_name, schema.names))
    listed = folder / f"{swept.file}.parquet"
    with for_arrow(listed, "wb") as sink, pq.ParquetWriter(sink, schema) as writer:
        for rows in _columns(folder, swept, schema):
            writer.write_table(rows)
    db.execute(f"CREATE TEMP VIEW listed AS SELECT * FROM read_parquet({_text(listed)})")
    standing = f"SELECT * FROM ({_numbered(folder, layers)}) AS every_ ANTI JOIN gone USING (n)"
    ours = f"SELECT {keys}, COUNT(*) AS rows_ FROM ({standing}) GROUP BY ALL"
    theirs = f"SELECT {keys}, COUNT(*) AS rows_ FROM listed GROUP BY ALL"
    both = f"SELECT o.rows_ AS o, c.rows_ AS c FROM ({theirs}) AS c LEFT JOIN ({ours}) AS o ON {_same(names)}"
    more, fewer = db.execute(
        f"SELECT COUNT(*) FILTER (c > COALESCE(o, 0)), COUNT(*) FILTER (c < o) FROM ({both})"
    ).fetchall()[0]
    if more:
        raise InFullError(f"the source has rows of {more:,} keys that no watermark told of")
    if fewer:
        raise InFullError(f"of {fewer:,} keys with several rows some were deleted")
    db.execute(f"INSERT INTO gone SELECT n FROM ({standing}) AS o ANTI JOIN listed AS c ON {_same(names)}")
    listed.unlink()


def _numbered(folder: Path, layers: Sequence[Layer], first: int = 0) -> str:
    """Write the query for the keys of layers, with the numbers (n) of their rows. first: that of the first row."""
    parts = []
    for layer in layers:
        read = f"read_parquet({_text(folder / layer.keys)}, file_row_number = true)"
        parts.append(f"SELECT * EXCLUDE (file_row_number), file_row_number + {first} AS n FROM {read}")
        first += layer.rows
    return " UNION ALL ".join(parts)


def _same(names: Sequence[str]) -> str:
    """Write that the rows o and c have the same key; NULL is one as well."""
    return " AND ".join(f"o.{_name(name)} IS NOT DISTINCT FROM c.{_name(name)}" for name in names)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with scratch_folder() as spill, duckdb.connect() as db:
        for name, value in {"memory_limit": _MEMORY, "temp_directory": str(spill), "TimeZone": "UTC"}.items():
            db.execute(f"SET {name} = '{value}'")
        yield db
