"""`python -m etl docs` for a company of its own."""

import shutil
from pathlib import Path

from config.paths import ROOT
from tests.docs import shop
from tests.docs.reading import Html


def test_a_companys_dictionary_lies_beside_its_tables(tmp_path: Path) -> None:
    """It is in docs/ there, twice the same, or in --output's folder; the guide's list is this project's."""
    guide = (ROOT / "docs/tables.md").read_bytes()
    settings = shop.write(tmp_path)
    done = shop.docs(settings)
    assert done.returncode == 0, done.stderr
    written = {path.name: path.read_bytes() for path in (tmp_path / "docs").iterdir()}
    assert set(written) == {"dictionary.md", "dictionary.html"}
    assert done.stdout.splitlines() == [str(tmp_path / "docs" / name) for name in ("dictionary.md", "dictionary.html")]
    assert shop.docs(settings, "--output", str(tmp_path / "else" / "where")).returncode == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "else" / "where").iterdir()} == written
    assert (ROOT / "docs/tables.md").read_bytes() == guide


def test_without_a_report_there_are_no_measures(tmp_path: Path) -> None:
    """A company that has no powerbi/ gets its tables and queries; one whose REPORT_DIR is wrong, a sentence."""
    settings = shop.write(tmp_path)
    shutil.rmtree(tmp_path / "powerbi")
    assert shop.docs(settings).returncode == 0
    text = Html((tmp_path / "docs/dictionary.html").read_text(encoding="utf-8")).text
    assert "2 queries, 2 dimensions, 2 facts." in text
    assert "Measures" not in text
    with settings.open("a") as file:
        file.write(f"REPORT_DIR={tmp_path}/powerby\n")
    failed = shop.docs(settings)
    assert failed.returncode == 2
    assert "There is no report in" in failed.stderr
