"""LoadFilesBQ.py as it is called: what it publishes, and what it says when it cannot."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from config.paths import ROOT
from tests.called import etl
from tests.load.scripts import load, load_process, told
from tests.published import reading
from tests.transform.house import DIM_SHOP, FACT_SALE, House, sales, shops


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Give a star of two shops and a sale, built and not yet published."""
    house = House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
    house.raw(shops=shops(1, 2), sales=sales("7 1 9.99"))
    house.build()
    return house


def published(house: House) -> list[tuple[object, ...]]:
    """Read the published sales."""
    with reading(house.settings.duckdb_path) as connection:
        return connection.sql("SELECT sale_id, shop_key, price::VARCHAR FROM fact_sale").fetchall()


def test_the_newest_star_is_published_and_its_receipt_kept(house: House) -> None:
    """The committed run of stage 3 names the star and holds each table's receipt, and no Parquet."""
    done = load_process(house)
    assert done.returncode == 0, done.stderr
    assert published(house) == [(7, 1, "9.99")]
    manifest = house.store.loaded.newest("nobody")
    assert manifest.made_from == house.star.run
    assert {name: table.star for name, table in manifest.tables.items()} == {
        name: table.model_copy(update={"files": ()}) for name, table in house.star.tables.items()
    }
    assert [path.name for path in house.store.loaded.path(manifest.run).rglob("*")] == ["manifest.json"]


def test_an_older_star_is_published_on_demand(house: House) -> None:
    """--from takes the star that it names, and says that it is an older one."""
    first = house.star.run
    house.raw(shops=shops(1, 2), sales=sales("8 2 1.00"))
    house.build()
    assert load(house).returncode == 0
    assert published(house) == [(8, 2, "1.00")]
    done = load(house, "--from", first)
    assert done.returncode == 0
    assert "is older than" in done.stderr
    assert published(house) == [(7, 1, "9.99")]


