"""A key for a table that declares none: the fewest columns by which no two rows are alike, looked for in its values."""

import re
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from etl.draft.asking import Asking
from etl.draft.catalogue import Catalogue, Table
from etl.draft.guess import is_measure
from etl.draft.names import column_names, entity

SAMPLE = 5_000
_FEW = 20
"""Rows below which being different says little."""
_MOST = 5
_ROUNDS = 4
_PATIENCE = 60.0
"""Seconds for looking for keys that nobody declared, in all tables of a source."""
_MANY = re.compile(r"\[|range\b|^(?:struct|map|union|list|array|interval|point|set)\b")
"""Types of several values, or of those that stand for no number though their name has `int` in it."""
_FAMILIES = (
    ("number", r"tiny|small|medium|big|int|serial|numeric|decimal|number|year|bit"),
    ("text", r"char|text|clob|string|uuid|enum|citext|name"),
    ("date", r"^date$"),
    ("instant", r"timestamp|datetime"),
    ("float", r"real|float|double"),
)

Rows = list[tuple[Any, ...]]


def family(kind: str) -> str:
    """Return what values of a type are compared with: numbers with numbers, texts with texts; "" with nothing."""
    lower = kind.lower()
    if _MANY.search(lower):
        return ""
    return next((name for name, words in _FAMILIES if re.search(words, lower)), "")


@dataclass
class Looked:
    """What was read of tables so far, each once: their first rows, their keys, all values of a key."""

    asking: Asking
    catalogue: Catalogue
    _samples: dict[str, tuple[list[str], Rows]] = field(default_factory=dict)
    _keyed: dict[str, Table] = field(default_factory=dict)
    _spent: float = 0.0
    _members: dict[tuple[str, str], frozenset[Any]] = field(default_factory=dict)

    def sample(self, table: Table) -> tuple[list[str], Rows]:
        """Return columns that may identify or refer, and their values in the first rows."""
        if table.full not in self._samples:
            names = [c.name for c in table.columns if family(c.type) in ("number", "text", "date", "instant")]
            listed = ", ".join(map(self.asking.quoted, names)) or "1"
            rows = self.asking.rows(f"SELECT {listed} FROM {self._place(table)} LIMIT {SAMPLE}")
            self._samples[table.full] = (names, [tuple(map(_hashable, row)) for row in rows or []])
        return self._samples[table.full]

    def keyed(self, table: Table) -> Table:
        """Return a table with its key: the declared one, else one that is found; without one where there is none."""
        if table.key:
            return table
        if table.full not in self._keyed:
            key = self._found(table)
            why = f"no key is declared; no two rows have the same {', '.join(key)} today" if key else ""
            self._keyed[table.full] = replace(table, key=key, guessed=why) if key else table
        return self._keyed[table.full]

    def all_keyed(self, longest: int) -> list[Table]:
        """Return all tables that have a key; it is looked for in tables up to a length, as long as time allows."""
        tables = [table for table in self.catalogue.values() if not table.is_view]
        for table in sorted(tables, key=lambda each: each.rows or 0):
            if not table.key and table.full not in self._keyed and (table.rows or 0) <= longest:
                if self._spent > _PATIENCE:
                    break
                began = time.monotonic()
                self.keyed(table)
                self._spent += time.monotonic() - began
        known = [table if table.key else self._keyed.get(table.full, table) for table in tables]
        return [table for table in known if table.key]

    def members(self, table: Table, column: str, most: int = 50_000) -> frozenset[Any]:
        """Return all values of a column, of a table that is not too long."""
        place = (table.full, column)
        if place not in self._members:
            name = self.asking.quoted(column)
            rows = self.asking.rows(f"SELECT {name} FROM {self._place(table)} LIMIT {most + 1}") or []
            self._members[place] = frozenset(_hashable(row[0]) for row in rows) if len(rows) <= most else frozenset()
        return self._members[place]

    def is_key(self, table: Table, columns: Sequence[str]) -> bool:
        """Whether no two rows are alike in some columns, and none of these is NULL."""
        names = [self.asking.quoted(name) for name in columns]
        nulls = " OR ".join(f"{name} IS NULL" for name in names)
        place, listed = self._place(table), ", ".join(names)
        asked = (
            f"SELECT 1 FROM {place} WHERE {nulls} LIMIT 1",
            f"SELECT 1 FROM {place} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1",
        )
        return all(self.asking.rows(sql) == [] for sql in asked)

    def _place(self, table: Table) -> str:
        return self.asking.place(table.schema, table.name)

    def _found(self, table: Table) -> tuple[str, ...]:
        names, rows = self.sample(table)
        if not rows or table.is_view:
            return ()
        likely = [name for name in names if _may_identify(table, name)]
        rows = list(dict.fromkeys(rows))
        for _ in range(_ROUNDS):
            chosen = _chosen(table, names, likely, rows)
            if not chosen or self.is_key(table, chosen):
                return chosen
            more = self._alike(table, names, chosen)
            known = len(rows)
            rows = list(dict.fromkeys([*rows, *more]))  # rows that are alike in everything tell nothing
            if len(rows) == known:
                return ()
        return ()

    def _alike(self, table: Table, names: Sequence[str], key: Sequence[str]) -> Rows:
        """Return rows that are alike in what was taken for a key, to choose better."""
        quoted = self.asking.quoted
        place, listed = self._place(table), ", ".join(map(quoted, key))
        alike = f"SELECT {listed} FROM {place} GROUP BY {listed} HAVING count(*) > 1 LIMIT 200"
        same = " AND ".join(f"d.{quoted(name)} = t.{quoted(name)}" for name in key)
        columns = ", ".join(f"t.{quoted(name)}" for name in names)
        rows = self.asking.rows(f"SELECT {columns} FROM {place} t JOIN ({alike}) d ON {same} LIMIT 1000")
        return [tuple(map(_hashable, row)) for row in rows or []]


