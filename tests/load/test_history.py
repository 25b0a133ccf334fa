"""Versions through all stages and what may happen to them: history is turned on, corrected, lost with the disk, undone.

| what | becomes of keys |
|---|---|
| history is turned on | the load asks for a refill; the current version goes on with the member's key |
| a change of long ago comes, or goes | versions that stay keep theirs; the facts of those days have others |
| the data folder is lost | versions and durable keys are taken from what is published |
| a night is undone | they are those of that night; the next one goes on after the greatest ever given |
| history is turned off | a refill; the member goes on with the key of its current version |
"""

from pathlib import Path

import duckdb
import pytest

from etl.core.job import Job
from etl.published import ask
from etl.transform import stage as transform
from tests.load.scripts import load
from tests.load.test_restore import command, lose
from tests.transform.house import House, in_this_process
from tests.transform.test_versions import DIM_SHOP, FACT_SALE, PLAIN, PLAIN_SALE, moves, sales

BEGAN = ("1 10 A ∅", "1 11 B 2029-05-01 08:00", "2 20 A ∅")
SOLD = sales("1 1 2029-04-30 12:00", "2 1 2029-05-01 12:00", "3 2 2029-05-01 12:00", "4 1 2029-07-01 12:00")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Give a house that published shops without history, the warehouse out of the data folder."""
    file = tmp_path / "elsewhere.duckdb"
    monkeypatch.setenv("DUCKDB_FILE", str(file))
    house = House(tmp_path, dim_shop=PLAIN, fact_sale=PLAIN_SALE)
    house.settings = house.settings.model_copy(update={"duckdb_file": file})
    night(house, *BEGAN)
    assert published(house, "shop_id, shop_key") == [(1, 1), (2, 2)]
    return house


def build(house: House, *rows: str) -> None:
    """Build a star of these moves, with what is published before it in sight."""
    house.raw(moves=moves(*rows), sales=SOLD)
    with in_this_process():
        transform.transform(Job(house.settings, house.store, house.next_run()), ask)


def night(house: House, *rows: str) -> None:
    """Build and publish a star."""
    build(house, *rows)
    done = load(house)
    assert done.returncode == 0, done.stderr


def published(house: House, columns: str, table: str = "dim_shop WHERE shop_key > 0") -> list[tuple[object, ...]]:
    """Read what is published."""
    with duckdb.connect(str(house.settings.duckdb_path), read_only=True) as connection:
        return sorted(connection.sql(f"SELECT {columns} FROM {table}").fetchall())


def versions(house: House) -> list[tuple[object, ...]]:
    """Give of each published version the move, its key and the durable key."""
    return published(house, "move_id, shop_key, shop_durable_key")


def sold_in(house: House) -> list[tuple[object, ...]]:
    """Give the city of each published sale, as it was."""
    return published(house, "sale_id, d.city", "fact_sale AS f JOIN dim_shop AS d USING (shop_key)")


def refilled(house: House, **tables: str) -> None:
    """Write other table files, see that the load names the command, and call it."""
    house.write(**tables)
    build(house, *BEGAN)
    refused = load(house)
    assert refused.returncode == 1
    assert "etl refill" in refused.stderr
    done = command(house, "refill", *tables)
    assert done.returncode == 0, done.stderr


def test_versions_keep_their_keys_whatever_happens(house: House) -> None:
    """From the first night with history to the last, in DuckDB."""
    refilled(house, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    assert versions(house) == [(10, 3, 1), (11, 1, 1), (20, 2, 2)]
    assert sold_in(house) == [(1, "A"), (2, "B"), (3, "A"), (4, "B")]

    corrected = ("1 10 A ∅", "1 12 C 2029-04-01 08:00", "1 11 B 2029-06-01 08:00", "2 20 A ∅")
    night(house, *corrected)
    assert versions(house) == [(10, 3, 1), (11, 1, 1), (12, 4, 1), (20, 2, 2)]
    assert sold_in(house) == [(1, "C"), (2, "C"), (3, "A"), (4, "B")]

    night(house, "1 10 A ∅", "1 12 C 2029-04-01 08:00", "2 20 A ∅")
    assert versions(house) == [(10, 3, 1), (12, 4, 1), (20, 2, 2)]
    lose(house)
    done = command(house, "restore")
    assert done.returncode == 0, done.stderr
    night(house, "1 10 A ∅", "1 12 C 2029-04-01 08:00", "1 13 D 2029-04-15 08:00", "2 20 A ∅")
    assert versions(house) == [(10, 3, 1), (12, 4, 1), (13, 5, 1), (20, 2, 2)]
    assert sold_in(house)[:2] == [(1, "D"), (2, "D")]

    night(house, "1 12 C 2029-04-01 08:00")
    assert command(house, "undo").returncode == 0
    assert versions(house) == [(10, 3, 1), (12, 4, 1), (13, 5, 1), (20, 2, 2)]
    night(house, "1 12 C 2029-04-01 08:00", "1 14 B 2029-05-01 08:00", "2 20 A ∅")
    assert versions(house) == [(12, 4, 1), (14, 6, 1), (20, 2, 2)]

    refilled(house, dim_shop=PLAIN, fact_sale=PLAIN_SALE)
    assert published(house, "shop_id, shop_key") == [(1, 6), (2, 2)]
