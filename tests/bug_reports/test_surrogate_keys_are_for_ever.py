"""A member keeps its surrogate key, and no key ever means two members, whatever becomes of the data folder."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.bug_reports.company import Stranger
from tests.published import reading

DIM = '''
class DimThing(Dimension):
    """One row per thing."""

    thing_key: Key = surrogate_key()
    id: Text = natural_key("Its name.")


def build(things: pd.DataFrame) -> pd.DataFrame:
    return things
'''

FACT = '''
class FactUse(Fact):
    """One row per use."""

    use: Integer = natural_key("Its number.")
    thing_key: Key = reference("dim_thing", "Of which thing.", on="id")


def build(uses: pd.DataFrame) -> pd.DataFrame:
    return uses
'''


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """Give a company that published three nights, c; b and c; a and b; the warehouse is outside of the data folder."""
    folder = tmp_path_factory.mktemp("keys")
    made = Stranger(folder / "now")
    made.folder.mkdir()
    made.settings["DUCKDB_FILE"] = str(made.folder / "warehouse.duckdb")
    made.query("things", "SELECT id FROM things")
    made.query("uses", "SELECT 1 AS use, MIN(id) AS id FROM things", key="use")
    made.star_table("dim_thing", DIM)
    made.star_table("fact_use", FACT)
    made.fill("CREATE TABLE things (id TEXT)")
    for night, members in enumerate(("c", "bc", "ab")):
        holds(made, members)
        assert made.night().code == 0
        shutil.copytree(made.data, folder / f"data {night}")
    assert published(made) == {"a": 3, "b": 2}
    shutil.copytree(made.folder, folder / "whole")
    return made


@pytest.fixture
def shop(three_nights: Stranger) -> Stranger:
    """Give that company as it was after the three nights."""
    shutil.rmtree(three_nights.folder)
    shutil.copytree(three_nights.folder.with_name("whole"), three_nights.folder)
    three_nights.settings.pop("KEEP_RUNS", None)
    return three_nights


def holds(made: Stranger, members: str) -> None:
    """Let the source have these things."""
    made.fill("DELETE FROM things", *(f"INSERT INTO things VALUES ('{member}')" for member in members))


def published(made: Stranger) -> dict[str, int]:
    """Give the published keys; the fact refers to the first member."""
    with reading(made.settings["DUCKDB_FILE"]) as connection:
        keys = dict(connection.execute("SELECT id, thing_key FROM dim_thing WHERE thing_key <> 0").fetchall())
        assert connection.execute("SELECT thing_key FROM fact_use").fetchall() == [(keys[min(keys)],)]
    return keys


def of_yesterday(made: Stranger, night: int = 1) -> None:
    """Restore the copy of the night before, or of another one."""
    shutil.rmtree(made.data)
    shutil.copytree(made.folder.with_name(f"data {night}"), made.data)


def of_the_first_night(made: Stranger) -> None:
    """Restore the oldest copy."""
    of_yesterday(made, 0)


def newest_star_moved_away(made: Stranger) -> None:
    """Do what the hint about a damaged star says."""
    newest = made.store.star.path(made.store.star.newest("").run)
    shutil.move(newest, made.folder / "damaged")


def stars_gone(made: Stranger) -> None:
    """Lose all stars."""
    shutil.rmtree(made.data / "2_star")


def all_gone(made: Stranger) -> None:
    """Lose the data folder."""
    shutil.rmtree(made.data)


def nothing(made: Stranger) -> None:
    """Lose nothing."""


LOSSES = (nothing, of_yesterday, of_the_first_night, newest_star_moved_away, stars_gone, all_gone)


@pytest.mark.parametrize("loss", LOSSES)
def test_keys_that_were_published_are_continued(
    shop: Stranger, loss: Callable[[Stranger], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Members keep their keys; new ones, and who is not published any more, get numbers that nobody ever had."""
    loss(shop)
    holds(shop, "0abc")
    ended = shop.night()
    if loss is all_gone:  # another data folder, until a person says so
        assert ended.code == 2
        ended = shop.load("--accept", *re.findall(r"--accept (\S+)", ended.err))
    assert ended.code == 0, ended.err
    keys = published(shop)
    assert (keys["a"], keys["b"]) == (3, 2)
    assert keys["0"] > 3
    assert keys["c"] == 1 or (loss in (stars_gone, all_gone) and keys["c"] > 3)
    assert ("the key map is behind" in caplog.text) == (loss is not nothing)
    holds(shop, "0abcd")
    assert shop.night().code == 0
    after = published(shop)
    assert {member: after[member] for member in keys} == keys
    assert after["d"] == max(keys.values()) + 1


