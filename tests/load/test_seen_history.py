"""What nights saw, through all stages: the log is what is published, so it goes wherever that goes.

| what | becomes of the versions |
|---|---|
| a night is published | it has seen what it saw |
| one was built upon another published star than the one that is there | it is refused, or versions would be lost |
| a night is undone | they are those of the night before; of the undone one when that is undone |
| the data folder is lost | they are read from the warehouse |
| the warehouse does not answer | those that were published from here last; if their star is lost, too, the night ends |
"""

from functools import partial
from pathlib import Path

import pytest

from etl.core.errors import DataError
from etl.core.job import Job
from etl.load import stage
from etl.load.open import open_warehouse
from etl.published import ask
from etl.transform import stage as transform
from tests.load.nights import bigquery_settings
from tests.load.test_restore import command, lose
from tests.transform.house import House, Raw, in_this_process
from tests.transform.test_seen import DIM_SHOP, FACT_SALE, SHOPS, STREAMED

SOLD = [("1", "1", "2030-03-01"), ("2", "1", "2030-03-02"), ("3", "2", "2030-03-09")]
BIGQUERY = ("warehouse", "bigquery_project", "bigquery_dataset", "bigquery_credentials", "bigquery_endpoint")


@pytest.fixture(params=["duckdb", "bigquery"])
def house(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Give a house with nothing published, its warehouse elsewhere, in which each run is of a day of its own."""
    named = {"duckdb_file": tmp_path / "elsewhere.duckdb"}
    if request.param == "bigquery":
        settings = bigquery_settings(request.getfixturevalue("emulator"), tmp_path)
        named = {name: getattr(settings, name) for name in BIGQUERY}
    house = House(tmp_path, dim_shop=STREAMED, fact_sale=FACT_SALE)
    house.settings = house.settings.model_copy(update=named)
    for name, value in named.items():
        monkeypatch.setenv(name.upper(), str(value))
    house.next_run = partial(_next_run, house)  # type: ignore[method-assign]
    return house


def _next_run(house: House) -> str:
    house.runs += 1
    return f"203003{house.runs // 3 + 1:02}T0130{house.runs:02}Z"


def build(house: House, *rows: str) -> str:
    """Build a star of shops in cities; returns its run."""
    shops = Raw(SHOPS, [(*row.split(), None, None) for row in rows], ("shop_id",))
    house.raw(shops=shops, sales=Raw("sale_id int64, shop_id int64, sold_on date32[day]", SOLD, ("sale_id",)))
    with in_this_process():
        transform.transform(Job(house.settings, house.store, house.next_run()), ask)
    return house.star.run


def publish(house: House, star: str | None = None) -> None:
    """Publish a star."""
    stage.load(Job(house.settings, house.store, house.next_run(), from_run=star))


def night(house: House, *rows: str) -> None:
    """Build and publish a star."""
    build(house, *rows)
    publish(house)


def versions(house: House) -> list[tuple[object, ...]]:
    """Give the published versions: shop, city, since when, and key."""
    asked = "SELECT shop_id, city, valid_from, shop_key FROM dim_shop WHERE shop_key > 0 ORDER BY 1, 3"
    with open_warehouse(house.settings) as warehouse:
        rows = warehouse.read(asked).to_pylist()
    return [(row["shop_id"], row["city"], row["valid_from"].isoformat(), row["shop_key"]) for row in rows]


def keys_of_sales(house: House) -> list[int]:
    """Give the key of the version of each published sale."""
    with open_warehouse(house.settings) as warehouse:
        keys: list[int] = warehouse.read("SELECT shop_key FROM fact_sale ORDER BY sale_id").column(0).to_pylist()
    return keys


FIRST = [(1, "A", "1900-01-01", 1), (2, "A", "1900-01-01", 2)]
SECOND = [FIRST[0], (1, "B", "2030-03-02", 3), FIRST[1]]


def test_what_nights_saw_is_what_is_published_whatever_happens_to_it(house: House) -> None:
    """Undone, forward again, lost with the disk, away for a night: from the first night to the last."""
    night(house, "1 A", "2 A")
    night(house, "1 B", "2 A")
    assert versions(house) == SECOND
    assert keys_of_sales(house) == [1, 3, 2]

    for expected in (FIRST, SECOND):
        assert command(house, "undo").returncode == 0
        assert versions(house) == expected

    build(house, "1 C", "2 A")
    night(house, "1 C", "2 D")
    after = versions(house)
    assert [row[1] for row in after] == ["A", "B", "C", "A", "D"]

    lose(house)
    done = command(house, "restore")
    assert done.returncode == 0, done.stderr
    night(house, "1 A", "2 D")
    assert versions(house)[:3] == after[:3]
    assert versions(house)[4:] == after[3:]
    assert versions(house)[3][1:] == ("A", house.star.business_date, 7)


def test_a_star_that_lacks_what_a_published_night_saw_is_not_published(house: House) -> None:
    """It was built before that night was published; built again it has all. An older one may take its place."""
    night(house, "1 A")
    first = house.star.run
    seen = build(house, "1 B")
    late = build(house, "1 C")
    publish(house, seen)
    with pytest.raises(DataError, match="whose versions it does not know"):
        publish(house, late)
    publish(house, first)
    publish(house, seen)
    night(house, "1 C")
    assert [row[1] for row in versions(house)] == ["A", "B", "C"]


def test_a_night_without_the_log_ends_and_loses_nothing(tmp_path: Path) -> None:
    """What was published from here is known, its star is damaged, and nobody can be asked; the warehouse can be."""
    house = House(tmp_path, dim_shop=DIM_SHOP)
    house.next_run = partial(_next_run, house)  # type: ignore[method-assign]
    night(house, "1 A")
    star = house.store.star.path(house.star.run)
    house.raw(shops=Raw(SHOPS, [("1", "B", None, None)], ("shop_id",)))
    (star / "dim_shop.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be asked for them") as fault:
        house.build()
    assert fault.value.transient
    with in_this_process():
        transform.transform(Job(house.settings, house.store, house.next_run()), ask)
    assert [row["city"] for row in house.rows("dim_shop")[1:]] == ["A", "B"]
