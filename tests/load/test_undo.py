"""`etl undo`: what was published before is published again, in one transaction, and the next night stands on that.

| published | undo | then |
|---|---|---|
| one, two | one | undo: two again |
| one, two, one (undone) | two | a night: three |
| one | nothing to go back to | |
"""

import subprocess
from pathlib import Path

import pytest

from tests.called import etl
from tests.load.scripts import load
from tests.published import reading
from tests.transform.house import DIM_SHOP, FACT_SALE, House, in_this_process, sales, shops


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a house whose night one is published."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    night(house, 1)
    return house


def night(house: House, number: int) -> None:
    """Build and publish a star in which as many sales are as its number says; each night has one more shop."""
    house.raw(shops=shops(*range(1, number + 1)), sales=sales(*(f"{n} 1 9.99" for n in range(1, number + 1))))
    house.build()
    assert load(house).returncode == 0


def undo(house: House, *options: str) -> subprocess.CompletedProcess[str]:
    """Call the command."""
    house.command()
    with in_this_process():
        return etl("undo", house.folder / "house.env", *options)


def published(house: House) -> tuple[object, ...]:
    """Count the published sales and shops."""
    with reading(house.settings.duckdb_path) as connection:
        counts = "SELECT (SELECT count(*) FROM fact_sale), (SELECT count(*) - 1 FROM dim_shop)"
        return connection.sql(counts).fetchall()[0]


def test_it_goes_back_by_one_and_an_undo_can_be_undone(house: House) -> None:
    """It says from where to where; the same rows with the same keys are there."""
    night(house, 2)
    done = undo(house)
    assert done.returncode == 0, done.stderr
    assert "Going back to run" in done.stdout
    assert published(house) == (1, 1)
    assert undo(house).returncode == 0
    assert published(house) == (2, 2)


def test_the_next_night_goes_on(house: House) -> None:
    """With keys that never go back: the shop of the undone night has its number again, and no other has it."""
    night(house, 2)
    with reading(house.settings.duckdb_path) as connection:
        before = connection.sql("SELECT shop_key, shop_id FROM dim_shop ORDER BY 1").fetchall()
    assert undo(house).returncode == 0
    night(house, 3)
    assert published(house) == (3, 3)
    with reading(house.settings.duckdb_path) as connection:
        after = connection.sql("SELECT shop_key, shop_id FROM dim_shop ORDER BY 1").fetchall()
    assert after[: len(before)] == before


def test_it_goes_back_to_a_run_by_name(house: House) -> None:
    """One that published, and whose star is kept; others are named."""
    first = house.store.loaded.committed()[0]
    night(house, 2)
    night(house, 3)
    assert undo(house, "--to", first).returncode == 0
    assert published(house) == (1, 1)
    refused = undo(house, "--to", "20200101T000000Z")
    assert refused.returncode == 2
    assert first in refused.stderr


def test_a_dry_run_changes_nothing(house: House) -> None:
    """It says what would be published."""
    night(house, 2)
    done = undo(house, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "would publish fact_sale: 1 rows" in done.stdout
    assert published(house) == (2, 2)


def test_there_must_be_something_to_go_back_to(house: House) -> None:
    """One sentence, exit code 2, and what is published stays."""
    done = undo(house)
    assert done.returncode == 2
    assert "Nothing is kept of what was published before run" in done.stderr
    assert published(house) == (1, 1)