def test_a_dry_run_tells_and_touches_nothing(house: House) -> None:
    """It says what would be created and published."""
    done = load(house, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"would publish fact_sale: 1 rows of star {house.star.run}" in done.stdout
    assert not house.settings.duckdb_path.exists()
    assert house.store.loaded.committed() == []
    assert load(house).returncode == 0
    assert "would publish" not in load(house, "--dry-run").stdout


def test_some_tables_alone_are_published_of_the_star_that_is_published(house: House) -> None:
    """A table that was changed by hand is filled again; the others stay."""
    assert load(house).returncode == 0
    with duckdb.connect(str(house.settings.duckdb_path)) as connection:
        connection.execute("DELETE FROM fact_sale")
    assert load(house, "--only", "fact_sale").returncode == 0
    assert published(house) == [(7, 1, "9.99")]
    assert set(house.store.loaded.newest("nobody").tables) == {"dim_shop", "fact_sale"}


def test_all_tables_by_name_are_a_first_load_like_any(house: House) -> None:
    """Where nothing is kept of an earlier publishing, the receipt is of what was named."""
    done = load(house, "--only", "dim_shop", "fact_sale")
    assert done.returncode == 0, done.stderr
    assert set(house.store.loaded.newest("nobody").tables) == {"dim_shop", "fact_sale"}


def test_some_tables_of_another_night_are_refused(house: House) -> None:
    """Exit code 3: a fact of tonight beside dimensions of last night would be a mix."""
    assert load(house).returncode == 0
    house.raw(shops=shops(1, 2, 3), sales=sales("8 3 1.00"))
    house.build()
    code, error, _ = told(load(house, "--only", "fact_sale"))
    assert code == 3
    assert "would mix nights: dim_shop" in error
    assert published(house) == [(7, 1, "9.99")]


def test_an_unknown_table_is_guessed(house: House) -> None:
    """Exit code 2, and the name that was meant."""
    assert told(load(house, "--only", "fact_sales")) == (
        2,
        "Error: --only names fact_sales, but there is no table of that name.",
        "Try: Did you mean fact_sale?",
    )


def test_a_star_without_a_manifest_is_no_star(house: House) -> None:
    """What was not committed by the program is not published."""
    (house.store.star.path(house.star.run) / "manifest.json").unlink()
    code, error, _ = told(load(house))
    assert code == 1
    assert "has no manifest.json" in error
    assert not house.settings.duckdb_path.exists()


def test_without_a_star_the_script_to_run_first_is_named(house: House) -> None:
    """Nothing is taken for an empty star."""
    shutil.rmtree(house.store.star.folder)
    code, _, advice = told(load(house))
    assert (code, advice) == (1, f"Try: Run ./TablesTransformMain.py --env {house.folder}/house.env first.")


@pytest.mark.parametrize(
    ("kind", "left"), [("csv", 0.0), ("csv", 0.5), ("parquet", 0.5)], ids=["truncated", "a digit", "a byte of Parquet"]
)
def test_a_damaged_star_is_not_published(house: House, kind: str, left: float) -> None:
    """The file is named, and what was published before stands."""
    assert load(house).returncode == 0
    house.build()
    (file,) = house.store.star.path(house.star.run).glob(f"fact_sale.*{kind}")
    data = bytearray(file.read_bytes())
    changed = int(len(data) * left)
    data[changed] ^= 1
    file.write_bytes(data if left else b"")
    for options in [("--dry-run",), ()]:
        code, error, advice = told(load(house, *options))
        assert code == 1
        assert file.name in error
        assert advice == f"Try: Run ./TablesTransformMain.py --env {house.folder}/house.env again, then load that run."
    assert published(house) == [(7, 1, "9.99")]


def test_a_star_of_another_warehouse_is_refused(house: House, tmp_path: Path) -> None:
    """Exit code 2: a data folder belongs to one warehouse."""
    code, error, _ = told(load(house, DUCKDB_FILE=str(tmp_path / "other.duckdb")))
    assert code == 2
    assert "belongs to warehouse duckdb:" in error


def test_a_table_file_without_its_table_in_the_star_asks_for_a_build(house: House) -> None:
    """A new table is not published as an empty one."""
    house.write(dim_other=DIM_SHOP.replace("DimShop", "DimOther"))
    code, error, advice = told(load(house))
    assert code == 1
    assert "has no dim_other" in error
    assert advice == f"Try: Run ./TablesTransformMain.py --env {house.folder}/house.env first."


def test_credentials_that_are_not_there_are_a_sentence(house: House) -> None:
    """Exit code 1 with the key file's name, and the star stays as it is."""
    manifest = house.store.star.path(house.star.run) / "manifest.json"
    warehouse = f"duckdb:{house.settings.duckdb_path}"
    manifest.write_text(manifest.read_text().replace(warehouse, "bigquery:my-project.sales"))
    before = manifest.read_bytes()
    missing_key = str(ROOT / "no-such-key.json")
    code, error, _ = told(
        load(
            house,
            WAREHOUSE="bigquery",
            BIGQUERY_PROJECT="my-project",
            BIGQUERY_DATASET="sales",
            BIGQUERY_CREDENTIALS="key file",
            BIGQUERY_KEY_FILE=missing_key,
        )
    )
    assert code == 1
    assert missing_key in error
    assert manifest.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount the small disk of this test")
def test_a_full_disk_is_a_sentence_and_last_night_stays(house: House) -> None:
    """The disk is a real one, of a megabyte."""
    assert load(house).returncode == 0
    folder = house.store.loaded.folder
    before = house.store.loaded.committed()
    rows = [f"{n} 1 {n}.{n % 90 + 10}" for n in range(1000, 150_000)]
    house.raw(shops=shops(1, 2), sales=sales(*rows), rows_a_block=50_000)
    house.build()
    house.make_older()  # whose Parquet is written by this stage
    shutil.move(folder, folder.with_name("kept"))
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], check=False)
    if mount.returncode:
        pytest.skip("this machine lets no disk be mounted")
    try:
        code, error, _ = told(load_process(house))
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()
    shutil.move(folder.with_name("kept"), folder)
    assert code == 1
    assert "No space left on device" in error
    assert house.store.loaded.committed() == before
    assert published(house) == [(7, 1, "9.99")]


