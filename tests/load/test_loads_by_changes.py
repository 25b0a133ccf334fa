"""LoadFilesBQ.py over stars whose fact tells by what it differs from the last one: what it publishes, and how."""

import json
import re
from decimal import Decimal
from pathlib import Path
from unittest import mock

import duckdb
import pytest

from etl.company.tables import contracts
from etl.core.runs import MANIFEST
from etl.load.duckdb import publish as duckdb_publish
from etl.load.duckdb.warehouse import DuckDBWarehouse
from etl.load.warehouse import Handover
from etl.report import star as star_files
from tests.load.changed_nights import FIRST, SECOND, THIRD, Nights, mistaken
from tests.load.scripts import load, told
from tests.load.test_undo import undo


def by_hand(nights: Nights, statement: str) -> None:
    """Do something in the published file."""
    with duckdb.connect(str(nights.house.settings.duckdb_path)) as connection:
        connection.execute(statement)


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    """Give a house whose first night is published."""
    nights = Nights(tmp_path)
    nights.build(FIRST)
    nights.load()
    return nights


def test_nights_are_published_by_their_changes(nights: Nights) -> None:
    """The log says how many rows go and come; what is published is proven, and so is the next night."""
    nights.build(SECOND)
    said = nights.load()
    assert "load fact_sale: 3 rows out, 3 in, of 20" in said
    assert nights.published() == SECOND
    nights.build(THIRD)
    assert "load fact_sale: 3 rows out, 2 in, of 19" in nights.load()
    assert nights.published() == THIRD
    kept = nights.house.store.loaded.newest("nobody").tables["fact_sale"]
    assert kept.mark
    assert (kept.star.files, kept.star.change, kept.star.superseded, kept.star.by_partition) == ((), None, None, {})
    assert nights.ask("SELECT row_count FROM etl_runs WHERE table_name = 'fact_sale' ORDER BY run_id") == [
        *((20,), (20,), (19,))
    ]
    assert "there is nothing to do" in nights.load()


def test_a_dry_run_says_how(nights: Nights) -> None:
    """By its changes, or whole and why."""
    nights.build(SECOND)
    run = nights.house.star.run
    assert f"would publish fact_sale by its changes: 3 rows out, 3 in, of 20 of star {run}" in nights.load("--dry-run")
    assert nights.published() == FIRST
    by_hand(nights, "DELETE FROM fact_sale WHERE sale_id = 20")
    said = nights.load("--dry-run")
    assert f"would publish fact_sale: 20 rows of star {run} (somebody changed it by hand)" in said


def test_superseded_rows_are_left_out_of_a_whole_table(tmp_path: Path) -> None:
    """A warehouse that holds nothing gets what stands; so does whoever asks the star."""
    nights = Nights(tmp_path)
    for sales in (FIRST, SECOND, THIRD):
        fact = nights.build(sales)
    assert (len(fact.files), fact.gone) == (3, 6)
    every = list(contracts(nights.house.tables_dir).values())
    with star_files.opened(nights.house.store, nights.house.star, every) as read:
        assert read("SELECT COUNT(*) AS n, SUM(price) AS price FROM fact_sale").to_pylist() == [
            {"n": 19, "price": sum(Decimal(price) for _, price in THIRD.values())}
        ]
    assert "load fact_sale: 19 rows, " in nights.load()
    assert nights.published() == THIRD


def test_where_nothing_changed_only_the_record_is_published(nights: Nights) -> None:
    """No row is touched; the record has its rows, and the next night goes on from there."""
    nights.build(FIRST)
    nights.house.build()
    shop, fact = (nights.house.star.tables[name] for name in ("dim_shop", "fact_sale"))
    first = nights.ask("SELECT star_run FROM etl_runs ORDER BY 1")[0][0]
    change = {"on": first, "removed": [], "added": [], "partitions": []}
    path = nights.house.store.star.path(nights.house.star.run) / MANIFEST
    manifest = json.loads(path.read_text())
    for name, table in (("dim_shop", shop), ("fact_sale", fact)):
        manifest["tables"][name] = json.loads(table.model_dump_json()) | {"change": change}
    path.write_text(json.dumps(manifest))
    said = nights.load()
    assert "load fact_sale: none of 20 rows changed" in said
    assert "nothing changed in its 2 tables but as of when they are" in said
    assert nights.published() == FIRST
    assert nights.ask("SELECT COUNT(*), COUNT(DISTINCT run_id), COUNT(DISTINCT star_run) FROM etl_runs") == [(4, 2, 2)]
    assert nights.ask("SELECT run_id FROM etl_head") == nights.ask("SELECT MAX(run_id) FROM etl_runs")
    assert all(table.mark for table in nights.house.store.loaded.newest("nobody").tables.values())
    assert "there is nothing to do" in nights.load()


