"""Rules of the house that no linter knows."""

import ast
import re
import sys
from pathlib import Path

import pytest

import etl.contract
from config.paths import ROOT
from etl.company import tables as catalogue

TABLES = sorted((ROOT / "tables").glob("*.py"))
SHARED = {"numpy", "pyarrow", "pyarrow.compute"}
"""What pandas is built upon: a helper that several tables share may use it."""


def imported(file: Path) -> set[str]:
    """Name the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:  # what is beside it may be imported
            found.add(str(node.module))
    return found


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.stem)
def test_a_table_imports_only_the_contracts_vocabulary_and_pandas(file: Path) -> None:
    """A table file is a contract and pure functions: it reads nothing, writes nothing and knows no engine."""
    others = {name for name in imported(file) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert others <= {"pandas", "etl.contract"} | (SHARED if file.name.startswith("_") else set())


def test_the_engine_knows_no_table_by_name() -> None:
    """A company replaces queries and tables, and never edits the engine."""
    names = [*catalogue.read_tables(ROOT / "tables"), *(path.stem for path in (ROOT / "queries").glob("*.sql"))]
    code = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "etl").rglob("*.py")}
    known = [
        (path, node.value)
        for path, tree in code.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert known == []


def test_a_script_only_calls_its_stage() -> None:
    """The three scripts are a dozen lines each: the listing is the flow."""
    for script in ("SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py"):
        assert len((ROOT / script).read_text().splitlines()) <= 20


def test_no_hint_says_to_mend_something_and_not_how() -> None:
    """A refusal without a cure leaves a person alone at night; "fix" is the usual word, followed by how."""
    code = [path for folder in ("config", "etl", "powerbi", "sample") for path in (ROOT / folder).rglob("*.py")]
    vague = [
        (path.name, ast.unparse(text))
        for path in code
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for text in node.args
        if re.search(r"\bmend", ast.unparse(text), re.IGNORECASE)
    ]
    assert vague == []


def test_the_vocabulary_is_what_table_files_need_and_nothing_else() -> None:
    """Each word that it exports is used by a table file or shown in the guide to tables."""
    files = [*TABLES, *(ROOT / "benchmarks").rglob("tables/*.py"), ROOT / "docs" / "tables.md"]
    said = set(re.findall(r"\w+", "\n".join(file.read_text(encoding="utf-8") for file in files)))
    assert set(etl.contract.__all__) <= said


def test_no_module_of_the_tests_is_taken_for_the_tables() -> None:
    """Tests import `tables.dim_x` as the guide shows, and pytest puts their own folders on Python's path first."""
    assert [path for path in (ROOT / "tests").rglob("tables.py") if path.is_file()] == []


def test_no_two_files_of_tests_have_one_name() -> None:
    """Pytest takes them for the same module, and then runs none of the suite."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_changelog_tells_of_the_engines_version() -> None:
    """What is not released yet stands above it; each section has its number and date, the newest first."""
    sections = re.findall(r"(?m)^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert sections[0] == "Unreleased"
    dated = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) \((\d{4}-\d\d-\d\d)\)", section) for section in sections[1:]]
    numbers = [tuple(map(int, found.groups()[:3])) for found in dated if found]
    assert len(numbers) == len(dated)
    assert numbers == sorted(numbers, reverse=True)
    assert ".".join(map(str, numbers[0])) == etl.__version__


def test_the_changelog_is_sorted_and_says_nothing_twice() -> None:
    """Each entry stands under a heading, without a blank line before it; no two of one heading begin alike."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if len(line) > 120] == []
    assert not re.search(r"\n\n- .*(\n  .*)*\n\n- ", text)
    unreleased = text.partition("\n## Unreleased\n")[2].partition("\n## ")[0]
    assert not re.search(r"^- ", unreleased.partition("\n### ")[0], re.MULTILINE)
    for part in re.split(r"(?m)^##.*$", text):
        beginnings = [tuple(entry.split()[:5]) for entry in re.split(r"(?m)^- ", part)[1:]]
        assert sorted({each for each in beginnings if beginnings.count(each) > 1}) == []