def test_without_the_warehouse_a_star_is_built_and_compared_before_it_is_published(shop: Stranger) -> None:
    """Stage 2 goes on and says so; stage 3 refuses the keys that contradict what is published; then all is well."""
    of_the_first_night(shop)
    holds(shop, "xabc")
    assert shop.download().code == 0
    file = Path(shop.settings["DUCKDB_FILE"])
    whole = file.read_bytes()
    file.write_bytes(b"no DuckDB file" * 1000)
    ended = shop.transform()
    assert ended.code == 0, ended.err
    file.write_bytes(whole)
    refused = shop.load()
    assert refused.code == 1
    assert "members of dim_thing have other surrogate keys in star" in refused.err
    assert f"Run ./TablesTransformMain.py --env {shop.env} again" in refused.err
    assert published(shop) == {"a": 3, "b": 2}
    assert (shop.transform().code, shop.load().code) == (0, 0)
    keys = published(shop)
    assert (keys["a"], keys["b"]) == (3, 2)
    assert min(keys["x"], keys["c"]) == 1
    assert max(keys.values()) == 4


def test_only_some_tables_are_not_built_upon_keys_that_contradict_the_published_ones(shop: Stranger) -> None:
    """The other tables would stay with keys of others."""
    of_the_first_night(shop)
    holds(shop, "xabc")
    file = Path(shop.settings["DUCKDB_FILE"])
    whole = file.read_bytes()
    file.unlink()
    assert (shop.download().code, shop.transform().code) == (0, 0)
    file.write_bytes(whole)
    refused = shop.transform("--only", "dim_thing")
    assert refused.code == 3
    assert "Leave --only out once" in refused.err
    assert (shop.transform().code, shop.load().code) == (0, 0)
    assert published(shop)["a"] == 3


def test_with_one_run_kept_the_keys_stay(shop: Stranger) -> None:
    """Stars between the published one and the newest are gone: the published keys themselves are asked."""
    shop.settings["KEEP_RUNS"] = "1"
    is_published = shop.store.star.committed()[-1]
    for members in ("abe", "abf"):
        holds(shop, members)
        assert (shop.download().code, shop.transform().code) == (0, 0)
    assert shop.store.star.committed() == [is_published, shop.store.star.newest("").run]
    assert shop.load().code == 0
    assert published(shop) == {"a": 3, "b": 2, "f": 5}


def test_an_older_run_is_rebuilt_and_published_with_the_keys_of_now(shop: Stranger) -> None:
    """A star that is older than the published one may be published on purpose, too: its keys are the same."""
    raw, old, *_ = shop.store.raw.committed()[0], *shop.store.star.committed()
    assert shop.transform("--from", raw).code == 0
    assert shop.load().code == 0
    assert published(shop) == {"c": 1}
    assert shop.load("--from", old).code == 0
    assert published(shop) == {"c": 1}


def test_a_published_dimension_that_was_dropped_is_filled_again_with_its_keys(shop: Stranger) -> None:
    """As the hint about a changed contract says: the key map of the last star is enough."""
    with duckdb.connect(shop.settings["DUCKDB_FILE"]) as connection:
        connection.execute("DROP TABLE dim_thing")
    holds(shop, "abc")
    assert shop.night().code == 0
    assert published(shop) == {"a": 3, "b": 2, "c": 1}
