"""The parts of a draft: each table with its query, their columns, joins and references."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from etl.contract.table import Contract
from etl.draft.catalogue import Column, ForeignKey, Table
from etl.draft.types import Written

ROW_NUMBER = "row_number"
"""What identifies a row of a table in which nothing does."""


@dataclass
class Item:
    """A column of a drafted query. alias: of the table that it is of; notes: what bites.

    source_type, arrow: as the source tells them; outside: the share of the rows whose day no calendar has; years: of
    the others.
    """

    alias: str
    column: Column
    table: Table
    name: str
    is_joined: bool = False
    written: Written = field(default_factory=Written)
    notes: list[str] = field(default_factory=list)
    source_type: str = ""
    arrow: str = ""
    outside: float = 0.0
    is_personal: bool = False
    years: str = ""


@dataclass
class Join:
    """A short list that is joined: by which columns of which alias."""

    alias: str
    table: Table
    on: tuple[tuple[str, str, str], ...]
    guessed: str


@dataclass
class Refers:
    """A reference of a drafted table. on: columns of its query; unknown: the share of rows that match no member."""

    name: str
    dimension: str
    on: tuple[str, ...]
    what: str
    key: ForeignKey | None = None
    notes: list[str] = field(default_factory=list)
    unknown: float = 0.0
    day_of: str = ""


@dataclass
class Part:
    """A drafted table with its query. natural: names of what identifies a row; refer: of all that refers to a table."""

    table: Table
    is_fact: bool
    name: str
    query: str
    items: list[Item] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    refers: list[Refers] = field(default_factory=list)
    natural: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    rows: int | None = None
    refer: set[str] = field(default_factory=set)
    partition_on: str = ""

    @property
    def item_names(self) -> list[str]:
        """The query's columns."""
        return [*((ROW_NUMBER,) if self.natural == (ROW_NUMBER,) else ()), *(item.name for item in self.items)]


@dataclass
class Folder:
    """What is there already: contracts by name, names of queries.

    others: tables that were drafted from other sources; drafted: those of this one, with the table of the source;
    its_queries: the queries of these that are there.
    """

    contracts: Mapping[str, Contract]
    queries: Iterable[str]
    others: frozenset[str] = frozenset()
    drafted: Mapping[str, str] = field(default_factory=dict)
    its_queries: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def missing(self) -> frozenset[str]:
        """The dimensions that table files refer to, and that are not there."""
        named = {refers.dimension for contract in self.contracts.values() for refers in contract.references}
        return frozenset(named - self.contracts.keys())

    def name_of(self, table: Table, name: str) -> str:
        """Return the name of a table's dimension that is missing, else the one that it would have."""
        return next((n for n in self.missing if self.drafted.get(n) == table.full), name)

    def is_of(self, name: str, table: Table) -> bool:
        """Whether a table file that is there is of a table of this source, as far as it is known."""
        return name not in self.others and self.drafted.get(name, table.full) == table.full
