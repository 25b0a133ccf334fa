"""How faults get into a night so that no hash of a file, no length and no count tells: files and manifests agree."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq

from etl.core import arrow_csv
from etl.core.manifest import Block, RawTable, StarFile
from etl.core.runs import MANIFEST
from etl.load import handing_over
from etl.load import parquet as parquet_module
from etl.load.bigquery import sql as bigquery_sql
from etl.load.bigquery.staging import Staging
from etl.load.duckdb.warehouse import DuckDBWarehouse
from etl.load.parquet import Conversion, ready
from etl.load.warehouse import Handover
from tests.mutation.faults import RAW, STAGED, STAR, Fault, Rows
from tests.mutation.inserts import PublishedFault
from tests.mutation.plant import Ended, Plant

TEXTS = ("note", "remark")


@contextmanager
def injected(plant: Plant, fault: Fault, where: str) -> Iterator[None]:
    """Bring the plant to where a hand-over is due, and inject a fault into it."""
    plant.go_back_to(plant.before_transform if where == RAW else plant.before_load)
    {RAW: _into_the_raw_file, STAR: _into_the_star_file, STAGED: lambda *_: None}[where](plant, fault)
    if where != STAGED:
        yield
        return
    with parquet_spoilt(plant, fault):
        yield


@contextmanager
def parquet_spoilt(plant: Plant, fault: Fault) -> Iterator[None]:
    """Spoil the Parquet of the fact after its hash was compared with the star's, before the warehouse gets it."""
    last = _star_rows(plant, plant.store.star.committed()[0])

    def converted(conversion: Conversion) -> Any:
        path, receipt = ready(conversion)
        if conversion.table == "fact_move":
            rows = _texts(arrow_csv.write(pq.read_table(path)))
            path = conversion.target  # the star's own file stays as it is
            _write_parquet(conversion.schema, fault.damage(rows, last), path)
        return path, receipt

    with mock.patch.object(handing_over, "ready", converted):
        yield


def damaged_parquet(handover: Handover, fault: Fault, target: Path) -> Path:
    """Write the rows of all files of a handover into one, damaged."""
    rows = _texts(arrow_csv.write(pa.concat_tables([pq.read_table(file) for file in handover.files])))
    _write_parquet(handover.contract.schema, fault.damage(rows, []), target)
    return target


@contextmanager
def loaded_from(files: Callable[[tuple[Path, ...]], tuple[Path, ...]]) -> Iterator[None]:
    """Let the fact come in several Parquet files, and both warehouses stage others of them than they were given."""

    def others(handover: Handover) -> Handover:
        return replace(handover, files=files(handover.files)) if handover.contract.name == "fact_move" else handover

    parquet, staging = DuckDBWarehouse._parquet, Staging.load
    with (
        mock.patch.object(parquet_module, "CSV_BYTES_A_FILE", 1),
        mock.patch.object(DuckDBWarehouse, "_parquet", lambda self, run, h: parquet(self, run, others(h))),
        mock.patch.object(Staging, "load", lambda self, h, attempt: staging(self, others(h), attempt)),
    ):
        yield


@contextmanager
def published_by(fault: PublishedFault) -> Iterator[None]:
    """Spoil the INSERT by which the fact is published, in both warehouses."""
    next_version, script = DuckDBWarehouse._next_version, bigquery_sql.publish_script

    @contextmanager
    def spoilt_version(self: DuckDBWarehouse, *given: str) -> Iterator[Any]:
        with next_version(self, *given) as connection:
            yield _Spoiling(connection, fault)

    with (
        mock.patch.object(DuckDBWarehouse, "_next_version", spoilt_version),
        mock.patch.object(bigquery_sql, "publish_script", lambda *given: fault.spoilt(script(*given))),
    ):
        yield


