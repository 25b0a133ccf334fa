"""Foreign keys that nobody declared, as in MyISAM and many SQLite files: guessed by names, then by values."""

import re
from collections.abc import Iterable, Iterator

from etl.draft.catalogue import Column, ForeignKey, Table
from etl.draft.keys import Looked, family
from etl.draft.names import column_names, entity

_LONGEST = 200_000
"""Rows above which no key is looked for in a table that declares none."""
_GENERIC = re.compile(
    r"(?:id|key|code|name|type|status|kind|no|nr|number|date|year|month|day|hour|minute|time|value|description|title|row"
    r"|version|position|line|seq|sort|level|rank)"
)
_BY_NAME, _BY_VALUES = 0.5, 0.9
"""The share of the values that must be there."""


def foreign_keys(looked: Looked, table: Table) -> list[ForeignKey]:
    """Return the foreign keys of a table: those that are declared, then those that are guessed."""
    keys = [key for key in table.foreign_keys if key.table in looked.catalogue]
    taken = {name for key in keys for name in key.columns if len(key.columns) == 1}
    names, rows = looked.sample(table)
    others = [other for other in looked.all_keyed(_LONGEST) if other.full != table.full]
    for place, name in enumerate(names):
        if name in taken:
            continue
        values = {row[place] for row in rows} - {None}
        if guess := _single(looked, table, table.names[name], values, others):
            keys.append(guess)
    keys += [key for key in _composite(table, others) if not any(key.table == known.table for known in keys)]
    order = {column.name: number for number, column in enumerate(table.columns)}
    return sorted(keys, key=lambda key: order[key.columns[0]])


def _bases(table: Table) -> dict[str, str]:
    return column_names(table.name, [column.name for column in table.columns])


def _single(
    looked: Looked, table: Table, column: Column, values: set[object], others: Iterable[Table]
) -> ForeignKey | None:
    """Guess what one column refers to."""
    base = _bases(table)[column.name]
    own = table.key == (column.name,)
    alike = [o for o in others if len(o.key) == 1 and family(o.names[o.key[0]].type) == family(column.type)]
    for other in alike:
        why = _by_name(base, other)
        if why and not (own and base == _bases(other)[other.key[0]]) and _share(looked, other, values) >= _BY_NAME:
            return ForeignKey((column.name,), other.full, other.key, why)
    if own or family(column.type) != "text" or len(values) < 2 or all(str(value).isdigit() for value in values):
        return None
    for other in alike:
        members = looked.members(other, other.key[0])
        found = len(values & members)
        if members and found >= _BY_VALUES * len(values):
            why = f"{found} of {len(values)} values that were looked at are there"
            return ForeignKey((column.name,), other.full, other.key, why)
    return None


def _by_name(base: str, other: Table) -> str:
    """Say why a name is that of another table's key, "" if it is not."""
    key, one = _bases(other)[other.key[0]], entity(other.name)
    if base == key and not _GENERIC.fullmatch(base):
        return "of the same name as its key"
    names = {one, plain_table(other)}
    wanted = {f"{name}{mark}{end}" for name in names for mark in ("_", "") for end in ("id", "key", "code", "no", "nr")}
    wanted |= {f"id_{name}" for name in names}
    wanted |= {key} if not _GENERIC.fullmatch(key) else set()
    if any(base == each or base.endswith(f"_{each}") for each in wanted):
        return "named after it"
    return ""


def plain_table(table: Table) -> str:
    """Return a table's name in small letters."""
    return table.name.lower()


def _share(looked: Looked, other: Table, values: set[object]) -> float:
    """Return the share of values that are in another table's key; 1 where that is too long to look."""
    members = looked.members(other, other.key[0])
    return len(values & members) / len(values) if members and values else 1.0


def _composite(table: Table, others: Iterable[Table]) -> Iterator[ForeignKey]:
    """Guess references to keys of several columns: all of their names are here, and are not this table's own key."""
    bases = {base: name for name, base in _bases(table).items()}
    for other in others:
        theirs = [_bases(other)[name] for name in other.key]
        if len(theirs) < 2 or not set(theirs) <= set(bases):
            continue
        ours = tuple(bases[name] for name in theirs)
        same = all(
            family(table.names[a].type) == family(other.names[b].type) for a, b in zip(ours, other.key, strict=True)
        )
        if same and set(ours) != set(table.key) and (other.rows or 0) <= (table.rows or 0):
            yield ForeignKey(ours, other.full, other.key, "its key's columns have the same names")
