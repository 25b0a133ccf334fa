"""`etl refill` and `etl drop` as they are called, after a night that refused: from table files to published tables."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.called import etl
from tests.load.scripts import load, told
from tests.published import reading
from tests.transform.house import DIM_SHOP, FACT_SALE, House, in_this_process, sales, shops

OTHER_SHOP = (
    DIM_SHOP.replace(
        'shop_id: Integer = natural_key("Its number.")',
        'number: Integer = natural_key("Its number.", renamed_from="shop_id")',
    )
    .replace("name: Text", "title: Text")
    .replace("return shops", 'return shops.rename(columns={"shop_id": "number", "name": "title"})')
)
OTHER_SALE = (
    FACT_SALE.replace('"The shop.")', '"The shop.", on="shop_id")')
    .replace("price: Money", "paid: Money")
    .replace("return sales[", 'return sales.rename(columns={"price": "paid"})[')
    .replace('"price"]]', '"paid"]]')
)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a star of three shops and a sale, published, and then two contracts that cannot be met in place."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(3, 1, 2), sales=sales("7 1 9.99"))
    house.build()
    assert load(house).returncode == 0
    house.raw(shops=shops(9, 0, 1, 2, 3), sales=sales("7 1 9.99", "8 3 1.00"))
    house.write(dim_shop=OTHER_SHOP, fact_sale=OTHER_SALE)
    return house


def command(house: House, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `python -m etl` with the house's settings."""
    house.command()
    with in_this_process():
        return etl(name, house.folder / "house.env", *arguments)


def query(house: House, sql: str) -> list[tuple[object, ...]]:
    """Read what is published."""
    with reading(house.settings.duckdb_path) as connection:
        return connection.sql(sql).fetchall()


def test_a_refused_night_names_the_command_that_ends_it(house: House) -> None:
    """Renamed columns, of the natural key too: members keep their numbers; the history tells it; nothing by hand."""
    house.build()
    code, error, hint = told_all(load(house))
    assert code == 1
    assert "dim_shop.shop_id is no longer in the contract" in error
    line = f".venv/bin/python -m etl refill --env {house.folder / 'house.env'} dim_shop fact_sale"
    assert hint.endswith(line)

    planned = command(house, "refill", "dim_shop", "fact_sale", "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert 'DROP TABLE "dim_shop";' in planned.stdout
    assert query(house, "SELECT shop_id FROM dim_shop WHERE shop_key = 1") == [(1,)]

    half = command(house, "refill", "dim_shop")
    assert (half.returncode, "etl refill --env" in half.stderr) == (1, True)
    done = command(house, "refill", "dim_shop", "fact_sale")
    assert done.returncode == 0, done.stderr
    assert query(house, "SELECT shop_key, number, title FROM dim_shop WHERE shop_key BETWEEN 1 AND 3 ORDER BY 1") == [
        (n, n, f"Shop {n}") for n in (1, 2, 3)
    ]
    assert query(house, "SELECT sale_id, shop_key, paid::VARCHAR FROM fact_sale ORDER BY 1") == [
        (7, 1, "9.99"),
        (8, 3, "1.00"),
    ]
    [(said,)] = query(house, "SELECT anew FROM etl_runs WHERE table_name = 'dim_shop' AND anew IS NOT NULL")
    assert "dim_shop.shop_id is no longer in the contract" in str(said)
    kept = str(said).rpartition("kept for a week as ")[2].rstrip(".")
    assert query(house, f"SELECT COUNT(*) FROM {kept}") == [(4,)]
    assert load(house).returncode == 0
    assert command(house, "refill", "dim_shop").returncode == 0


def test_a_star_older_than_the_table_files_is_built_first(house: House) -> None:
    """Whoever changed a contract by day need not know about stages."""
    done = command(house, "refill", "dim_shop", "fact_sale")
    assert done.returncode == 0, done.stderr
    assert "the table files have changed since star" in done.stderr
    assert query(house, "SELECT COUNT(paid) FROM fact_sale") == [(2,)]


def test_a_table_whose_file_is_gone_is_taken_away(house: House) -> None:
    """The load warns of it with the command; what it held is kept."""
    (house.tables_dir / "fact_sale.py").unlink()
    house.write(dim_shop=DIM_SHOP)
    house.build()
    warned = load(house)
    line = f".venv/bin/python -m etl drop --env {house.folder / 'house.env'} fact_sale"
    assert line in warned.stderr
    assert told(command(house, "drop", "dim_shop"))[0] == 2
    assert told(command(house, "drop", "fact_sales"))[1:] == (
        "Error: No table fact_sales was published.",
        "Try: Did you mean fact_sale?",
    )
    assert told(command(house, "refill", "fact_sale"))[1:] == (
        "Error: There is no table file fact_sale.py.",
        f"Try: If its file is gone on purpose, take the table away: {line}",
    )
    assert "fact_sale" in told(command(house, "drop", "nonsense"))[2]
    done = command(house, "drop", "fact_sale")
    assert (done.returncode, re.findall("WARNING|ERROR|Error|Try", done.stderr)) == (0, [])
    assert done.stdout.startswith('fact_sale is no longer published; what it held is kept for a week as "etl_kept".')
    assert query(house, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY 1") == [
        ("dim_shop",),
        ("etl_head",),
        ("etl_runs",),
    ]
    assert "none is left" in told(command(house, "drop", "nonsense"))[2]
    assert "drop" not in load(house).stderr


def told_all(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    """Give exit code, sentences and advice."""
    return done.returncode, done.stderr, done.stderr.splitlines()[-1]
