"""`etl restore`: the data folder is gone, and comes back of what is published, as far as anybody can tell.

| what | comes back |
|---|---|
| whose the published tables are, their receipts | as they were |
| the key of each published member | as it was |
| the key of a member that is published no more | no: another one, which nobody ever had |
| what was extracted, stars, rejects | no, which is said |
"""

import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from etl.core.job import Job
from etl.core.runs import IDENTITY
from etl.load import stage
from etl.load.open import open_warehouse
from etl.published import ask
from etl.transform import stage as transform
from tests.called import etl
from tests.load.nights import bigquery_settings
from tests.load.scripts import load
from tests.published import reading
from tests.transform.house import DIM_SHOP, SALES, House, Raw, in_this_process, shops

FACT_SALE = '''
class FactSale(Fact, stream="sales", closed_months="sold", tolerance=0.01):
    """One row per sale."""

    sale_id: Integer = natural_key("Its number.")
    shop_key: Key = reference("dim_shop", "The shop.")
    sold: Date = attribute("When.")
    price: Money = measure("What it cost.", ge=0)
    pieces: Integer = measure("How many.", nullable=True)


def build(sales: pd.DataFrame) -> pd.DataFrame:
    return sales
'''


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Give a house that published nothing."""
    return published_in(tmp_path, monkeypatch, duckdb_file=tmp_path / "elsewhere.duckdb")


@pytest.fixture
def house(empty: House) -> House:
    """Give a house that published two nights: shops 1 and 2; then 2 and 3, sales of no shop and of one that is none."""
    night(empty, (1, 2), *SOLD)
    night(empty, (2, 3), *SOLD)
    return empty


SOLD = ("1 3 9.99", "2 2 1.50", "3 2 0.01", "4 ∅ 5.00", "5 9 7.00", "6 2 -1.00")
"""Sale 6 is rejected."""


def published_in(folder: Path, monkeypatch: pytest.MonkeyPatch, **warehouse: object) -> House:
    """Give a house whose warehouse is not in the data folder, by its settings and those of the environment."""
    house = House(folder, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.settings = house.settings.model_copy(update=warehouse)
    for name, value in warehouse.items():
        monkeypatch.setenv(name.upper(), str(value))
    return house


def night(house: House, of: tuple[int, ...], *sold: str) -> None:
    """Build and publish a star."""
    build(house, of, *sold)
    done = load(house)
    assert done.returncode == 0, done.stderr


def build(house: House, of: tuple[int, ...], *sold: str) -> None:
    """Build a star of these shops and sales."""
    house.raw(shops=shops(*of), sales=Raw(COLUMNS, [_sale(*one.split()) for one in sold], ("sale_id",)))
    with in_this_process():
        transform.transform(Job(house.settings, house.store, house.next_run()), ask)


COLUMNS = f"{SALES}, sold date32[day], pieces int64"


def _sale(number: str, shop: str, price: str) -> list[str | None]:
    """Write a sale of the last of January, or of the first of February if its number is even, and by the piece."""
    day, is_even = ("2030-01-31", "2030-02-01"), int(number) % 2 == 0
    return [number, None if shop == "∅" else shop, price, day[is_even], number if is_even else None]


def lose(house: House) -> None:
    """Lose the disk; the warehouse is elsewhere."""
    shutil.rmtree(house.store.folder)


def command(house: House, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Call a command."""
    house.command()
    with in_this_process():
        return etl(name, house.folder / "house.env", *options)


def keys(house: House) -> dict[int, int]:
    """Give the published keys of the shops."""
    with reading(house.settings.duckdb_path) as connection:
        return dict(connection.sql("SELECT shop_id, shop_key FROM dim_shop WHERE shop_key > 0").fetchall())


