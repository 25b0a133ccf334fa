"""The benchmark's companies at three times the rows, and whether two ways made the same."""

from pathlib import Path

import psycopg2
import pytest

from benchmarks.company import SAMPLE
from benchmarks.equal import differing_lines, differing_rows
from tests.transform.house import DIM_SHOP, House


def test_three_times_the_facts_have_the_same_members_and_other_numbers(postgres_server: str, tmp_path: Path) -> None:
    """The header stays, rows stay sorted where they were, and no number occurs twice."""
    columns = {
        "contracts": ["contract_id", "client_id"],
        "movements": ["movement_id", "usage_id", "product_id", "edition", "moved_at", "updated_at"],
    }
    grown = SAMPLE.multiplied(3, tmp_path / "queries", columns)
    text = (grown.queries / "movements.sql").read_text(encoding="utf-8")
    assert text.startswith("-- Movements")
    assert (grown.queries / "offices.sql").read_bytes() == (SAMPLE.queries / "offices.sql").read_bytes()
    table = (
        "CREATE SCHEMA usage; CREATE TABLE usage.movements AS SELECT n AS movement_id, n % 2 AS usage_id,"
        " 1 AS product_id, 1 AS edition, 7 AS team_member_id, 1 AS movement_type, 1 AS instances,"
        " timestamptz '2030-01-01' AS moved_at, timestamptz '2030-01-02' AS updated_at FROM generate_series(1, 4) AS n"
    )
    connection = psycopg2.connect(postgres_server)
    try:
        with connection.cursor() as cursor:
            cursor.execute(table)
            cursor.execute(text.replace(":since", "'-infinity'"))
            rows = cursor.fetchall()
    finally:
        connection.close()
    assert len({row[0] for row in rows}) == len(rows) == 12
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    assert len({row[1] for row in rows}) == 6


@pytest.mark.parametrize(("theirs", "differing"), [("1,7,Ea", 0), ("1,7,Eb", 2), ("1,7,Ea\n1,7,Ea", 1)])
def test_rows_that_stand_on_one_side_alone_are_counted(tmp_path: Path, theirs: str, differing: int) -> None:
    """Whatever their order, typed as the contract says; a row that is there once more counts."""
    house = House(tmp_path, dim_shop=DIM_SHOP)
    header, one, other = "shop_key,shop_id,name\n", tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text(f"{header}0,,?\n1,7,Ea\n")
    other.write_text(f"{header}{theirs}\n0,,?\n")
    assert differing_rows(house.settings.tables_dir, "dim_shop", [one], [other], tmp_path / "spill") == differing
    assert differing_lines(one, other) == bool(differing)
