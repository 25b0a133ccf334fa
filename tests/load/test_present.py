"""What is published already: changes by hand are told and overwritten, nothing new publishes nothing."""

from pathlib import Path

import duckdb
import pytest

from etl.core.job import Job
from etl.load import stage
from etl.load.duckdb.file import DuckDBFile
from etl.load.open import open_warehouse
from etl.load.warehouse import Warehouse
from tests.load.contracts import PLANET
from tests.load.nights import NEXT_RUN, RUN, all_of, load, night
from tests.load.test_script import load as run_script
from tests.load.test_script import published
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house that published a star of two shops and two sales."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99", "8 2 1.00"))
    house.build()
    assert run_script(house).returncode == 0
    return house


def by_hand(house: House, statement: str) -> None:
    """Change the published tables."""
    with duckdb.connect(str(house.settings.duckdb_path)) as connection:
        connection.execute(statement)


CHANGES = {
    "a row lost": ("DELETE FROM fact_sale WHERE sale_id = 8", "2 rows are 1"),
    "a digit changed": ("UPDATE fact_sale SET price = 9.98 WHERE sale_id = 7", "price: sum 10.99 is 10.98"),
    "values of two rows exchanged": ("UPDATE fact_sale SET price = 10.99 - price", "the hash over the rows is another"),
    "a text altered": ("UPDATE dim_shop SET name = 'Shop 3' WHERE shop_id = 2", "name: max Unknown is Unknown"),
    "a table dropped": ("DROP TABLE fact_sale", "it is gone"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_published_table_that_was_changed_by_hand_is_told_of_and_overwritten(house: House, change: str) -> None:
    """Since when, and how; the same star is published again although there is nothing new; the manifest keeps it."""
    statement, differs = CHANGES[change]
    by_hand(house, statement)
    done = run_script(house)
    assert done.returncode == 0, done.stderr
    table = "dim_shop" if "dim_shop" in statement else "fact_sale"
    assert f"WARNING load: {table} was changed by hand since " in done.stderr
    (told,) = house.store.loaded.newest("").altered.items()
    assert told[0] == table
    assert differs.split(" is ")[0] in told[1] or "the hash over the rows is another" in told[1]
    assert published(house) == [(7, 1, "9.99"), (8, 2, "1.00")]


def test_what_nobody_has_changed_is_not_read_again(house: House) -> None:
    """The file's inode, size and time of change are kept; a change of anything in the file is looked into."""
    kept = house.store.loaded.newest("").tables
    with open_warehouse(house.settings) as warehouse:
        assert warehouse.marks(list(kept)) == {name: table.mark for name, table in kept.items()}
        by_hand(house, "CREATE TABLE mine (n INTEGER)")
        assert not set(warehouse.marks(list(kept)).values()) & {table.mark for table in kept.values()}
    assert "changed by hand" not in run_script(house).stderr


def test_a_change_right_after_the_publish_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark is that of the file which was published, taken before anybody could open it."""
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99"))
    house.build()
    clear = DuckDBFile.clear

    def meanwhile(file: DuckDBFile) -> None:
        by_hand(house, "DELETE FROM fact_sale")
        clear(file)

    with monkeypatch.context() as patched:
        patched.setattr(DuckDBFile, "clear", meanwhile)
        stage.load(Job(house.settings, house.store, house.next_run()))
    assert "fact_sale was changed by hand" in run_script(house).stderr
    assert published(house) == [(7, 1, "9.99")]


def test_a_star_that_is_published_is_not_published_again(house: House) -> None:
    """No change publishes nothing: the file stays the same, no run is committed, and it says so."""
    before, runs = house.settings.duckdb_path.stat(), house.store.loaded.committed()
    done = run_script(house)
    assert done.returncode == 0
    assert "is published already, as of 2030-03-15" in done.stderr
    assert house.settings.duckdb_path.stat().st_ino == before.st_ino
    assert house.store.loaded.committed() == runs


def test_after_nights_without_a_warehouse_the_newest_star_is_published(house: House) -> None:
    """Three nights built their stars in vain; the next load publishes the newest, and says which were never seen."""
    missed = []
    for night_ in range(3):
        house.raw(shops=shops(1, 2), sales=sales(f"{night_} 1 1.00"))
        missed.append(house.build().run)
        unreachable = {"WAREHOUSE": "bigquery", "BIGQUERY_PROJECT": "p", "BIGQUERY_DATASET": "d"}
        nowhere = {"BIGQUERY_CREDENTIALS": "key file", "BIGQUERY_KEY_FILE": "/nowhere.json"}
        assert run_script(house, **unreachable, **nowhere).returncode != 0
    done = run_script(house)
    assert done.returncode == 0, done.stderr
    assert f"star {missed[2]} is the newest; {missed[0]}, {missed[1]} before it were never published" in done.stderr
    assert published(house) == [(2, 1, "1.00")]
    assert run_script(house, "--from", missed[0]).returncode == 0
    house.raw(shops=shops(1, 2), sales=sales("3 1 1.00"))
    newest = house.build().run
    done = run_script(house)
    assert f"star {newest} is the newest; {missed[1]} before it were never published" in done.stderr


def test_with_receipts_off_nobody_looks(house: House) -> None:
    """What it costs is saved, and what it shows is not seen."""
    by_hand(house, "DELETE FROM fact_sale WHERE sale_id = 8")
    done = run_script(house, RECEIPTS="off")
    assert "is published already" in done.stderr
    assert len(published(house)) == 1


def test_every_warehouse_computes_what_is_published(warehouse: Warehouse, tmp_path: Path) -> None:
    """As the receipt of its publishing says; and the newest row is the newest run's, wherever the clock went."""
    handovers = night(tmp_path, 3)
    load(warehouse, NEXT_RUN, handovers)
    load(warehouse, RUN, night(tmp_path, 2))
    assert {row.run for row in warehouse.published()} == {NEXT_RUN}
    load(warehouse, NEXT_RUN, handovers)
    found = warehouse.published_receipt(PLANET, handovers[0].receipt)
    assert found == handovers[0].receipt
    assert len(all_of(warehouse, PLANET)) == 3
