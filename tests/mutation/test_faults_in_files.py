"""The proof of the receipts, 1 to 3: what happens to rows in the raw file, the star's file or the staged table.

Each fault stands in `faults.FAULTS`. With receipts the night ends before it publishes; without them the very same fault
goes through every other check, and what it made of the rows is published.
"""

import pytest

from tests.mutation.faults import FAULTS, RAW, SHIFTED, STAGED, STAR, Fault
from tests.mutation.injections import injected, loaded_from, night
from tests.mutation.plant import Plant

SPOKEN_OF = {RAW: "moves.csv", STAR: "fact_move", STAGED: "fact_move"}


def of(where: str) -> pytest.MarkDecorator:
    """Run a test for every fault of a hand-over."""
    return pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS if where in f.where])


def check(plant: Plant, fault: Fault, where: str) -> None:
    """Inject a fault: it is refused with receipts, and published without."""
    with injected(plant, fault, where):
        ended = night(plant, where, "full")
        assert ended.code in (1, 3)
        assert SPOKEN_OF[where] in ended.said
        assert fault.seen in ended.said
        assert plant.published() == plant.last_night
        if where != RAW and "rows are" in fault.seen:  # what is staged is counted whatever the setting
            assert fault.seen in night(plant, where, "off").said
            return
        assert night(plant, where, "off").said == ""
        assert plant.published() != plant.right


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
    """The staged rows are counted; published, they are compared with the same, within the transaction."""
    check(plant, fault, STAGED)


@pytest.mark.parametrize("where", SPOKEN_OF)
def test_times_of_25000_rows_earlier_are_refused_before_anything_is_published(large_plant: Plant, where: str) -> None:
    """Rows, sums, least and greatest values are all right; only the rows' hash tells."""
    check(large_plant, SHIFTED, where)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(lambda files: files[:-1], id="the last file not loaded"),
        pytest.param(lambda files: files[1:], id="the first file not loaded"),
        pytest.param(lambda files: (*files, files[-1]), id="a file loaded twice"),
        pytest.param(lambda files: (*files[:-1], files[0]), id="a file loaded instead of another"),
    ],
)
def test_a_partial_or_doubled_load_is_refused_before_anything_is_published(plant: Plant, files: object) -> None:
    """A table of several files is staged whole and once, or nothing is published."""
    plant.go_back_to(plant.before_load)
    with loaded_from(files):
        ended = plant.load("rows")
        assert ended.code == 1
        assert "rows of fact_move are not those of the star: " in ended.said
        assert plant.published() == plant.last_night


@pytest.mark.parametrize("where", SPOKEN_OF)
def test_rows_in_another_order_are_the_same_table(plant: Plant, where: str) -> None:
    """No fault, no refusal: a receipt knows rows, not their order."""
    turned = Fault("another order", "", lambda rows, _: rows[::-1])
    with injected(plant, turned, where):
        assert night(plant, where, "full").said == ""
        assert plant.published() == plant.right
