"""The proof of the receipts, 3 and 4, with BigQuery as the warehouse: staged by load jobs, published by one script."""

import pytest

from tests.mutation.faults import FAULTS, Fault
from tests.mutation.injections import loaded_from, parquet_spoilt, published_by
from tests.mutation.inserts import LEFT, PUBLISHED, PublishedFault
from tests.mutation.plant import Plant

STAGED_HERE = ("a row lost", "money moved to other rows", "an empty text into NULL", "an hour's slip in one row")
PUBLISHED_HERE = (
    "a row doubled",
    "columns of money in a wrong order",
    "flags moved to other rows",
    "a cent more here and a cent less there",
    "NULL into an empty text",
    "a trailing blank lost",
)


def check(plant: Plant, *said: str) -> None:
    """Load with the fault that is injected: refused with receipts, published without."""
    before = plant.published()
    ended = plant.load("rows")
    assert ended.code == 1
    for words in said:
        assert words in ended.said
    assert plant.published() == before
    assert plant.load("off").said == ""
    assert plant.published() != plant.right


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS if f.name in STAGED_HERE])
def test_a_fault_in_bigquerys_staged_table_is_refused_before_anything_is_published(
    bigquery_plant: Plant, fault: Fault
) -> None:
    """What load jobs made of the files is compared with the receipt in BigQuery's SQL."""
    with parquet_spoilt(bigquery_plant, fault):
        check(bigquery_plant, "The staged rows of fact_move are not those of the star: ", fault.seen)


def test_a_file_that_is_loaded_twice_into_bigquery_is_refused_before_anything_is_published(
    bigquery_plant: Plant,
) -> None:
    """A load job more or less is no matter of luck."""
    with loaded_from(lambda files: (*files, files[-1])):
        check(bigquery_plant, "The staged rows of fact_move are not those of the star: ", "rows are")


@pytest.mark.parametrize(
    "fault", [pytest.param(f, id=f.name) for f in [*PUBLISHED, LEFT] if f.name in PUBLISHED_HERE or f is LEFT]
)
def test_a_fault_in_bigquerys_transaction_is_undone_before_anybody_sees_it(
    bigquery_plant: Plant, fault: PublishedFault
) -> None:
    """The script that publishes compares what it wrote with the receipt before it commits."""
    with published_by(fault):
        check(bigquery_plant, "The published rows of fact_move are not those of the star: ", fault.seen)
