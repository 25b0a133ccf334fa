"""The README and its guides are a promise: what they show is run here as it is written."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from dotenv import dotenv_values

import config
from config import Settings
from config.paths import EXAMPLE_SETTINGS, ROOT, SAMPLE_SETTINGS
from etl.company.measure import Measure
from etl.company.pages import Visual
from etl.company.report import read_report
from etl.dashboard.rehearse import rehearse
from etl.docs.book import make_book
from etl.docs.company import read_company
from etl.docs.listing import renewed
from etl.load.etl_runs import published_contracts
from sample import server
from tests.docs.reading import Markdown

_NAMES = ("your-company", "trust", "operating", "power-bi", "tables", "sources")
GUIDES = [ROOT / "README.md", *(ROOT / f"docs/{name}.md" for name in _NAMES)]
README = "\n".join(guide.read_text(encoding="utf-8") for guide in GUIDES)
NOT_COPIED = shutil.ignore_patterns("data", ".venv*", ".git", "__pycache__", ".*_cache", ".hypothesis", ".node-*")


def example_files() -> dict[str, str]:
    """Read the worked example: the code blocks that a path in back quotes announces."""
    blocks = re.findall(r"`([\w/]+\.(?:sql|py))`:\n\n```\w+\n(.*?)```", README, re.DOTALL)
    return {path: text for path, text in blocks if path.startswith(("queries/", "tables/", "tests/"))}


def files_in(folder: Path) -> set[str]:
    """List the files of a checkout, without what running it makes."""
    made = {"data", "__pycache__", ".pytest_cache", ".hypothesis"}
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in paths if not made & set(path.parts)}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the README in a checkout, with this environment's Python."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_each_picture_is_shown_by_a_guide() -> None:
    """And each one that a guide shows is there; `python -m tests.dashboard.browser` takes those of the dashboard."""
    shown = {
        (guide.parent / path).resolve()
        for guide in GUIDES
        for path in re.findall(r"\]\(([^)\s]+\.png)\)", guide.read_text(encoding="utf-8"))
    }
    assert {path for path in shown if path.parent == ROOT / "docs"} == {*(ROOT / "docs").glob("*.png")}
    assert all(path.exists() for path in shown)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """Give a copy of the project with a small sample company."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    run(folder, "-m", "sample", "--contracts", "1000", "--seed", "7")
    yield folder
    server.remove(folder / "data" / "sample" / "source")


def test_adding_a_table_touches_one_query_one_table_file_and_one_test(checkout: Path) -> None:
    """With the README's three files, and nothing else, the next night publishes the new dimension."""
    before = files_in(checkout)
    for path, text in example_files().items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(text, encoding="utf-8")
    run(checkout, "-m", "sample", "run", "--", sys.executable, "-m", "etl", "night")
    assert files_in(checkout) - before == {
        "queries/countries.sql",
        "tables/dim_country.py",
        "tests/tables/test_dim_country.py",
    }
    shown = run(
        checkout,
        "-m",
        "etl",
        "sql",
        "SELECT count(*) > 1 AS there FROM dim_country WHERE country_key = 0 OR clients > 0",
    )
    assert "True" in shown.stdout
    assert "Cloud Services" in (checkout / "data/sample/dashboard.html").read_text(encoding="utf-8")
    run(checkout, "-m", "pytest", "-q", "tests/tables/test_dim_country.py")
    run(checkout, "-m", "etl", "docs")
    for renewed_file in ("docs/tables.md", "docs/dictionary.md", "docs/dictionary.html"):
        assert "dim_country" in (checkout / renewed_file).read_text(encoding="utf-8")


def test_the_measure_and_the_visual_of_the_readme_can_be_asked() -> None:
    """As they are written: they fit the report that is here."""
    blocks = re.findall(r"```toml\n((?:folder = [^\n]*\n\n)?\[\[(?:measure|visual)\]\].*?)```", README, re.DOTALL)
    measure, visual = map(tomllib.loads, blocks)
    report, tables = read_report(ROOT / "powerbi"), published_contracts(ROOT / "tables")
    added = Measure(folder=measure["folder"], **measure["measure"][0])
    page = report.pages[0].model_copy(update={"visual": (*report.pages[0].visual, Visual(**visual["visual"][0]))})
    rehearse(replace(report, measures=report.measures | {added.name: added}, pages=(page,)), tables)


