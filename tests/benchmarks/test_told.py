"""What README.md and docs/ say of the speed is what RESULTS.md says."""

from pathlib import Path

import pytest

from benchmarks.told import COMMAND, RESULTS, files, quoted, renewed
from config.paths import ROOT


@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_every_quotation_is_of_the_results(file: Path) -> None:
    """A figure that was copied by hand, or is of an older run, fails."""
    path, text = str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")
    assert renewed(path, text, RESULTS.read_text(encoding="utf-8")) == text, f"run {COMMAND}"


def test_a_quotation_has_the_figures_of_the_table_of_bars() -> None:
    """And the sizes of the first line; what was not measured is told as such."""
    results = "# Side by side\n\n3 contracts; up to 1 run\n\n| download: wall beside psql | 1.17 | ≤ 1.2 | yes |\n"
    told = quoted("docs/operating.md", results)
    assert "3 contracts, on two cores" in told
    assert "downloaded in 1.17 times" in " ".join(told.split())
    assert "(… without)" in " ".join(told.split())
    assert max(map(len, told.splitlines())) <= 120