def test_a_star_of_two_raw_runs_is_not_published(house: House) -> None:
    """Exit code 3: what --only built from a newer raw run stands beside tables of the older one."""
    house.raw(shops=shops(1, 2), sales=sales("8 2 1.00"))
    house.build(only=("fact_sale",))
    code, error, _ = told(load(house))
    assert code == 3
    assert "mixes tables of the raw runs" in error
    assert not house.settings.duckdb_path.exists()


def test_a_star_of_two_instants_is_not_published(house: House) -> None:
    """Exit code 3: `SQLDownloadMain.py --only` has kept a query of an older run; it says which, and what to do."""
    first = house.store.raw.newest("").run
    again = house.raw(shops=shops(1, 2), sales=sales("8 2 1.00"))
    manifest = house.store.raw.path(again) / "manifest.json"
    found = json.loads(manifest.read_text())
    found["tables"]["shops"]["run"] = first
    manifest.write_text(json.dumps(found))
    house.build()
    code, error, advice = told(load(house))
    assert code == 3
    assert re.search("mixes instants: of its queries, (shops|sales) in run", error)
    assert f"./SQLDownloadMain.py --env {house.folder}/house.env without --only" in advice
    assert not house.settings.duckdb_path.exists()


def test_a_table_whose_file_is_gone_is_told_of(house: House) -> None:
    """It stays published as it was, and every load says so until it is dropped."""
    house.write(dim_other=DIM_SHOP.replace("DimShop", "DimOther").replace("shop_key", "other_key"))
    house.build()
    assert load(house).returncode == 0
    (house.tables_dir / "dim_other.py").unlink()
    house.write()
    house.build()
    done = load(house)
    assert done.returncode == 0, done.stderr
    assert "dim_other is still published as of" in done.stderr
    env = Path(house.command()[-1])
    for said in (done.stderr, looked("status", env), looked("why", env, "dim_other")):
        assert (
            f"Put {house.tables_dir / 'dim_other.py'} back, or take the table away: .venv/bin/python -m etl drop"
            in said
        )
    assert "leftovers" in looked("status", env, "--json")
    [line] = [line for line in looked("status", env).splitlines() if "dim_other" in line]
    assert shlex.split(line.partition("away: ")[2])[1:] == ["-m", "etl", "drop", "--env", str(env), "dim_other"]
    assert etl("drop", env, "dim_other").returncode == 0
    assert "dim_other" not in looked("status", env) + load(house).stderr
    assert "There is no table dim_other in star" in looked("why", env, "dim_other")


def looked(command: str, env: Path, *more: str) -> str:
    """Give what a command that looks says."""
    ended = etl(command, env, *more)
    return ended.stdout + ended.stderr


def query(house: House, sql: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m etl sql`."""
    return etl("sql", Path(house.command()[-1]), sql)


def test_a_query_shows_its_values_as_they_are(house: House) -> None:
    """Columns of one name, brackets, NULL and long texts, also where no terminal is."""
    assert load(house).returncode == 0
    done = query(house, "SELECT 1 AS a, 2 AS a, '[bold]' AS b, NULL AS c, repeat('x', 300) AS d FROM fact_sale")
    assert done.returncode == 0, done.stderr
    assert [cell.strip() for cell in done.stdout.splitlines()[3].split("│")[1:-1]] == [
        "1",
        "2",
        "[bold]",
        "∅",
        "x" * 300,
    ]


@pytest.mark.parametrize(
    ("sql", "code"), [("", 2), (" ;", 2), ("SELECT nothing_there", 1), ("DROP TABLE fact_sale", 2)]
)
def test_a_query_that_cannot_be_run_is_a_sentence(house: House, sql: str, code: int) -> None:
    """Nothing is changed by a query, and no traceback is shown."""
    assert load(house).returncode == 0
    assert told(query(house, sql))[0] == code
    assert published(house) == [(7, 1, "9.99")]
