"""Publishing what is staged: a table whose published rows do not fit its changes is published whole after all."""

from collections.abc import Callable, Mapping, Sequence

from etl.core.head import Head
from etl.core.log import log
from etl.load.checks import UnfitError, unfit
from etl.load.warehouse import Handover, Warehouse


def publish(
    warehouse: Warehouse,
    handovers: Sequence[Handover],
    heads: tuple[Head, Head],
    seen: Mapping[str, str],
    whole: Callable[[str], Handover],
) -> tuple[list[Handover], dict[str, str]]:
    """Publish; returns what was published, and the marks of the tables that nobody has changed since.

    heads: the one that this load looked at, and the one to come; seen: the marks of the tables, when they were compared
    with what was published; whole: hands a table over whole, and stages it.
    """
    handed = {each.contract.name: each for each in handovers}
    while True:
        every = list(handed.values())
        try:
            _check_untouched(warehouse, every, seen)
            marks = warehouse.publish(every, *heads)
        except UnfitError as error:
            told = (error.table, error.how)
            log.warning("load: %s cannot be published by its changes, so it is published whole: %s", *told)
            handed[error.table] = whole(error.table)
        else:
            return every, marks | _marks_left(warehouse, every, seen)


def _check_untouched(warehouse: Warehouse, handovers: Sequence[Handover], seen: Mapping[str, str]) -> None:
    """Raise UnfitError where somebody changed a table since it was looked at, of which not all rows are replaced."""
    names = [handover.contract.name for handover in handovers if handover.delta]
    now = warehouse.marks(names) if names else {}
    for name in names:
        if now.get(name) != seen[name]:
            raise unfit(name, "somebody has changed it since this load began")


def _marks_left(warehouse: Warehouse, handovers: Sequence[Handover], seen: Mapping[str, str]) -> dict[str, str]:
    """Return the marks of the tables that were left as they are, and still are."""
    names = [handover.contract.name for handover in handovers if handover.delta and not handover.delta.rows]
    now = warehouse.marks(names) if names else {}
    return {name: mark for name, mark in now.items() if mark == seen[name]}
