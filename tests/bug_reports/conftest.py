"""What public bug reports about comparable tools led to, as rules: each file is named after the kind of the fault."""

from pathlib import Path

import pytest

from tests.bug_reports.company import Stranger


@pytest.fixture
def stranger(tmp_path: Path) -> Stranger:
    """Give a company without a query; its source is SQLite."""
    return Stranger(tmp_path)
