"""The proof of the receipts, 4: what the INSERT makes of the staged rows, within the transaction that publishes."""

import pytest

from tests.mutation.injections import published_by
from tests.mutation.inserts import PUBLISHED, PublishedFault
from tests.mutation.plant import Plant


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in PUBLISHED])
def test_a_fault_in_publishing_is_undone_before_anybody_sees_it(plant: Plant, fault: PublishedFault) -> None:
    """The published rows are compared with the receipt inside the transaction; without receipts they stand."""
    plant.go_back_to(plant.before_load)
    with published_by(fault):
        ended = plant.load("rows")
        assert ended.code == 1
        assert "The published rows of fact_move are not those of the star: " in ended.said
        assert fault.seen in ended.said
        assert plant.published() == plant.last_night
        assert plant.load("off").said == ""
        assert plant.published() != plant.right
