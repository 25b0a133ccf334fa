"""The stage as a whole: what it refuses, what it keeps, what it leaves untouched."""

from pathlib import Path

import pytest

from etl.core.errors import DataError, GuardError, UsageError
from tests.transform.house import DIM_SHOP, FACT_SALE, House, Raw, sales, shops

NAMED = DIM_SHOP.replace("shop_id: Integer", "shop_name: Text").replace(
    "return shops", "return shops.drop(columns='shop_id').assign(shop_name=shops['name'])"
)
SALES = ("1 1 1.00", "2 2 2.00", "3 1 3.00")


def files(house: House) -> dict[str, tuple[bytes, int]]:
    """Give every file of the star's folder and its inode."""
    paths = [path for path in house.store.star.folder.rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_ino) for path in paths}


@pytest.fixture
def built(house: House) -> House:
    """A house with a raw run and a star."""
    house.raw(1, shops=shops(1, 2), sales=sales(*SALES))
    house.build()
    return house


def test_a_run_without_raw_data_names_the_script_to_run(house: House) -> None:
    """There is nothing to guess."""
    with pytest.raises(DataError, match="No run is committed") as fault:
        house.build()
    assert "SQLDownloadMain.py" in fault.value.hint


@pytest.mark.parametrize("damage", ["truncated", "one byte changed", "gone", "longer"])
@pytest.mark.parametrize("file", ["sales.csv", "shops.csv"])
def test_a_damaged_raw_file_is_refused_and_named(built: House, file: str, damage: str) -> None:
    """Read whole or streamed: exit 1, and what is committed stays as it is."""
    path = built.store.raw.path(built.store.raw.committed()[-1]) / file
    data = path.read_bytes()
    path.unlink()
    match damage:
        case "truncated":
            path.write_bytes(data[: data.rindex(b"\n", 0, -1) + 1])
        case "one byte changed":
            path.write_bytes(data[:-3] + b"9" + data[-2:])
        case "longer":
            path.write_bytes(data + b"9\n")
    before = files(built)
    with pytest.raises(DataError, match=file) as fault:
        built.build()
    assert fault.value.exit_code == 1
    assert files(built) == before


def test_a_raw_run_without_manifest_was_not_committed(built: House) -> None:
    """It is named, and the star stays."""
    name = built.next_run()
    (built.store.raw.folder / name).mkdir()
    with pytest.raises(DataError, match=f"{name} has no manifest.json"):
        built.build()


def test_a_dry_run_tells_the_order_and_writes_nothing(built: House, capsys: pytest.CaptureFixture[str]) -> None:
    """It checks what can be checked before."""
    before = files(built)
    built.build(dry_run=True)
    assert capsys.readouterr().out == "would build dim_shop\nwould build fact_sale (streaming sales)\n"
    assert files(built) == before


def test_only_builds_its_tables_and_links_the_others(built: House) -> None:
    """The manifest names the run and the instant of each table; no byte is copied."""
    first = built.star
    built.raw(1, shops=shops(1, 2, 3), sales=sales("9 3 9.00"))
    star = built.build(only=("dim_shop",))
    assert [row["shop_id"] for row in built.rows("dim_shop")] == [None, 1, 2, 3]
    assert [row["sale_id"] for row in built.rows("fact_sale")] == [1, 2, 3]
    assert star.tables["fact_sale"] == first.tables["fact_sale"]
    assert (star.tables["dim_shop"].run, star.tables["fact_sale"].run) == (star.run, first.run)
    assert star.as_of == first.as_of
    name = star.tables["fact_sale"].files[0].name
    old, new = (built.store.star.path(run) / name for run in (first.run, star.run))
    assert old.stat().st_ino == new.stat().st_ino


def test_a_kept_dimension_gives_its_keys_to_what_only_builds(built: House) -> None:
    """Members that came since are unknown until it is built again."""
    built.raw(1, shops=shops(1, 2, 3), sales=sales("9 3 9.00", "8 2 8.00"))
    built.build(only=("fact_sale",))
    assert [row["shop_key"] for row in built.rows("fact_sale")] == [0, 2]
    built.build()
    assert [row["shop_key"] for row in built.rows("fact_sale")] == [3, 2]


def test_only_refuses_where_a_kept_fact_refers_to_members_that_are_lost(built: House) -> None:
    """A person must look: exit 3, with the command that builds both."""
    built.raw(1, shops=shops(1), sales=sales("1 1 1.00"))
    before = files(built)
    with pytest.raises(GuardError, match="dim_shop lost 1 members") as fault:
        built.build(only=("dim_shop",))
    assert "--only dim_shop fact_sale" in fault.value.hint
    assert files(built) == before
    built.build(only=("dim_shop", "fact_sale"))


