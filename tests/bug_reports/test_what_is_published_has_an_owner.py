"""Two companies never replace each other's tables, runs or files without a word."""

import re
import stat
from pathlib import Path

import duckdb
import pytest

from etl.load.duckdb.warehouse import DuckDBWarehouse
from etl.look import status
from tests.bug_reports.company import Stranger
from tests.download.company import Ended
from tests.published import reading

DIM = '''
class DimThing(Dimension):
    """One row per thing."""

    thing_key: Key = surrogate_key()
    id: Integer = natural_key("Its number.")


def build(things: pd.DataFrame) -> pd.DataFrame:
    return things
'''


def company(folder: Path, rows: int, **settings: str) -> Stranger:
    """Give a company with some things; its warehouse lies in the folder above."""
    folder.mkdir()
    made = Stranger(folder)
    made.settings |= {"DUCKDB_FILE": str(folder.parent / "warehouse.duckdb"), **settings}
    made.query("things", "SELECT id FROM things")
    made.star_table("dim_thing", DIM)
    made.fill("CREATE TABLE things (id INTEGER)", *[f"INSERT INTO things VALUES ({n})" for n in range(rows)])
    return made


def things(made: Stranger) -> int:
    """Count the published things."""
    with reading(made.settings["DUCKDB_FILE"]) as connection:
        return int(connection.execute("SELECT COUNT(*) - 1 FROM dim_thing").fetchall()[0][0])


def accepting(refused: Ended) -> str:
    """Give what the refusal says to accept."""
    assert refused.code == 2, refused.err
    return re.findall(r"--accept (night:origin=\w+)", refused.err)[0]


@pytest.fixture
def production(tmp_path: Path) -> Stranger:
    """Give a company that has published five things."""
    made = company(tmp_path / "production", 5)
    assert made.night().code == 0
    return made


def test_another_company_does_not_replace_what_is_published_until_a_person_says_so(
    production: Stranger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are named; what is accepted is this exchange and no other; the first one's status tells the truth."""
    trial = company(tmp_path / "trial", 3)
    refused = trial.night()
    accept = accepting(refused)
    assert "production/shop.db" in refused.err
    assert "trial/shop.db" in refused.err
    assert things(production) == 5
    assert trial.load("--dry-run").code == 2
    third = company(tmp_path / "third", 1)
    third.night()
    assert third.load("--accept", accept).code == 2
    assert status.show(production.env, 1) == 0
    assert trial.load("--accept", accept).code == 0
    assert things(production) == 3
    capsys.readouterr()
    assert status.show(production.env, 1) == 1
    said = capsys.readouterr().out
    assert "trial/shop.db" in said
    assert "not a night of this data folder" in said
    assert accepting(production.load())
    assert trial.night().code == 0


def test_a_data_folder_of_other_sources_is_refused_before_anything_is_extracted(production: Stranger) -> None:
    """The whole night asks, not only --only; a source that has moved is accepted once, for all stages."""
    (production.folder / "shop.db").rename(production.folder / "moved.db")
    production.sources["shop"] = f"sqlite:///{production.folder}/moved.db"
    runs = production.store.raw.committed()
    refused = production.download()
    accept = accepting(refused)
    assert "data folder" not in refused.err.partition("these settings name")[2].partition("Try")[0]
    assert production.download("--dry-run").code == 2
    assert production.store.raw.committed() == runs
    for stage in (production.download, production.transform, production.load):
        assert stage("--accept", accept).code == 0
    assert production.night().code == 0


def test_a_data_folder_keeps_its_id_wherever_it_goes(production: Stranger) -> None:
    """It is moved or restored with its id, and goes on publishing."""
    before = production.store.identity()
    moved = production.folder / "elsewhere"
    production.data.rename(moved)
    production.settings["DATA_DIR"] = str(moved)
    assert production.night().code == 0
    assert (moved / "folder.id").read_text().strip() == before


def test_tables_that_an_older_version_published_are_ours_if_we_know_the_run(
    production: Stranger, tmp_path: Path
) -> None:
    """Such a warehouse has no head: it is made from its list of runs."""
    with duckdb.connect(production.settings["DUCKDB_FILE"]) as connection:
        connection.execute("DROP TABLE etl_head")
    trial = company(tmp_path / "trial", 3)
    assert accepting(trial.night())
    production.fill("INSERT INTO things VALUES (99)")
    assert production.night().code == 0
    assert things(production) == 6


def test_of_two_loads_into_one_file_the_second_waits_for_its_turn(production: Stranger) -> None:
    """Whichever data folder they come from: exit 75, and the file is whole; the lock ends with its holder."""
    production.fill("INSERT INTO things VALUES (99)")
    file = Path(production.settings["DUCKDB_FILE"])
    assert (production.download().code, production.transform().code) == (0, 0)
    with DuckDBWarehouse(file) as other:
        other.ensure([])
        refused = production.load()
        assert refused.code == 75
        assert f"holds {file}.lock" in refused.err
    assert production.load().code == 0
    assert things(production) == 6
    assert sorted(path.name for path in file.parent.glob("warehouse*")) == ["warehouse.duckdb", "warehouse.duckdb.lock"]


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(production: Stranger, tmp_path: Path) -> None:
    """A new file is its owner's alone; what a person widened for readers stays so."""
    file = Path(production.settings["DUCKDB_FILE"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    elsewhere = tmp_path / "large disk.duckdb"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    production.fill("INSERT INTO things VALUES (99)")
    assert production.night().code == 0
    assert file.is_symlink()
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o640
    assert things(production) == 6