def _hashable(value: Any) -> Any:
    """Return a value that can be in a set: a list, as of a domain over an array, as text."""
    return value if isinstance(value, Hashable) else str(value)


def _may_identify(table: Table, name: str) -> bool:
    """Whether a column may be part of a key: no amount, no free text."""
    kind = table.names[name].type.lower()
    if re.search(r"(numeric|decimal)\(\d+,\s*[1-9]", kind.replace(" ", "")):
        return False
    return family(kind) != "number" or not is_measure(column_names(entity(table.name), [name])[name])


def _chosen(table: Table, names: list[str], likely: list[str], rows: Rows) -> tuple[str, ...]:
    """Choose the columns by which the rows are told apart, as few as can be; none if there are none."""
    place = {name: number for number, name in enumerate(names)}
    values = {name: [row[place[name]] for row in rows] for name in likely}
    whole = [name for name in likely if None not in values[name]]
    if len(rows) < _FEW:
        whole = [name for name in whole if family(table.names[name].type) == "text" or _is_id(name)]
    whole.sort(key=lambda name: not _is_id(name))
    chosen: list[str] = []
    while len(chosen) < _MOST and _distinct(values, chosen, len(rows)) < len(rows):
        left = [name for name in whole if name not in chosen]
        best = max(left, key=lambda name: _distinct(values, [*chosen, name], len(rows)), default=None)
        if best is None or _distinct(values, [*chosen, best], len(rows)) == _distinct(values, chosen, len(rows)):
            return ()
        chosen.append(best)
    if _distinct(values, chosen, len(rows)) < len(rows) or (not chosen and not whole):
        return ()
    chosen = chosen or whole[:1]
    for name in list(chosen):
        fewer = [other for other in chosen if other != name]
        if fewer and _distinct(values, fewer, len(rows)) == len(rows):
            chosen = fewer
    return tuple(name for name in names if name in chosen)


def _distinct(values: dict[str, list[Any]], names: Sequence[str], rows: int) -> int:
    return len(set(zip(*(values[name] for name in names), strict=True))) if names else min(rows, 1)


def _is_id(name: str) -> bool:
    return re.search(r"(?:^|_)(?:id|key|code|no|nr|uuid|number)$|[a-z](?:ID|Id|Key|Code|No|Nr)$|key$", name) is not None
