"""The star that a draft is to be: a fact, the dimensions that it refers to, and what these need, as parts with names.

- What the fact's foreign keys refer to becomes dimensions; two of them to one table are two roles of one dimension.
- What a dimension refers to is joined into its query where it is a short list (nation, region), and those further on
  with it; a longer table becomes a dimension of its own, which the first one refers to. There it ends: further foreign
  keys stay attributes.
"""

import re
from collections.abc import Collection, Iterable

from etl.contract.table import Contract
from etl.draft.catalogue import ForeignKey, Table
from etl.draft.foreign import foreign_keys
from etl.draft.keys import Looked, family
from etl.draft.names import column_names, common, entity, free, is_taken, plain, role
from etl.draft.parts import ROW_NUMBER, Folder, Item, Join, Part, Refers

_SHORT = 1_000
"""Rows up to which a table is a list that is joined to what refers to it."""
_MOST_JOINS = 6


class Shaping:
    """The parts of a star under way.

    kept: what is there already; once: of tables that were named, and are dimensions of others that were, which ones.
    """

    def __init__(self, looked: Looked, folder: Folder) -> None:
        self.parts: dict[str, Part] = {}
        self.kept: list[str] = []
        self.once: dict[str, str] = {}
        self._looked, self._folder = looked, folder
        self._dimensions: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}
        self._queries = list(folder.queries)

    def facts(self, tables: Iterable[Table]) -> None:
        """Shape facts, each with all that it refers to; what another of them refers to is its dimension alone."""
        named = {table.full: table for table in tables}
        led = {full: self._led_to(table) for full, table in named.items()} if len(named) > 1 else {}
        for full, table in named.items():
            by = next((other for other in led if full in led[other] and other not in {full, *self.once}), None)
            if by is None:
                self.fact(table)
            else:
                self.once[full] = by

    def _led_to(self, table: Table) -> Collection[str]:
        """Name the tables that become dimensions where a table becomes a fact."""
        trial = Shaping(self._looked, Folder({}, []))
        trial.fact(table)
        return trial._dimensions.keys()

    def fact(self, table: Table) -> None:
        """Shape a fact and all that it refers to."""
        table = self._looked.keyed(table)
        part = self._part(table, f"fact_{entity(table.name)}", is_fact=True)
        if part is None:
            self._missing(table)
            return
        keys = foreign_keys(self._looked, table)
        direct = [(self._looked.catalogue[key.table], key) for key in keys if key.table != table.full]
        new = [made for target, key in direct if (made := self._dimension(target, key))]
        self._finish(new)
        self._columns(part, keys, joins=False)

    def _finish(self, new: list[Part]) -> None:
        """Begin what dimensions refer to, and name the columns of them all."""
        for dimension in list(new):
            for key in foreign_keys(self._looked, dimension.table):
                target = self._looked.catalogue[key.table]
                if not self._is_short(target, key) and (further := self._dimension(target, key)):
                    new.append(further)
        for dimension in new:
            self._columns(dimension, foreign_keys(self._looked, dimension.table), joins=True)

    def _missing(self, table: Table) -> None:
        """Shape the dimensions anew whose table file is gone, as far as a table that is there leads to them."""
        new, open_ones, seen = list[Part](), [table], set[str]()
        while open_ones and self._folder.missing:
            each = open_ones.pop()
            seen.add(each.full)
            for key in foreign_keys(self._looked, each):
                target = self._looked.catalogue[key.table]
                is_missing = self._folder.name_of(target, f"dim_{entity(target.name)}") in self._folder.missing
                if is_missing and (made := self._dimension(target, key)):
                    new.append(made)
                if target.full not in seen:
                    open_ones.append(target)
        self._finish(new)

    def _part(self, table: Table, name: str, *, is_fact: bool) -> Part | None:
        others = [n for n in self._folder.contracts if not self._folder.is_of(n, table)]
        name = free(name, [*others, *(n for n, p in self.parts.items() if p.table.full != table.full)])
        if name in self._folder.contracts:
            self.kept.append(name)
            return None
        query = plain(table.name)
        if is_taken(query) or query.startswith(("fact_", "dim_")):  # as star tables are named
            query = f"{query}_rows"
        if query in self._queries and table.schema:
            query = f"{plain(table.schema)}_{query}"
        query = free(query, [*self._queries, *self._folder.contracts, *self.parts, name])
        if self._folder.drafted.get(name) == table.full:
            query = self._folder.its_queries.get(name, query)
        self._queries.append(query)
        made = self.parts[name] = Part(table, is_fact, name, query, rows=table.rows)
        return made

    def _dimension(self, table: Table, key: ForeignKey) -> Part | None:
        """Begin a dimension, if it is not there: what refers to it decides by which of its keys it is found."""
        if table.full in self._dimensions:
            return None
        one = entity(table.name)
        there = self._there(table, f"dim_{one}")
        if there is not None and there.is_dimension and len(there.natural_key) == len(key.referred):
            self._dimensions[table.full] = (there.name, key.referred, there.natural_key)
            self.kept.append(there.name)
            return None
        part = self._part(table, self._folder.name_of(table, f"dim_{one}"), is_fact=False)
        if part is not None:
            names = column_names(part.name, [c.name for c in table.columns], [f"{one}_key"])
            part.natural = tuple(names[column] for column in key.referred)
            self._dimensions[table.full] = (part.name, key.referred, part.natural)
        return part

    def _there(self, table: Table, name: str) -> Contract | None:
        """Return the contract of a dimension that is there of a table, under whatever number."""
        named = [n for n, full in self._folder.drafted.items() if full == table.full and n.startswith("dim_")]
        there = next((n for n in named if n in self._folder.contracts), name)
        return self._folder.contracts.get(there) if self._folder.is_of(there, table) else None

    def _is_short(self, table: Table, key: ForeignKey) -> bool:
        """Whether a table is joined: as a list, found by a key of its own, that nothing else refers to as a member."""
        rows = table.rows if table.rows is not None else _SHORT + 1
        is_key = set(key.referred) in [set(table.key), *map(set, table.unique)] or bool(key.guessed)
        return rows <= _SHORT and is_key and table.full not in self._dimensions

    def _columns(self, part: Part, keys: list[ForeignKey], *, joins: bool) -> None:
        """Name a part's columns, join short lists, and declare its references."""
        table = part.table
        surrogate = () if part.is_fact else (f"{entity(table.name)}_key",)
        names = column_names(part.name, [c.name for c in table.columns], surrogate)
        part.items = [Item("", column, table, names[column.name]) for column in table.columns]
        key = table.key if part.is_fact else ()
        if part.is_fact:
            part.natural = tuple(names[column] for column in key) or (ROW_NUMBER,)
            if table.guessed:
                part.notes.append(f"The key is guessed: {table.guessed}.")
            elif not key:
                part.notes.append(
                    "Nothing identifies a row in the source, so rows are numbered in the order of all their columns:"
                    " the numbers change when rows come. Name a key if there is one."
                )
        for foreign in table.foreign_keys:
            if foreign.table not in self._looked.catalogue:
                told = ", ".join(names[column] for column in foreign.columns)
                part.notes.append(f"{told} refers to {foreign.table}, which we may not read.")
        taken = [*names.values(), *surrogate]
        part.refer = {names[column] for foreign in keys for column in foreign.columns}
        for foreign in keys:
            on = tuple(names[column] for column in foreign.columns)
            if foreign.table == table.full and not part.is_fact and foreign.referred == self._found_by(table):
                what = role(on[0]) or "parent"
                self._refer(part, foreign, on, part.name, free(f"{what}_key", taken), taken)
            elif foreign.table in self._dimensions and foreign.table != table.full:
                dimension, referred, _ = self._dimensions[foreign.table]
                if foreign.referred != referred or not self._comparable(table, foreign):
                    part.notes.append(f"{', '.join(on)} refers to {foreign.table} by other columns than its key.")
                    continue
                if not part.is_fact and not self._may_refer(part.name, dimension):
                    continue
                wanted = self._role_of(keys, foreign, on)
                self._refer(part, foreign, on, dimension, free(f"{wanted}_key", taken), taken)
            elif joins and self._is_short(target := self._looked.catalogue[foreign.table], foreign):
                self._join(part, table, "", foreign, target, taken)

    def _found_by(self, table: Table) -> tuple[str, ...]:
        return self._dimensions[table.full][1] if table.full in self._dimensions else table.key

    def _may_refer(self, name: str, dimension: str) -> bool:
        """Whether a dimension may refer to another: not where that one refers back, for each waits for the other."""
        seen, open_ones = set(), [dimension]
        while open_ones:
            each = open_ones.pop()
            if each == name:
                return False
            if each not in seen and each in self.parts:
                seen.add(each)
                open_ones += [refers.dimension for refers in self.parts[each].refers]
        return dimension in self.parts or dimension in self._folder.contracts

    def _comparable(self, table: Table, key: ForeignKey) -> bool:
        target = self._looked.catalogue[key.table]
        pairs = zip(key.columns, key.referred, strict=True)
        return all(
            family(table.names[ours].type) == family(target.names[theirs].type) or table.names[ours].type == ""
            for ours, theirs in pairs
        )

    def _role_of(self, keys: list[ForeignKey], key: ForeignKey, on: tuple[str, ...]) -> str:
        """Name a reference: after the dimension, where it is the only one to it; else after its column."""
        one = entity(self._looked.catalogue[key.table].name)
        if sum(other.table == key.table for other in keys) == 1:
            return one
        return (role(on[0]) if len(on) == 1 else common(on)) or one

    def _refer(
        self, part: Part, key: ForeignKey, on: tuple[str, ...], dimension: str, name: str, taken: list[str]
    ) -> None:
        taken.append(name)
        what = re.sub(r"_key(_\d+)?$", "", name).replace("_", " ")
        part.refers.append(Refers(name, dimension, on, f"The {what}.", key))

    def _join(self, part: Part, table: Table, alias: str, key: ForeignKey, target: Table, taken: list[str]) -> None:
        """Join a short list to a dimension's query, and the lists that it refers to."""
        if len(part.joins) >= _MOST_JOINS or any(join.table == target for join in part.joins if alias):
            return
        names = column_names(table.name, [c.name for c in table.columns])
        what = role(names[key.columns[0]]) or entity(target.name)
        joined = free(what, [entity(table.name), table.name, *(join.alias for join in part.joins)])
        on = tuple((alias, ours, theirs) for ours, theirs in zip(key.columns, key.referred, strict=True))
        part.joins.append(Join(joined, target, on, key.guessed))
        theirs = foreign_keys(self._looked, target)
        keys = {name for each in theirs for name in each.columns} | {*key.referred}
        for column, name in column_names(target.name, [c.name for c in target.columns]).items():
            if column not in keys:
                full = free(name if name.startswith(what) else f"{what}_{name}", taken)
                taken.append(full)
                part.items.append(Item(joined, target.names[column], target, full, is_joined=True))
        for further in theirs:
            other = self._looked.catalogue[further.table]
            if other.full != target.full and other is not part.table and self._is_short(other, further):
                self._join(part, target, joined, further, other, taken)
