"""A house with one dimension and one streamed fact."""

from pathlib import Path

import pytest

from tests.transform.house import DIM_SHOP, FACT_SALE, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Shops and their sales; no raw run yet."""
    return House(tmp_path, dim_shop=DIM_SHOP, fact_sale=FACT_SALE)
