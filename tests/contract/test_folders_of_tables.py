"""A folder of table files is a package of its own: files share helpers, and no other company's are ever meant."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from etl.company.tables import read_tables
from etl.core.errors import ContractError

TABLE = '''
import pandas as pd

from etl.contract import Fact, Integer, natural_key
from ._common import SHARED


class FactX(Fact):
    """One row per x."""

    x_id: Integer = natural_key("Its number.")


def build(xs: pd.DataFrame) -> pd.DataFrame:
    from ._late import LATE

    return pd.DataFrame({"x_id": [SHARED, LATE]})
'''


def company(folder: Path, shared: int) -> Path:
    """Write a company's folder of tables, its helpers under the names that every company gives them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fact_x.py").write_text(TABLE, encoding="utf-8")
    (folder / "_common.py").write_text(f"from ._constants import ONE\n\nSHARED = {shared} * ONE\n", encoding="utf-8")
    (folder / "_constants.py").write_text("ONE = 1\n", encoding="utf-8")
    (folder / "_late.py").write_text(f"LATE = {shared + 1}\n", encoding="utf-8")
    return folder


def built(folder: Path) -> list[int]:
    """Read a folder's table and build it."""
    numbers: list[int] = read_tables(folder)["fact_x"].build.call(None)["x_id"].tolist()
    return numbers


def test_two_companies_with_helpers_of_one_name_never_meet(tmp_path: Path) -> None:
    """In one process, one after the other and again, with what they import late; Python's path stays as it was."""
    before = "tables" in sys.modules
    path, folders = list(sys.path), [company(tmp_path / name / "tables", n) for n, name in enumerate("abc", 1)]
    for _ in range(2):
        assert [built(folder) for folder in folders] == [[1, 2], [2, 3], [3, 4]]
    assert sys.path == path
    assert ("tables" in sys.modules) == before


def test_a_folder_that_is_read_again_is_read_as_it_is_now(tmp_path: Path) -> None:
    """Helpers, too; also one that changed within the second to a text of the same length."""
    folder = company(tmp_path / "tables", 1)
    assert built(folder) == [1, 2]
    (folder / "_common.py").write_text("from ._constants import ONE\n\nSHARED = 5 * ONE\n", encoding="utf-8")
    assert built(folder) == [5, 2]
    (folder / "_common.py").write_text("from ._new import SHARED\n", encoding="utf-8")
    (folder / "_new.py").write_text("SHARED = 6\n", encoding="utf-8")
    assert built(folder) == [6, 2]
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize("way", ["spawn", "fork"])
def test_a_worker_finds_the_helpers(tmp_path: Path, way: str) -> None:
    """However it was started."""
    folder = company(tmp_path / "tables", 7)
    read_tables(folder)
    with ProcessPoolExecutor(1, multiprocessing.get_context(way)) as pool:
        assert pool.submit(built, folder).result() == [7, 8]


def test_threads_of_a_worker_read_folders_side_by_side(tmp_path: Path) -> None:
    """A cluster's worker may have several."""
    folders = [company(tmp_path / f"{n}" / "tables", n) for n in range(4)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(built, folders * 4)) == [[n, n + 1] for n in range(4)] * 4