def test_changes_upon_another_star_than_the_published_are_not_used(nights: Nights) -> None:
    """After an undo, or a night that was never published, the table is published whole; then changes are used again."""
    nights.build(SECOND)
    nights.load()
    done = undo(nights.house)
    assert done.returncode == 0, done.stderr
    assert nights.published() == FIRST
    nights.build(THIRD)
    said = nights.load()
    assert re.search(
        r"load fact_sale: 19 rows \(all of them: its changes are upon star \S+, and what is published is", said
    )
    assert nights.published() == THIRD
    nights.build(SECOND)
    assert "rows out" in nights.load()
    assert nights.published() == SECOND


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fact_sale SET price = 0 WHERE sale_id = 1",
        "UPDATE fact_sale SET price = 0 WHERE sale_id = 20",
        "DELETE FROM fact_sale WHERE sale_id = 5",
    ],
)
def test_a_table_changed_by_hand_is_published_whole(nights: Nights, statement: str) -> None:
    """Whatever the changes touch: every row is that of the star then."""
    by_hand(nights, statement)
    nights.build(SECOND)
    said = nights.load()
    assert "fact_sale was changed by hand" in said
    assert "(all of them: somebody changed it by hand)" in said
    assert nights.published() == SECOND


def test_many_changes_are_a_whole_table(nights: Nights) -> None:
    """From 30 percent of the rows on."""
    many = FIRST | {n: (FIRST[n][0], "0.00") for n in range(1, 5)}
    nights.build(many)
    assert "(all of them: 4 rows go and 4 come, of 20)" in nights.load()
    assert nights.published() == many


def test_a_table_that_does_not_fit_its_changes_is_published_whole(nights: Nights) -> None:
    """In the same load, with a warning: nobody has to look for why before the numbers are right."""
    fact = nights.build(SECOND)
    assert fact.change
    nights.write(fact.model_copy(update={"change": fact.change.model_copy(update={"removed": (), "removed_rows": 0})}))
    assert "cannot be published by its changes, so it is published whole: 20 rows are 23" in nights.load()
    assert nights.published() == SECOND
    nights.write(mistaken(nights.build(THIRD)))
    assert "published whole: the hash over the rows is another" in nights.load()
    assert nights.published() == THIRD


def test_receipts_of_months_have_to_add_up(nights: Nights) -> None:
    """To that of the table: then the months that did not change are what was proven when they did."""
    fact = nights.build(SECOND)
    parts = {month: receipt for month, receipt in fact.by_partition.items() if month != "2030-02"}
    nights.write(fact.model_copy(update={"by_partition": parts}))
    assert "(all of them: the receipts of its months of day do not add up to its own)" in nights.load()
    assert nights.published() == SECOND


@pytest.mark.parametrize("part", ["removed", "added", "superseded"])
def test_a_damaged_file_of_changes_is_not_published(nights: Nights, part: str) -> None:
    """The file is named, and what was published before stands."""
    fact = nights.build(SECOND)
    if part == "superseded":
        nights.write(fact.model_copy(update={"change": None}))
    [file, *_] = nights.house.store.star.path(fact.run).glob(f"fact_sale.{part}*")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    for options in [("--dry-run",), ()]:
        code, error, _ = told(load(nights.house, *options))
        assert code == 1
        assert file.name in error
    assert nights.published() == FIRST


def test_without_receipts_changes_are_published_too(nights: Nights) -> None:
    """The rows that go are counted, and all that stand."""
    nights.build(SECOND)
    assert "load fact_sale: 3 rows out, 3 in, of 20" in nights.load(RECEIPTS="off")
    assert nights.published() == SECOND


def test_an_index_of_a_person_stays(nights: Nights) -> None:
    """A changed row goes before it comes again."""
    by_hand(nights, "CREATE UNIQUE INDEX by_number ON fact_sale (sale_id)")
    nights.build(SECOND)
    assert "rows out" in nights.load()
    assert nights.published() == SECOND
    assert nights.ask("SELECT index_name FROM duckdb_indexes()") == [("by_number",)]


def test_a_load_that_dies_halfway_leaves_last_night(nights: Nights) -> None:
    """Rows are out already, and none is in yet; the next load goes by the changes again."""
    nights.build(SECOND)
    with mock.patch.object(duckdb_publish, "insert", side_effect=KeyboardInterrupt):
        assert load(nights.house).returncode != 0
    assert nights.published() == FIRST
    assert "load fact_sale: 3 rows out, 3 in, of 20" in nights.load()
    assert nights.published() == SECOND


def test_what_somebody_does_during_a_load_is_seen(nights: Nights) -> None:
    """Between the look at the published tables and the publish: the table is published whole."""
    nights.build(SECOND)
    stage = DuckDBWarehouse.stage

    def meanwhile(warehouse: DuckDBWarehouse, run: str, handover: Handover) -> None:
        stage(warehouse, run, handover)
        if handover.delta:
            by_hand(nights, "UPDATE fact_sale SET price = 0 WHERE sale_id = 20")

    with mock.patch.object(DuckDBWarehouse, "stage", meanwhile):
        said = nights.load()
    assert "so it is published whole: somebody has changed it since this load began" in said
    assert nights.published() == SECOND