class _Spoiling:
    """A connection to DuckDB that understands INSERT wrongly."""

    def __init__(self, connection: Any, fault: PublishedFault) -> None:
        self._connection, self._fault = connection, fault

    def execute(self, statement: str, *values: Any) -> Any:
        return self._connection.execute(self._fault.spoilt(statement), *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def night(plant: Plant, where: str, receipts: str) -> Ended:
    """Let the night go on from a hand-over."""
    return plant.transform(receipts) if where == RAW else plant.load(receipts)


def _into_the_raw_file(plant: Plant, fault: Fault) -> None:
    first, second = plant.store.raw.committed()
    manifest = plant.store.raw.read(second)
    table = manifest.tables["moves"]
    last = _texts((plant.store.raw.path(first) / table.file).read_bytes())
    folder = plant.store.raw.path(second)
    _replace_manifest(folder, manifest, "moves", spoil_csv(folder, table, lambda rows: fault.damage(rows, last)))


def spoil_csv(
    folder: Path, table: RawTable, damage: Callable[[Rows], Rows], quoted: tuple[str, ...] = TEXTS
) -> RawTable:
    """Write a raw table's CSV anew with damaged rows; gives the manifest's entry of it, whose receipt is the old one.

    quoted: the columns of texts.
    """
    path = folder / table.file
    rows = damage(_texts(path.read_bytes()))
    header, body = _csv([column.name for column in table.columns], rows, quoted)
    _replace(path, header + body)
    block = Block(offset=len(header), bytes=len(body), rows=len(rows), sha256=hashlib.sha256(body).hexdigest())
    return table.model_copy(update={"bytes": len(header + body), "rows": len(rows), "blocks": (block,)})


def _into_the_star_file(plant: Plant, fault: Fault) -> None:
    first, second = plant.store.star.committed()
    manifest = plant.store.star.read(second)
    table = manifest.tables["fact_move"]
    rows = fault.damage(_star_rows(plant, second), _star_rows(plant, first))
    data = b"".join(_csv(list(table.receipt.columns), rows))
    file = table.files[0]
    spoilt = StarFile(name=file.name, bytes=len(data), rows=len(rows), sha256=hashlib.sha256(data).hexdigest())
    _replace(plant.store.star.path(second) / file.name, data)
    entry = table.model_copy(update={"files": (spoilt,)})
    _replace_manifest(plant.store.star.path(second), manifest, "fact_move", entry)


def _star_rows(plant: Plant, run: str) -> Rows:
    files = plant.store.star.read(run).tables["fact_move"].files
    return [row for file in files for row in _texts((plant.store.star.path(run) / file.name).read_bytes())]


def _write_parquet(schema: pa.Schema, rows: Rows, target: Path) -> None:
    data = b"".join(_csv(schema.names, rows))
    pq.write_table(arrow_csv.read(pa.py_buffer(data), schema, header=True), target)


def _texts(data: bytes) -> Rows:
    """Read a CSV with its header as texts, NULL as None."""
    names = next(csv.reader([data[: data.index(b"\n")].decode()]))
    schema = pa.schema([(name, pa.string()) for name in names])
    rows: Rows = arrow_csv.read(pa.py_buffer(data), schema, header=True).to_pylist()
    return rows


def _csv(names: list[str], rows: Rows, quoted: tuple[str, ...] = TEXTS) -> tuple[bytes, bytes]:
    """Write header and rows as the stages do."""
    out = io.StringIO()
    for row in rows:
        out.write(",".join(_cell(row[name], name in quoted) for name in names) + "\n")
    return (",".join(names) + "\n").encode(), out.getvalue().encode()


def _cell(value: str | None, quoted: bool) -> str:
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if quoted else value


def _replace(path: Path, data: bytes) -> None:
    path.unlink()  # it is a link to the one that others go back to
    path.write_bytes(data)


def _replace_manifest(folder: Path, manifest: Any, name: str, entry: Any) -> None:
    spoilt = manifest.model_copy(update={"tables": manifest.tables | {name: entry}})
    _replace(folder / MANIFEST, spoilt.model_dump_json().encode())
