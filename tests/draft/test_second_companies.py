"""Drafts of databases that nobody made for this engine: TPC-H, and the sample company's source."""

from pathlib import Path
from unittest import mock

import psycopg2
import pytest

from benchmarks.tpch.data import GENERATOR, fill
from etl.draft import measure
from tests.draft.company import Drafted


@pytest.mark.skipif(not GENERATOR.exists(), reason="tpchgen-cli, which makes TPC-H's rows, is not installed")
def test_tpch_is_a_star_from_one_name(postgres_server: str, tmp_path: Path) -> None:
    """Six tables around lineitem, though no foreign key is declared; long queries are split; sums are the source's."""
    source = fill(postgres_server, 0.001, tmp_path)
    company = Drafted(tmp_path, source)
    with mock.patch.object(measure, "RANGE_BYTES", 10_000):
        company.drafted("lineitem")
    assert "-- partition on: orderkey\n" in company.text("lineitem.sql")
    assert company.night().code == 0
    asked = "SELECT r_name, sum(l_extendedprice) FROM lineitem JOIN supplier ON s_suppkey = l_suppkey"
    asked += " JOIN nation ON n_nationkey = s_nationkey JOIN region ON r_regionkey = n_regionkey GROUP BY 1 ORDER BY 1"
    with psycopg2.connect(source) as connection, connection.cursor() as cursor:
        cursor.execute(asked)
        expected = cursor.fetchall()
    connection.close()
    found = company.asked(
        "SELECT region_name, sum(extendedprice) FROM fact_lineitem JOIN dim_supplier USING (supplier_key)"
        " GROUP BY 1 ORDER BY 1"
    )
    assert found == expected
    assert company.asked(
        "SELECT count(*) = (SELECT count(*) FROM fact_lineitem) FROM fact_lineitem JOIN dim_date"
        " ON date_key = shipdate_key AND date = shipdate"
    ) == [(True,)]


def test_the_samples_source_loads_as_it_is_drafted(sample_source: str, tmp_path: Path) -> None:
    """Its dirt is cured or told of: several schemas, infinity, orphans, a table without a key."""
    company = Drafted(tmp_path, sample_source)
    company.drafted("contracts", "movements", "daily_analytics", "self_usage", "legacy.orders")
    ended = company.night()
    assert ended.code == 0, ended.err
    assert "contracted_at: infinite" in company.text("contracts.sql")
    assert "-- key: row_number" in company.text("orders.sql")
    [(contracts,)] = company.asked("SELECT count(*) FROM fact_contract")
    assert contracts == company.table("contracts").rows
