"""A star run as tables that can be asked: the report's numbers where the warehouse is away, or not published yet."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from etl.contract.table import Contract
from etl.core.errors import DataError
from etl.core.manifest import StarManifest
from etl.core.runs import Store
from etl.load.duckdb.session import limit
from etl.load.etl_runs import ETL_RUNS
from etl.load.parquet import conversions, ready


@contextmanager
def opened(store: Store, star: StarManifest, contracts: list[Contract]) -> Iterator[Callable[[str], pa.Table]]:
    """Yield what runs queries over the star's tables, and over `etl_runs` as a publish would write it.

    The caller holds the lock.
    """
    lacking = sorted({contract.name for contract in contracts} - set(star.tables))
    if lacking:
        raise DataError(f"The star {star.run} has no {', '.join(lacking)}.", "Run TablesTransformMain.py first.")
    folder = store.local / ".asked"
    shutil.rmtree(folder, ignore_errors=True)  # by a run that was killed
    folder.mkdir()
    try:
        with duckdb.connect() as connection:
            limit(connection, folder / "spill")
            for contract in contracts:
                files = _parquet(store, star, contract, folder)
                connection.read_parquet([str(file) for file in files]).create_view(contract.name)
            connection.register(ETL_RUNS.name, _runs(star))
            yield lambda sql: connection.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        raise DataError(
            f"The star {star.run} could not be asked: {error}.",
            "Correct the sql of the measure or the view that it names; python -m powerbi tries each.",
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parquet(store: Store, star: StarManifest, contract: Contract, folder: Path) -> list[Path]:
    parts = conversions(contract, star.tables[contract.name].files, store.star.path(star.run), folder)
    return [ready(part)[0] for part in parts]


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
