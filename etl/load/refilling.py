"""Which published tables are made anew and filled from the star: those whose contracts changed, if a person says so."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from etl.company.checks import OURS
from etl.contract.table import Contract
from etl.core.errors import WarehouseError
from etl.load.shape import Difference

KEPT_FOR = timedelta(days=7)
"""How long the copy of a table is kept that was made anew, or taken away."""


def to_refill(
    differences: Sequence[Difference], allowed: Collection[str], obstacles: Sequence[str] = (), cure: str = ""
) -> list[Difference]:
    """Return the differences of the tables that are to be made anew. allowed: those that a person named.

    obstacles: what else is in the way, with its cure. Raises WarehouseError with all that needs a person, and with the
    command that lets tables be made anew.
    """
    found = [each for each in differences if each.destructive]
    refused = [each for each in found if each.table not in allowed or not _can_be(each)]
    if not refused and not obstacles:
        return found
    lines = [*obstacles, *(change.said for each in refused for change in each.destructive)]
    listed = "\n".join(f"  {line}" for line in lines)
    hint = " ".join([cure] * bool(obstacles) + list(_cures(found, refused)))
    raise WarehouseError(f"The published tables differ from their contracts; nothing was touched:\n{listed}", hint)


def _can_be(difference: Difference) -> bool:
    return difference.refillable and difference.table not in OURS


def _cures(found: Sequence[Difference], refused: Sequence[Difference]) -> Iterator[str]:
    if strange := [each.table for each in refused if not _can_be(each)]:
        yield f"Undo what was done to {' and '.join(strange)}, or rename or drop what has that name."
    if refused and (names := [each.table for each in found if _can_be(each)]):
        yield (
            "Undo the change, or have what is published made anew and filled from the star (the old rows are kept for a"
            f" week): python -m etl refill {' '.join(names)}"
        )


def sentence(difference: Difference) -> str:
    """Say what is done about a difference that a person lets be."""
    return f"{difference.table} is made anew and filled from the star: {difference.why}."


def renamed(contract: Contract, difference: Difference) -> Mapping[str, str]:
    """Return the columns that have other names now, by the contract's word: the old name by the new one."""
    there = {column.name for column in difference.found.columns} if difference.found else set()
    names = {column.name: column.renamed_from for column in contract.columns if column.renamed_from}
    return {new: old for new, old in names.items() if old in there and new not in there}


def copy_name(table: str, run: str) -> str:
    """Name the copy of a table as it was before a run."""
    return f"{table}__before_{run}"


def until() -> datetime:
    """Return when a copy that is made now is to go."""
    return datetime.now(UTC) + KEPT_FOR
