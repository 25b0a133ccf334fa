"""The proof of the receipts, 5: a fact that is published by its changes, whose INSERT or DELETE goes wrong.

The rows of tonight are the plant's; twenty of them were others last night, of each kind of value some.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from etl.company.tables import contracts
from etl.load.checks import UnfitError
from etl.load.open import open_warehouse
from etl.load.warehouse import Handover, Warehouse
from tests.load.changes import by_changes, whole
from tests.load.contracts import Rows
from tests.load.nights import NEXT_RUN, RUN, all_of, duckdb_settings, load, publish
from tests.mutation.injections import published_by
from tests.mutation.inserts import HASH, PUBLISHED, PublishedFault
from tests.mutation.plant import Plant

CHANGED = range(12, 32)
DELETING = [
    PublishedFault("the rows of last night left", "not exactly 20 rows were removed, but 0", removed="FALSE"),
    PublishedFault(
        "a row of last night left", "not exactly 20 rows were removed, but 19", removed="_old.move_id <> 20"
    ),
]


@dataclass
class Changed:
    """A warehouse in which the changes of a night are staged. before and after: the rows, in the order of their key."""

    warehouse: Warehouse
    tonight: Handover
    before: Rows
    after: Rows


@pytest.fixture(scope="module")
def changed(plant: Plant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    """Publish rows of which some are others, and stage what makes them the plant's."""
    folder = tmp_path_factory.mktemp("changed")
    contract = contracts(plant.settings.tables_dir)["fact_move"]
    after = sorted(plant.right.select(contract.schema.names).to_pylist(), key=lambda row: row["move_id"])
    before = [
        row | {"price": row["price"] + Decimal(7), "note": "of last night"} if row["move_id"] in CHANGED else row
        for row in after
    ]
    with open_warehouse(duckdb_settings(folder)) as warehouse:
        load(warehouse, RUN, [whole(contract, before, folder / "before")])
        tonight = by_changes(contract, before, after, folder / "after")
        warehouse.stage(NEXT_RUN, tonight)
        yield Changed(warehouse, tonight, before, after)


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, id=fault.name) for fault in [*PUBLISHED, *DELETING] if not fault.keeps]
)
def test_a_fault_in_publishing_changes_is_undone_before_anybody_sees_it(
    changed: Changed, fault: PublishedFault
) -> None:
    """What stands then is compared with the receipt of all rows, inside the transaction."""
    contract = changed.tonight.contract
    with published_by(fault), pytest.raises(UnfitError) as refusal:
        publish(changed.warehouse, NEXT_RUN, [changed.tonight])
    assert fault.seen in refusal.value.how or HASH in refusal.value.how  # times have no sum, and no least one here
    assert all_of(changed.warehouse, contract) == changed.before


def test_changes_without_a_fault_are_published(changed: Changed) -> None:
    """No fault, no refusal."""
    again = replace(changed.tonight, star_run="again")
    load(changed.warehouse, "20310520T023000Z", [again])
    assert all_of(changed.warehouse, changed.tonight.contract) == changed.after
