"""What the catalogue changed since tables were drafted: a sentence each, with the lines to write."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etl.draft.catalogue import Catalogue
from etl.draft.parts import Item, Part
from etl.draft.record import Drafted, state


@dataclass(frozen=True)
class Change:
    """A change of the catalogue. column: that is new or has another type, so that there are lines to write."""

    drafted: Drafted
    table: str
    told: str
    column: str = ""


def changes(drafted: Mapping[str, Drafted], catalogue: Catalogue) -> list[Change]:
    """Compare what was drafted with the catalogue as it is."""
    return [change for each in drafted.values() for change in _of(each, catalogue)]


def _of(drafted: Drafted, catalogue: Catalogue) -> Iterator[Change]:
    for full, before in drafted.tables.items():
        if full not in catalogue:
            yield Change(drafted, full, f"the table {full} is gone, or we may not see it any more")
            continue
        now = state(catalogue[full])
        for told, column in _columns(before["columns"], now["columns"]):
            yield Change(drafted, full, told, column)
        if before["key"] != now["key"]:
            yield Change(drafted, full, f"the key was {_list(before['key'])}, and is {_list(now['key'])}")
        for key in now["foreign_keys"]:
            if key not in before["foreign_keys"]:
                yield Change(drafted, full, f"{_list(key[0])} refers to {key[1]} now")
        for key in before["foreign_keys"]:
            if key not in now["foreign_keys"]:
                yield Change(drafted, full, f"{_list(key[0])} does not refer to {key[1]} any more")
        if before["comment"] != now["comment"]:
            yield Change(drafted, full, f"the comment is now: {now['comment'] or 'none'}")


def _columns(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tell what became of the columns."""
    for name, told in before.items():
        if name not in now:
            yield f"the column {name} is gone", ""
            continue
        there = now[name]
        if told["type"] != there["type"]:
            yield f"{name} was {told['type']}, and is {there['type']}", name
        if told["nullable"] != there["nullable"]:
            yield f"{name} {'may be NULL now' if there['nullable'] else 'is never NULL any more'}", name
        if told["comment"] != there["comment"]:
            yield f"{name}'s comment is now: {there['comment'] or 'none'}", ""
    for name in now:
        if name not in before:
            yield f"the column {name} ({now[name]['type']}) is new", name


def _list(names: list[str]) -> str:
    return ", ".join(names) or "none"


Lines = Callable[[Part, Item], tuple[list[str], list[str]]]


def told(change: Change, parts: Mapping[str, Part], lines: Lines) -> list[str]:
    """Say what changed and what to write. parts: the draft as it would be today; lines: of a query, of a table file."""
    found = [f"{change.drafted.name}: {change.told}."]
    part = parts.get(change.drafted.name)
    items = part.items if part and change.column else []
    item = next((i for i in items if i.column.name == change.column and i.table.full == change.table), None)
    if part and item:
        of_query, of_table = lines(part, item)
        found += [f"  in {change.drafted.query}.sql:", *(f"    {line.strip()}" for line in of_query)]
        found += [f"  in {change.drafted.name}.py:", *(f"    {line.strip()}" for line in of_table)]
    elif change.told.endswith("is gone"):
        column = change.told.removeprefix("the column ").removesuffix(" is gone")
        name = change.drafted.names.get(column, column)
        found.append(
            f"  take {name} out of {change.drafted.query}.sql and {change.drafted.name}.py, or the night fails"
        )
    return found
