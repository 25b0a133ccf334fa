"""Companies for the doctor, and what it finds, part by part, in this process."""

from pathlib import Path

import pytest

from tests.doctor.found import Patient


@pytest.fixture
def patient(tmp_path: Path, shop: str) -> Patient:
    """Give a company without a query, whose source is the test's PostgreSQL database."""
    return Patient(tmp_path, {"shop": shop}, {"WORKERS": "2"})
