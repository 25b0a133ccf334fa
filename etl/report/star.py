"""A star run as tables that can be asked: the report's numbers where the warehouse is away, or not published yet."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from etl.contract.table import Contract
from etl.core.duckdb_session import session
from etl.core.errors import DataError
from etl.core.folders import is_remote
from etl.core.manifest import StarManifest, StarTable
from etl.core.runs import Store
from etl.core.scratch import scratch_folder
from etl.load.checked import check_file
from etl.load.duckdb.reading import Reader
from etl.load.duckdb.session import MEMORY
from etl.load.etl_runs import ETL_RUNS
from etl.load.parquet import conversions, ready

_FEW = 1_000_000
"""Rows for which one thread is enough: to share them out among several costs more than it saves."""


@contextmanager
def opened(
    store: Store, star: StarManifest, contracts: list[Contract], runs: pa.Table | None = None
) -> Iterator[Callable[[str], pa.Table]]:
    """Yield what runs queries over the star's tables, and over `etl_runs`: as a publish would write it, or `runs`.

    The caller holds the lock, or does with a DataError where the run is removed meanwhile.
    """
    lacking = sorted({contract.name for contract in contracts} - set(star.tables))
    if lacking:
        raise DataError(f"The star {star.run} has no {', '.join(lacking)}.", "Run TablesTransformMain.py first.")
    threads = 1 if sum(star.tables[contract.name].rows for contract in contracts) < _FEW else None
    with (
        _explained(star),
        scratch_folder() as folder,
        session(folder / "spill", MEMORY, threads) as connection,
    ):
        for contract in contracts:
            files = _parquet(store.star.path(star.run), star.tables[contract.name], contract, folder)
            connection.read_parquet([str(file) for file in files]).create_view(contract.name)
        connection.register(ETL_RUNS.name, _runs(star) if runs is None else runs)
        yield Reader(connection, partial(_explained, star))


@contextmanager
def _explained(star: StarManifest) -> Iterator[None]:
    """Tell DuckDB's errors in ours."""
    try:
        yield
    except duckdb.Error as error:
        raise DataError(
            f"The star {star.run} could not be asked: {error}.",
            "Correct the sql of the measure or the view that it names; python -m powerbi tries each.",
        ) from None


def has_parquet(table: StarTable) -> bool:
    """Whether a table's rows can be asked as they lie there; the stars of older versions have to be converted first."""
    return bool(table.files) and all(file.parquet for file in table.files)


def _parquet(run: Path, table: StarTable, contract: Contract, folder: Path) -> list[Path]:
    """Return a table's Parquet files, proven by their hashes: those of the run, if they are there on this machine."""
    if is_remote(run) or not has_parquet(table) or table.superseded:
        parts = conversions(contract, table.files, run, folder, superseded=table.superseded)
        return [ready(part)[0] for part in parts]
    paths = []
    for parquet in (file.parquet for file in table.files if file.parquet):
        check_file(run / parquet.name, parquet)
        paths.append(run / parquet.name)
    for path in paths:
        if not pq.read_schema(path).equals(contract.schema):
            raise DataError(
                f"{path} does not match its table's contract, which was changed since.",
                "Run TablesTransformMain.py again.",
            )
    return paths


def _runs(star: StarManifest) -> pa.Table:
    rows = [
        {
            "run_id": star.run,
            "table_name": name,
            "star_run": table.run,
            "as_of": table.as_of,
            "published_at": None,
            "row_count": table.rows,
            "rejected": table.all_rejected,
            "receipt": "",
        }
        for name, table in star.tables.items()
    ]
    return pa.Table.from_pylist(rows, pa.schema([field.with_nullable(True) for field in ETL_RUNS.schema]))