@pytest.mark.parametrize(
    "line",
    ["from tables._common import SHARED", "from _common import SHARED", "import tables._common", "import _common"],
)
def test_a_helper_is_imported_with_a_dot(tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it another folder's file would be taken, where Python finds one; in a helper as in a table."""
    company(tmp_path / "other" / "tables", 9)
    monkeypatch.syspath_prepend(tmp_path / "other" / "tables")
    monkeypatch.syspath_prepend(tmp_path / "other")
    folder = company(tmp_path / "tables", 1)
    for file in ("fact_x.py", "_constants.py"):
        company(folder, 1)
        text = (folder / file).read_text(encoding="utf-8").replace("from ._common import SHARED", "")
        (folder / file).write_text(f"{line}\n{text}", encoding="utf-8")
        (folder / "_common.py").write_text("SHARED = 1\n", encoding="utf-8")
        (folder / "fact_y.py").write_text(TABLE.replace("FactX", "FactY") + "\n\nfrom . import _constants\n", "utf-8")
        with pytest.raises(ContractError) as fault:
            read_tables(folder)
        assert f"{folder / file}:" in fault.value.message
        assert "from ._common import" in fault.value.hint


def test_words_of_a_docstring_are_no_import(tmp_path: Path) -> None:
    """A line may begin like one."""
    folder = company(tmp_path / "tables", 1)
    text = (folder / "fact_x.py").read_text(encoding="utf-8")
    (folder / "fact_x.py").write_text(f'"""Taken\nfrom tables of the old schema.\n"""\n{text}', encoding="utf-8")
    assert built(folder) == [1, 2]


@pytest.mark.parametrize("dimension", [True, False])
def test_annotations_may_be_postponed(tmp_path: Path, dimension: bool) -> None:
    """The types are looked up where the file defines or imports them, its dataclasses' too."""
    text = f'''
"""Things."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from etl.contract import {"Dimension, Key, surrogate_key" if dimension else "Fact"}, Decimal, Text, measure, natural_key
from ._common import Weight

Size = Decimal(9, 3)


@dataclass
class Rule:
    least: int


class Thing({"Dimension" if dimension else "Fact"}):
    """One row per thing."""

    {"thing_key: Key = surrogate_key()" if dimension else ""}
    thing_id: Text = natural_key("Its number.")
    size: Size = measure("Its size.")
    weight: Weight = measure("Its weight.")


def build(things: pd.DataFrame) -> pd.DataFrame:
    return things
'''
    (tmp_path / "_common.py").write_text(
        "from etl.contract import Decimal\n\nWeight = Decimal(5, 1)\n", encoding="utf-8"
    )
    (tmp_path / "thing.py").write_text(text.lstrip(), encoding="utf-8")
    kinds = {field.name: str(field.type) for field in read_tables(tmp_path)["thing"].contract.schema}
    assert (kinds["thing_id"], kinds["size"], kinds["weight"]) == ("string", "decimal128(9, 3)", "decimal128(5, 1)")


def test_tables_share_columns_and_contracts(tmp_path: Path) -> None:
    """A base class of a helper's is no second contract, nor is one that is imported of another table."""
    (tmp_path / "_common.py").write_text(
        "from etl.contract import Fact, Text, attribute\n\n\nclass Audited(Fact):\n"
        '    """With its origin."""\n\n    origin: Text = attribute("Where it is from.")\n',
        encoding="utf-8",
    )
    text = TABLE.replace("import SHARED", "import Audited").replace("(Fact)", "(Audited)").replace("Fact, ", "")
    (tmp_path / "fact_x.py").write_text(text, encoding="utf-8")
    (tmp_path / "fact_y.py").write_text(
        text.replace("FactX", "FactY") + "\n\nfrom .fact_x import FactX\n", encoding="utf-8"
    )
    tables = read_tables(tmp_path)
    assert [sorted(tables[name].contract.schema.names) for name in tables] == [["origin", "x_id"]] * 2


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_of_another_encoding_is_to_be_saved_as_utf_8(tmp_path: Path, encoding: str) -> None:
    """An editor of another system wrote it; no bracket is missing."""
    (tmp_path / "dim_town.py").write_bytes('NAME = "Málaga"\n'.encode(encoding))
    with pytest.raises(ContractError, match=r"dim_town\.py.* cannot be read") as fault:
        read_tables(tmp_path)
    assert fault.value.hint == "Save the file as UTF-8."


def test_files_that_import_each_other_are_told_what_to_do(tmp_path: Path) -> None:
    """The name is there, and spelt right."""
    (tmp_path / "dim_town.py").write_text("from ._common import shared\nNAME = 1\n")
    (tmp_path / "_common.py").write_text("from .dim_town import NAME\nshared = NAME\n")
    with pytest.raises(ContractError, match=r"_common\.py:1 cannot be read") as fault:
        read_tables(tmp_path)
    assert "move what both need into a third one" in fault.value.hint
