"""The fixture `company` of a company's tests. `python -m etl test` loads it; others: `pytest -p etl.testing.plugin`."""

import pytest

import config
from etl.core.chosen import chosen
from etl.testing.company import Company


@pytest.fixture(scope="session")
def company() -> Company:
    """Return the company whose settings ETL_ENV names, or that are in the folder where we are."""
    return Company.of(config.load(chosen()))
