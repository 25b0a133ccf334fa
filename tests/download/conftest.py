"""A company whose source `shop` is the test's PostgreSQL database."""

from pathlib import Path

import pytest

from tests.download.company import Company


@pytest.fixture
def company(tmp_path: Path, shop: str) -> Company:
    """Give a company without a query."""
    return Company(tmp_path, {"shop": shop})
