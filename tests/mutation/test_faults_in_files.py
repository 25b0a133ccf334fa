"""The proof of the receipts, 1 to 3: what happens to rows in the raw file, the star's file or the staged table.

Each fault stands in `faults.FAULTS`. With receipts the night ends before it publishes; without them the very same fault
goes through every other check, and what it made of the rows is published.
"""

import pytest

from tests.mutation.faults import FAULTS, RAW, SHIFTED, STAGED, STAR, Fault
from tests.mutation.injections import injected, night
from tests.mutation.plant import Plant

SPOKEN_OF = {RAW: "moves.csv", STAR: "fact_move", STAGED: "fact_move"}


def of(where: str) -> pytest.MarkDecorator:
    """Run a test for every fault of a hand-over."""
    return pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS if where in f.where])


def check(plant: Plant, fault: Fault, where: str) -> None:
    """Inject a fault twice: it is refused with receipts, and published without."""
    with injected(plant, fault, where):
        before = plant.published()
        ended = night(plant, where, "full")
        assert ended.code in (1, 3)
        assert SPOKEN_OF[where] in ended.said
        assert fault.seen in ended.said
        assert plant.published() == before
    with injected(plant, fault, where):
        assert night(plant, where, "off").code == 0
        assert plant.published() not in (before, right(plant, where))


RIGHT: dict[int, list[object]] = {}


def right(plant: Plant, where: str) -> list[object]:
    """Give what an undisturbed night publishes."""
    if id(plant) not in RIGHT:
        plant.go_back_to(plant.before_load)
        assert plant.load("full").code == 0
        RIGHT[id(plant)] = list(plant.published())
    return RIGHT[id(plant)]


@of(RAW)
def test_a_fault_in_the_raw_file_is_refused_before_anything_is_published(plant: Plant, fault: Fault) -> None:
    """The raw file is compared with what the source says of the same query in its own SQL."""
    check(plant, fault, RAW)


@of(STAR)
def test_a_fault_in_the_star_file_is_refused_before_anything_is_published(plant: Plant, fault: Fault) -> None:
    """The star's files are compared with the rows that stage 2 had in memory."""
    check(plant, fault, STAR)


@of(STAGED)
def test_a_fault_in_the_staged_table_is_refused_before_anything_is_published(plant: Plant, fault: Fault) -> None:
    """The staged table is compared with the same, by the warehouse's SQL."""
    check(plant, fault, STAGED)