@pytest.mark.parametrize(("guide", "line"), [("tables", "| [`"), ("trust", "| `shrank` | download |")])
def test_the_lists_of_the_guides_are_renewed(guide: str, line: str) -> None:
    """Renewing the lists of tables, options and guards changes nothing; where it does, run `python -m etl docs`."""
    book = make_book(read_company(config.load(SAMPLE_SETTINGS)))
    text = (ROOT / f"docs/{guide}.md").read_text(encoding="utf-8")
    assert line in text
    assert renewed(text, book, "dictionary.md") == text


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    """Each link to a file of the project is to one that is there, and each to a heading to one that it has."""
    for link in Markdown(guide.read_text(encoding="utf-8")).links:
        path, _, heading = link.partition("#")
        if "://" not in link:
            target = guide.parent / path if path else guide
            assert target.exists(), link
            assert not heading or heading in Markdown(target.read_text(encoding="utf-8")).anchors(), link


def written(value: int | str) -> str:
    """Write a default as a settings file does."""
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def test_each_setting_is_explained_and_nothing_else() -> None:
    """.env.example has a line for every setting, and its defaults are those of the code."""
    text = EXAMPLE_SETTINGS.read_text(encoding="utf-8")
    lines = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    lines.pop("SOURCE_CLOUD_URL")
    assert set(lines) == {name.upper() for name in Settings.model_fields} - {"SOURCES"}
    defaults = {name: f.default for name, f in Settings.model_fields.items() if isinstance(f.default, int | str)}
    assert {name: lines[name.upper()] for name in defaults} == {
        name: written(value) for name, value in defaults.items()
    }


def test_the_example_is_a_settings_file_that_works(tmp_path: Path) -> None:
    """A copy of .env.example is read without a fault."""
    copy = tmp_path / "prod.env"
    shutil.copyfile(EXAMPLE_SETTINGS, copy)  # its mode is not copied: the example holds a password, for others to read
    assert {"WAREHOUSE", "BUSINESS_TIME_ZONE"} <= set(dotenv_values(copy))
    run(ROOT, "-c", f"import config, pathlib; config.load(pathlib.Path({str(copy)!r}))")


@pytest.mark.parametrize("script", ["SQLDownloadMain.py", "TablesTransformMain.py", "LoadFilesBQ.py"])
def test_help_tells_the_options_that_the_readme_uses(script: str) -> None:
    """Every option in the README's calls of a script is in its --help, which shows an example."""
    used = set(re.findall(rf"{script}[^\n]*", README))
    options = {option for line in used for option in re.findall(r"--[\w-]+", line)}
    shown = run(ROOT, script, "--help").stdout
    assert options <= set(re.findall(r"--[\w-]+", shown))
    assert "example:" in shown


def test_every_promise_names_tests_that_are_there() -> None:
    """In the table of promises, each line ends with where it is tested."""
    chapter = README.partition("## What it promises")[2].partition("\n### ")[0]
    promises = [line for line in chapter.splitlines() if line.startswith("| **")]
    tested = [re.findall(r"`(tests/[\w/.]+)`", line.rpartition(" | ")[2]) for line in promises]
    assert len(promises) > 10
    assert all(tested)
    assert [path for paths in tested for path in paths if not (ROOT / path).exists()] == []


def test_the_levels_of_the_readme_are_those_of_the_engine() -> None:
    """Each level of RECEIPTS has its line, and no other has."""
    levels = README.partition("### Receipts")[2].partition("### Guards")[0]
    named = re.findall(r"^\| `(\w+)`", levels, re.MULTILINE)
    assert named == list(get_args(Settings.model_fields["receipts"].annotation))
