"""A person's query changes nothing, whatever the loader's account may do."""

from pathlib import Path

import pytest

from etl.core.errors import UsageError, WarehouseError
from etl.load.duckdb.warehouse import DuckDBWarehouse
from etl.load.warehouse import Warehouse
from tests.load.contracts import PLANET
from tests.load.nights import RUN, counts, load, night

CHANGES = [
    "DROP TABLE dim_planet",
    "DELETE FROM dim_planet WHERE true",
    "UPDATE dim_planet SET name = 'x' WHERE true",
    "INSERT INTO dim_planet SELECT * FROM dim_planet",
    "CREATE TABLE another AS SELECT 1 AS x",
    "CREATE TEMP TABLE another AS SELECT 1 AS x",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE dim_planet",
]
OF_DUCKDB = [
    "COPY dim_planet TO '{file}'",
    "EXPORT DATABASE '{file}'",
    "ATTACH '{file}'",
    "SET memory_limit = '1GB'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CHECKPOINT",
    "USE memory",
    "PREPARE p AS SELECT 1",
    "",
]
READ = ["SELECT * FROM dim_planet", "WITH x AS (SELECT 1 AS n) SELECT * FROM x;", "-- a note\nSELECT 1"]
READ_BY_DUCKDB = ["FROM dim_planet", "SHOW TABLES", "DESCRIBE dim_planet", "EXPLAIN SELECT 1", "PRAGMA database_list"]


def test_only_a_query_is_let_through(warehouse: Warehouse, tmp_path: Path) -> None:
    """Everything else is refused before it runs, with the warehouse's own word for it; the tables are as they were."""
    load(warehouse, RUN, night(tmp_path, 3, [PLANET]))
    is_duckdb = isinstance(warehouse, DuckDBWarehouse)
    for statement in [*CHANGES, *(OF_DUCKDB if is_duckdb else [])]:
        with pytest.raises(UsageError, match="so it was not run"):
            warehouse.check_reads(statement.format(file=tmp_path / "stolen"))
    for query in [*READ, *(READ_BY_DUCKDB if is_duckdb else [])]:
        warehouse.check_reads(query)
        assert warehouse.read(query).num_rows
    with pytest.raises(WarehouseError):
        warehouse.check_reads("SELEC 1")
    assert counts(warehouse, [PLANET]) == [3]
    assert not (tmp_path / "stolen").exists()


def test_what_is_read_from_duckdb_is_the_file_alone(tmp_path: Path) -> None:
    """Also by `read` itself, which knows nothing of the person."""
    warehouse = DuckDBWarehouse(tmp_path / "star.duckdb")
    load(warehouse, RUN, night(tmp_path, 3, [PLANET]))
    for query in (
        f"COPY dim_planet TO '{tmp_path}/stolen'",
        "SELECT * FROM read_text('/etc/hostname')",
        "DELETE FROM dim_planet",
        "SET enable_external_access = true",
    ):
        with pytest.raises(WarehouseError):
            warehouse.read(query)
    assert not (tmp_path / "stolen").exists()