def everything(folder: Path) -> dict[str, bytes]:
    """Read all files of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_next_night_goes_on_with_the_same_keys(house: House) -> None:
    """Nobody has to accept anything. A shop that was gone gets a new number, as a new one does."""
    before = keys(house)
    assert before == {2: 2, 3: 3}
    lose(house)
    done = command(house, "restore")
    assert done.returncode == 0, done.stderr
    assert "- the keys of dim_shop: 2 members; the next new one gets 4" in done.stdout
    assert "reads every query in full" in done.stdout
    night(house, (1, 2, 3, 4), *SOLD)
    assert keys(house) == before | {1: 4, 4: 5}


def test_what_is_published_is_known_as_the_load_knew_it(house: House) -> None:
    """Rows, receipts, sums of months and handed rows; that references were NULL or matched nothing is one number."""
    then = house.store.loaded.newest("")
    identity = house.store.identity(make=False)
    lose(house)
    assert command(house, "restore").returncode == 0
    now = house.store.loaded.newest("")
    assert house.store.identity(make=False) == identity
    assert (now.run, now.made_from, now.as_of, now.origin) == (then.run, then.made_from, then.as_of, then.origin)
    for name, table in then.tables.items():
        told, known = now.tables[name].star, table.star
        assert told.receipt == known.receipt
        assert (told.run, told.as_of, told.months) == (known.run, known.as_of, known.months)
        assert (told.handed, told.all_rejected) == (known.handed, known.all_rejected)
        assert {n: u.rows for n, u in told.unknown.items()} == {n: u.rows for n, u in known.unknown.items() if u.rows}


def test_status_tells_of_it(house: House) -> None:
    """All is well, as of the night that was published."""
    run = house.store.loaded.committed()[-1]
    lose(house)
    assert command(house, "restore").returncode == 0
    told = command(house, "status")
    assert told.returncode == 0, told.stdout
    assert f"run {run}" in told.stdout
    assert "restored" in told.stdout


def test_the_guards_compare_with_the_night_that_is_published(empty: House) -> None:
    """A table that loses its rows is refused; closed months that changed, too."""
    house = empty
    night(house, (2, 3), *(f"{n} 2 1.00" for n in range(10, 200)))
    lose(house)
    assert command(house, "restore").returncode == 0
    build(house, (2, 3), "10 2 1.00")
    refused = load(house)
    assert refused.returncode == 3
    assert "fact_sale:lost: 1 rows, 190 as of" in refused.stderr
    assert "fact_sale:months: 2030-01" in refused.stderr


def test_there_is_nothing_to_undo(house: House) -> None:
    """Neither at once nor after the next night, in a sentence each: no star is left. After two nights there is."""
    lose(house)
    assert command(house, "restore").returncode == 0
    done = command(house, "undo")
    assert done.returncode == 2
    assert "Nothing is kept of what was published before run" in done.stderr
    night(house, (2, 3), *SOLD)
    done = command(house, "undo")
    assert done.returncode == 2
    assert "which is kept no more" in done.stderr
    night(house, (2, 3, 4), *SOLD)
    assert command(house, "undo").returncode == 0


@pytest.mark.parametrize("name", ["why", "rejects"])
def test_what_asks_for_the_star_says_that_there_is_none(house: House, name: str) -> None:
    """A sentence, with the cure."""
    lose(house)
    assert command(house, "restore").returncode == 0
    done = command(house, name, "fact_sale")
    assert done.returncode == 1
    assert "was restored: of it there are the key maps alone" in done.stderr
    done = load(house)
    assert done.returncode == 1
    assert "has no dim_shop, fact_sale, for which there is a table file" in done.stderr


def test_keys_are_kept_though_the_warehouse_is_away_when_the_star_is_built(house: House) -> None:
    """The restored key maps are what it goes by then."""
    lose(house)
    assert command(house, "restore").returncode == 0
    away = house.settings.duckdb_path.rename(house.folder / "away")
    build(house, (1, 2, 3), *SOLD)
    away.rename(house.settings.duckdb_path)
    done = load(house)
    assert done.returncode == 0, done.stderr
    assert keys(house) == {1: 4, 2: 2, 3: 3}


def test_a_dry_run_writes_nothing(house: House) -> None:
    """It says what would be restored."""
    lose(house)
    done = command(house, "restore", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Would restore" in done.stdout
    assert set(everything(house.store.folder)) <= {"lock"}


def test_a_night_that_was_refused_meanwhile_is_published_after_it(house: House) -> None:
    """Cron runs on on the new disk: its first load finds tables of another folder. Restored, it is this one's."""
    before = keys(house)
    lose(house)
    build(house, (1, 2, 3), *SOLD)
    refused = load(house)
    assert refused.returncode == 2
    assert "If the data folder was lost, restore it: " in refused.stderr
    done = command(house, "restore")
    assert done.returncode == 0, done.stderr
    assert "The key maps are those of star" in done.stdout
    assert load(house).returncode == 0
    assert keys(house) == before | {1: 4}


