"""The objects of a semantic model as rules ask for them, read from its TMDL."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from powerbi.tmdl import Node, read, unquoted

_END = re.compile(r"('(?:[^']|'')+'|[\w-]+)\.('(?:[^']|'')+'|[\w-]+)")


@dataclass(frozen=True)
class Thing:
    """An object. kind: as TMDL calls it, a calculated column apart; path: as DAX would name it."""

    kind: str
    node: Node = field(compare=False)
    table: str = ""
    is_table_hidden: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name

    @property
    def path(self) -> str:
        """Its name with that of its table."""
        return f"{self.table}[{self.name}]" if self.table else self.name

    @property
    def dax(self) -> str:
        """Its expression."""
        return str(self.node.expression or "")

    def __getitem__(self, name: str) -> str:
        """Return a property, in lower case; "" if it has none."""
        return str(self.node.properties.get(name, "")).lower()

    @property
    def is_hidden(self) -> bool:
        """Whether analysts do not see it, or its table."""
        return bool(self["isHidden"]) or self.is_table_hidden


@dataclass(frozen=True)
class Relationship:
    """Ends are "table[column]"."""

    node: Node
    start: str
    end: str

    @property
    def tables(self) -> tuple[str, str]:
        """The tables of its ends."""
        return self.start.partition("[")[0], self.end.partition("[")[0]

    @property
    def is_many_to_many(self) -> bool:
        """Whether neither end is unique."""
        return self.node.properties.get("toCardinality") == "many"

    @property
    def is_both_ways(self) -> bool:
        """Whether filters go either way."""
        return self.node.properties.get("crossFilteringBehavior") == "bothDirections"


class Tabular:
    """A model. things: its tables and all that they have, its roles and their permissions, its parameters."""

    def __init__(self, files: Mapping[str, str]) -> None:
        nodes = [node for path, text in files.items() if path.endswith(".tmdl") for node in read(text)]
        self.things = [thing for node in nodes for thing in _things(node)]
        self.relationships = [_relationship(node) for node in nodes if node.kind == "relationship"]
        self.dax_of_measures = [thing.dax for thing in self.of("measure")]

    def of(self, *kinds: str) -> list[Thing]:
        """Return the objects of some kinds."""
        return [thing for thing in self.things if thing.kind in kinds]

    @property
    def columns(self) -> list[Thing]:
        """All columns."""
        return self.of("column", "calculated column")

    def within(self, table: Thing, kind: str) -> list[Thing]:
        """Return what a table has of a kind."""
        return [thing for thing in self.of(kind) if thing.table == table.name]

    @cached_property
    def related(self) -> set[str]:
        """The columns by which tables relate."""
        return {end for each in self.relationships for end in (each.start, each.end)}

    @cached_property
    def sorting(self) -> set[str]:
        """The columns by which others are sorted."""
        return {
            f"{c.table}[{unquoted(str(by))}]" for c in self.columns if (by := c.node.properties.get("sortByColumn"))
        }

    @cached_property
    def levels(self) -> set[str]:
        """The columns of hierarchies."""
        return {f"{each.table}[{unquoted(str(each.node.properties['column']))}]" for each in self.of("level")}

    def uses(self, column: Thing) -> list[str]:
        """Return the expressions that name a column: of measures, calculated columns and permissions."""
        named = re.compile(rf"(?i)\b{re.escape(column.table)}'?\[{re.escape(column.name)}\]")
        asked = [*self.of("measure"), *self.of("calculated column"), *self.of("tablePermission")]
        own = {id(each) for each in asked if each.kind == "tablePermission" and each.name == column.table}
        plain = f"[{column.name}]".lower()
        return [e.dax for e in asked if named.search(e.dax) or (id(e) in own and plain in e.dax.lower())]


def _things(node: Node) -> Iterator[Thing]:
    if node.kind == "table":
        hidden = "isHidden" in node.properties
        yield Thing("table", node, is_table_hidden=hidden)
        for child in node.children:
            kind = "calculated column" if child.kind == "column" and child.expression else child.kind
            yield Thing(kind, child, node.name, hidden)
            yield from (Thing("level", level, node.name, hidden) for level in child.of("level"))
    elif node.kind == "role":
        yield Thing("role", node)
        yield from (Thing("tablePermission", child) for child in node.of("tablePermission"))
    elif node.kind in ("expression", "model"):
        yield Thing(node.kind, node)


def _relationship(node: Node) -> Relationship:
    ends = [_END.fullmatch(str(node.properties[end])) for end in ("fromColumn", "toColumn")]
    start, end = (f"{unquoted(match[1])}[{unquoted(match[2])}]" for match in ends if match)
    return Relationship(node, start, end)
