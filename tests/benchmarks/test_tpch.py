"""The benchmark's second company: its tables are valid, and a night of it gives the source's own answers."""

from pathlib import Path

import duckdb
import pytest

from benchmarks.company import TPCH
from benchmarks.tpch.data import GENERATOR, differing_answers, fill
from etl.company.tables import contracts
from tests.bug_reports.company import Stranger

TABLES = {"dim_customer", "dim_part", "dim_supplier", "fact_line", "fact_order"}


def test_tables_are_valid() -> None:
    """The contract's checks let all five pass."""
    assert set(contracts(TPCH.tables)) == TABLES


@pytest.mark.skipif(not GENERATOR.exists(), reason="tpchgen-cli, which makes TPC-H's rows, is not installed")
def test_a_small_night_gives_the_sources_answers(postgres_server: str, tmp_path: Path) -> None:
    """Counts, groupings, revenue and charge to their last digit; a millionth too much in one line is noticed."""
    source = fill(postgres_server, 0.001, tmp_path)
    assert fill(postgres_server, 0.001, tmp_path / "not made again") == source
    company = Stranger(tmp_path)
    for name in ("queries", "tables"):
        company.settings[f"{name.upper()}_DIR"] = str(getattr(TPCH, name))
    company.settings["SOURCE_TPCH_URL"] = source
    assert company.night().code == 0
    warehouse = company.data / "warehouse.duckdb"
    assert differing_answers(source, warehouse) == []
    with duckdb.connect(str(warehouse)) as connection:
        [(table,)] = connection.execute(
            "SELECT format('{}.{}', schema_name, table_name) FROM duckdb_tables() WHERE table_name LIKE 'fact_line%'"
        ).fetchall()
        connection.execute(f"UPDATE {table} SET charge = charge + 0.000001 WHERE order_id = 1 AND line_number = 1")
    assert [told.partition(":")[0] for told in differing_answers(source, warehouse)] == [
        "lines, revenue, charge", "query 1 of TPC-H",
    ]  # fmt: skip