def test_what_is_there_is_not_restored(house: House) -> None:
    """Nothing to do where the folder knows the newest publish; a person looks where it knows another one."""
    kept = everything(house.store.folder)
    done = command(house, "restore")
    assert done.returncode == 2
    assert "there is nothing to restore" in done.stderr
    assert everything(house.store.folder) == kept
    shutil.rmtree(house.store.loaded.path(house.store.loaded.committed()[-1]))
    done = command(house, "restore")
    assert done.returncode == 3
    assert "but in the warehouse run" in done.stderr
    shutil.rmtree(house.store.loaded.folder)
    (house.store.folder / IDENTITY).write_text("another\n")
    done = command(house, "restore")
    assert done.returncode == 3
    assert "is the data folder another, but the data folder" in done.stderr


def test_what_others_published_is_not_taken_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, until a person says that the source has only moved."""
    with open_warehouse(house.settings) as warehouse:
        head = warehouse.head()
    with duckdb.connect(str(house.settings.duckdb_path)) as connection:
        connection.execute(
            "UPDATE etl_head SET origin = ?", [head.origin_json[:-1] + ', "source shop": "sqlite:///x"}']
        )
    lose(house)
    monkeypatch.setenv("SOURCE_SHOP_URL", "sqlite:///shop.db")
    done = command(house, "restore")
    assert done.returncode == 2
    assert "the source shop sqlite:///x" in done.stderr
    accept = done.stderr.partition("--accept ")[2].split()[0]
    assert command(house, "restore", "--accept", accept).returncode == 0


def test_there_must_be_something_published(house: House) -> None:
    """One sentence, exit code 2."""
    lose(house)
    house.settings.duckdb_path.unlink()
    done = command(house, "restore")
    assert done.returncode == 2
    assert "Nothing is published in" in done.stderr


def test_bigquery_tells_the_same(emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Months, unknown references, keys and receipts, by BigQuery's SQL."""
    named = bigquery_settings(emulator, tmp_path)
    fields = ("warehouse", "bigquery_project", "bigquery_dataset", "bigquery_credentials", "bigquery_endpoint")
    house = published_in(tmp_path, monkeypatch, **{name: getattr(named, name) for name in fields})
    for of in ((1, 2), (2, 3)):
        build(house, of, *SOLD)
        stage.load(Job(house.settings, house.store, house.next_run()))
    then = house.store.loaded.newest("")
    lose(house)
    done = command(house, "restore")
    assert done.returncode == 0, done.stderr
    now = house.store.loaded.newest("")
    assert now.tables["fact_sale"].star.months == then.tables["fact_sale"].star.months
    assert now.tables["fact_sale"].star.receipt == then.tables["fact_sale"].star.receipt
    assert now.tables["fact_sale"].star.unknown["shop_key"].rows == 2
    build(house, (1, 2, 3), *SOLD)
    stage.load(Job(house.settings, house.store, house.next_run()))
    assert {row["shop_id"]: row["shop_key"] for row in house.rows("dim_shop")[1:]} == {1: 4, 2: 2, 3: 3}
