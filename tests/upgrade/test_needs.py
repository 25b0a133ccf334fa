"""A file that was written for a newer engine is told as that, and no mistake is guessed at."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from config import SettingsError
from etl import __version__
from etl.company.corrections import read_corrections
from etl.company.queries import read_query
from etl.company.report import read_report
from etl.company.tables import read_tables
from etl.core.errors import ContractError
from etl.core.needs import check_needs
from tests.night.company import DIM_THING

OURS = tuple(int(part) for part in re.findall(r"\d+", __version__))
LINES = ["# needs: etl {}", "-- needs: etl {}", "--needs:  etl {}"]
OLDER = f"this engine ({__version__}) is older than the file, which needs etl 99.0."
NEWER = f'If it was written for a newer engine than this one ({__version__}): docs/operating.md, "Upgrading".'


@given(st.tuples(*[st.integers(0, 99)] * 3), st.sampled_from(LINES))
def test_a_file_is_read_by_the_engine_that_it_needs_and_by_newer_ones(needed: tuple[int, ...], line: str) -> None:
    """By the versions' numbers, not by their text: 1.10 is newer than 1.9."""
    text = "a\n" + line.format(".".join(map(str, needed))) + "\nb"
    if needed <= OURS:
        check_needs(Path("x"), text)
    else:
        with pytest.raises(ContractError, match=r"x:2: this engine \(.*\) is older than the file"):
            check_needs(Path("x"), text)


@pytest.mark.parametrize("said", ["1.2", "etl", "etl one", "etl 1", ""])
def test_what_is_no_version_is_told(said: str) -> None:
    """With what to write."""
    with pytest.raises(ContractError) as found:
        check_needs(Path("x"), f"# needs: {said}")
    assert found.value.hint == f"Write e.g. # needs: etl {__version__}"


def of_tables(folder: Path, text: str) -> ContractError:
    """Read a table file that must be refused."""
    (folder / "dim_thing.py").write_text(text)
    with pytest.raises(ContractError) as found:
        read_tables(folder)
    return found.value


def test_a_table_file_that_needs_a_newer_engine_is_told_so_before_its_words_are_read(tmp_path: Path) -> None:
    """With its line, and what to do."""
    told = of_tables(tmp_path, f"# needs: etl 99.0\n{DIM_THING.replace('Text', 'Geography')}")
    assert OLDER in told.message
    assert told.message.startswith(f"{tmp_path}/dim_thing.py:1: ")
    assert told.hint == 'Update the engine: docs/operating.md, "Upgrading".'


@pytest.mark.parametrize(
    "text",
    [
        DIM_THING.replace("import Dimension", "import Dimension, Geography"),
        DIM_THING.replace("Dimension)", "Dimension, quorum=3)"),
        DIM_THING.replace("unknown=0", "unknown=0, quorum=3"),
    ],
    ids=["word", "option of the table", "option of a column"],
)
def test_a_word_that_nothing_resembles_may_be_a_newer_engines(tmp_path: Path, text: str) -> None:
    """The advice says so, and which engine this is."""
    assert NEWER in of_tables(tmp_path, text).hint


def test_a_word_that_resembles_one_is_a_mistake(tmp_path: Path) -> None:
    """As before: what was most likely meant."""
    assert of_tables(tmp_path, DIM_THING.replace("Integer", "Integr")).hint == "Did you mean Integer?"


def test_a_query_a_correction_and_a_report_may_need_a_newer_engine_too(tmp_path: Path) -> None:
    """A query's header, and the comments of the others."""
    query = tmp_path / "things.sql"
    query.write_text("-- Things.\n-- needs: etl 99.0\n-- sourse: shop\nSELECT 1")
    (tmp_path / "dim_thing.corrections.toml").write_text("# needs: etl 99.0\nnew = 1\n")
    (tmp_path / "report.toml").touch()
    (tmp_path / "measures").mkdir()
    (tmp_path / "measures/1.toml").write_text("# needs: etl 99.0\nnew = 1\n")
    for read in (
        lambda: read_query(query, {}),
        lambda: read_corrections(tmp_path),
        lambda: read_report(tmp_path),
    ):
        with pytest.raises(ContractError) as found:
            read()
        assert OLDER in found.value.message


def test_a_setting_of_a_newer_engine_is_told_with_what_to_look_at(tmp_path: Path) -> None:
    """One that resembles none; of another, which one was meant."""
    file = tmp_path / "prod.env"
    file.write_text("WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=UTC\nQUORUM=3\n")
    with pytest.raises(SettingsError) as found:
        config.load(file)
    assert "Was it written for a newer engine?" in found.value.hint
    file.write_text("WAREHOUSE=duckdb\nBUSINESS_TIME_ZONE=UTC\nWORKRES=3\n")
    with pytest.raises(SettingsError) as found:
        config.load(file)
    assert "newer engine" not in found.value.hint