def test_only_refuses_a_dimension_whose_keys_start_anew(house: House) -> None:
    """Key 1 would be another member than the kept fact means."""
    by_name = '"The shop.", on="name")'
    house.write(
        dim_shop=NAMED,
        fact_sale=FACT_SALE.replace('"The shop.")', by_name).replace('"shop_id"', '"name"'),
    )
    raw = Raw("sale_id int64, name string, price decimal128(12, 2)", [("1", "Shop 2", "1.00")], ("sale_id",))
    house.raw(shops=shops(1, 2), sales=raw)
    house.build()
    house.write(dim_shop=NAMED.replace("shop_name", "name_of_shop"))  # its columns differ, so do its keys
    with pytest.raises(GuardError, match="dim_shop:keys: its natural key was shop_name") as asked:
        house.build(only=("dim_shop",))
    accept = asked.value.hint.rpartition(" ")[2]
    with pytest.raises(GuardError, match="another natural key") as fault:
        house.build(only=("dim_shop",), accept=(accept,))
    assert "--only dim_shop fact_sale" in fault.value.hint


def test_only_refuses_to_keep_a_table_whose_columns_have_changed(built: House) -> None:
    """The kept file has the old ones."""
    built.write(
        fact_sale=FACT_SALE.replace("    price:", '    paid: Money = measure("Paid.", nullable=True)\n    price:')
    )
    with pytest.raises(UsageError, match="--only keeps fact_sale"):
        built.build(only=("dim_shop",))


def test_only_needs_a_last_star_with_the_other_tables(house: House) -> None:
    """There is nothing to keep yet."""
    house.raw(shops=shops(1), sales=sales())
    with pytest.raises(UsageError, match="lacks fact_sale"):
        house.build(only=("dim_shop",))


@pytest.mark.parametrize("file", ["dim_shop.csv", "dim_shop.parquet"])
def test_only_refuses_a_kept_file_that_was_damaged(built: House, file: str) -> None:
    """A shorter dimension would make members unknown; one that is whole is there twice, and on the disk once."""
    built.build(only=("fact_sale",))
    path = built.store.star.path(built.star.run) / file
    assert path.stat().st_nlink == 2
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match=f"{file} is not what its manifest says"):
        built.build(only=("fact_sale",))


def test_nothing_committed_is_ever_changed(built: House) -> None:
    """Not by a later night, nor by one that fails."""
    before = files(built)
    built.raw(1, shops=shops(5), sales=sales("5 5 5.00"))
    built.build()
    built.write(fact_sale=FACT_SALE.replace("return sales", "return 1 / 0, sales"))
    with pytest.raises(Exception, match="ZeroDivisionError"):
        built.build()
    after = files(built)
    assert {name: after[name] for name in before} == before
    assert [path.name for path in built.store.star.folder.glob(".*")] == []


def test_the_settings_of_another_source_are_refused(built: House) -> None:
    """Exit 2: the run belongs to other data."""
    path = built.store.raw.path(built.store.raw.committed()[-1]) / "manifest.json"
    text = path.read_text().replace('"warehouse":"duckdb', '"warehouse": "duckdb')
    path.write_text(text.replace('"origin": {', '"origin": {"source shop": "postgresql://there:5432/shop", '))
    done = built.script(SOURCE_SHOP_URL="postgresql://me:secret@here:5432/shop")
    assert done.returncode == 2
    assert "belongs to source shop postgresql://there:5432/shop" in done.stderr
    assert "secret" not in done.stderr


def test_the_script_tells_every_fault_in_two_lines(built: House) -> None:
    """One line begins with Error, one with Try; no traceback, also for what a worker process met."""
    built.write(fact_sale=FACT_SALE.replace("return sales", "return sales['nothing']"))
    done = built.script()
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if " INFO " not in line]
    assert [line.partition(":")[0] for line in told] == ["Error", "Try"]
    assert f"{built.tables_dir / 'fact_sale.py'}:" in told[0]


def test_key_maps_and_rejects_of_kept_tables_are_kept(built: House) -> None:
    """The next whole night goes on from them."""
    built.build(only=("fact_sale",))
    folder: Path = built.store.star.path(built.star.run)
    assert (folder / "keys" / "dim_shop.parquet").is_file()
    assert not (folder / ".partials").exists()
    assert list((folder / "rejects").iterdir()) == []


def test_only_refuses_to_keep_tables_of_another_company(built: House) -> None:
    """A star that was built from other sources, or for another warehouse, gives nothing to this one."""
    manifest = built.store.star.path(built.star.run) / "manifest.json"
    manifest.write_text(manifest.read_text().replace("duckdb:", "duckdb:/elsewhere"))
    with pytest.raises(UsageError, match="belongs to warehouse duckdb:/elsewhere"):
        built.build(only=("fact_sale",))
