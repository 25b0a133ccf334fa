"""How published tables differ from their contracts, found in one way for all warehouses.

A warehouse writes two shapes in its own types: what the contract wants, as far as it has such things, and what is
there. `compare` finds the differences. A warehouse makes the additive ones by itself; for the destructive ones a person
lets a table be made anew, and filled from the star.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from etl.contract.column import Column
from etl.contract.table import Contract

TABLE = "a table"
"""What is to be there."""


@dataclass(frozen=True)
class ColumnShape:
    """A column of a table. type: as the warehouse writes it, e.g. DECIMAL(18,2); policy_tag: who may read it."""

    name: str
    type: str
    nullable: bool
    description: str
    policy_tag: str = ""

    @property
    def mode(self) -> str:
        """Return whether it may hold NULL."""
        return "NULLABLE" if self.nullable else "REQUIRED"


@dataclass(frozen=True)
class Reference:
    """A foreign key. columns: pairs of this table's columns and those of the table that it refers to."""

    table: str
    columns: tuple[tuple[str, str], ...]
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Shape:
    """What a table looks like. kind: a table, or what else is there under its name; partitioning: nothing, or how."""

    columns: tuple[ColumnShape, ...]
    description: str = ""
    kind: str = TABLE
    partitioning: str = ""
    clustering: tuple[str, ...] = ()
    primary_key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


class Part(StrEnum):
    """What a table can lack that a warehouse adds by itself, in the order in which it is said."""

    TABLE = "table"
    COLUMNS = "columns"
    COLUMN_DESCRIPTIONS = "column descriptions"
    POLICY_TAGS = "policy tags"
    DESCRIPTION = "description"
    LABELS = "labels"
    KEYS = "keys"


@dataclass(frozen=True)
class Additive:
    """A difference that takes nothing away. gets: what the table gets, in words; column: the new one, if it is one."""

    part: Part
    gets: str
    column: ColumnShape | None = None


@dataclass(frozen=True)
class Destructive:
    """A difference that would take rows or columns away, or that no statement removes; said: in words.

    refillable: whether the table may be made anew for it, and filled from the star.
    """

    said: str
    refillable: bool = True


@dataclass(frozen=True)
class Difference:
    """All differences of a table and its contract, none if it is as it should be. found: None where there is none."""

    table: str
    wanted: Shape
    found: Shape | None
    additive: tuple[Additive, ...] = ()
    destructive: tuple[Destructive, ...] = ()

    @property
    def parts(self) -> frozenset[Part]:
        """Return what the table lacks."""
        return frozenset(change.part for change in self.additive)

    @property
    def refillable(self) -> bool:
        """Return whether the table has to be made anew, and may be."""
        return bool(self.destructive) and all(change.refillable for change in self.destructive)

    @property
    def why(self) -> str:
        """Return what makes it necessary to make the table anew, in words."""
        return "; ".join(change.said for change in self.destructive)

    @property
    def new_columns(self) -> tuple[ColumnShape, ...]:
        """Return the columns that the table lacks."""
        return tuple(change.column for change in self.additive if change.column)

    def sentence(self, also: str = "") -> str | None:
        """Return what is created, or added and renewed; None where nothing is. also: what else becomes of the table."""
        if Part.TABLE in self.parts:
            return f"The table {self.table} is created."
        gets = ", ".join(change.gets for change in self.additive)
        done = [f"gets {gets}"] * bool(gets) + [also] * bool(also)
        return f"{self.table} {' and '.join(done)}." if done else None


def wanted(contract: Contract, written: Callable[[Column], str]) -> Shape:
    """Return what every warehouse has: the columns and the descriptions. written: writes the type of a column."""
    columns = (ColumnShape(c.name, written(c), c.nullable, c.description) for c in contract.columns)
    return Shape(tuple(columns), contract.description)


def references(contract: Contract, contracts: Iterable[Contract]) -> tuple[Reference, ...]:
    """Return the references to the dimensions that are among the contracts."""
    keys = {other.name: other.surrogate_key for other in contracts if other.surrogate_key}
    return tuple(
        Reference(column.dimension, ((column.name, key),), f"fk_{column.name}")
        for column in contract.relationships
        if (key := keys.get(column.dimension))
    )


def with_names(shape: Shape, names: Mapping[str, str]) -> Shape:
    """Return a shape whose columns have other names. names: the new one by the old one."""
    return replace(shape, columns=tuple(replace(c, name=names.get(c.name, c.name)) for c in shape.columns))


def compare(table: str, wanted: Shape, found: Shape | None, ours: Collection[str] = ()) -> Difference:
    """Find how a table differs from its contract. ours: the published tables, whose keys the contracts say."""
    if found is None:
        return Difference(table, wanted, None, (Additive(Part.TABLE, "created"),))
    is_ours = found.kind == wanted.kind
    destructive = tuple(Destructive(said, is_ours) for said in _destructive(table, wanted, found, ours))
    return Difference(table, wanted, found, tuple(_additive(wanted, found)), destructive)


def _additive(wanted: Shape, found: Shape) -> Iterator[Additive]:
    there = {column.name: column for column in found.columns}
    for column in wanted.columns:
        if column.name not in there:
            yield Additive(Part.COLUMNS, f"the column {column.name} {column.type}", column)
    if any(c.name in there and c.description != there[c.name].description for c in wanted.columns):
        yield Additive(Part.COLUMN_DESCRIPTIONS, "its contract's column descriptions")
    if tagged := [
        c.name for c in wanted.columns if c.name in there and c.policy_tag not in ("", there[c.name].policy_tag)
    ]:
        yield Additive(Part.POLICY_TAGS, f"the policy tag on {', '.join(tagged)}")
    if wanted.description != found.description:
        yield Additive(Part.DESCRIPTION, "its contract's description")
    if not wanted.labels.items() <= found.labels.items():
        yield Additive(Part.LABELS, "its labels")
    if (wanted.primary_key and not found.primary_key) or not set(wanted.references) <= set(found.references):
        yield Additive(Part.KEYS, "its keys")


def _destructive(table: str, wanted: Shape, found: Shape, ours: Collection[str]) -> Iterator[str]:
    if found.kind != wanted.kind:
        yield f"{table} is {found.kind}, not {wanted.kind}"
        return
    there, known = {c.name: c for c in found.columns}, {c.name for c in wanted.columns}
    yield from (f"{table}.{name} is no longer in the contract" for name in there if name not in known)
    for column in wanted.columns:
        if before := there.get(column.name):
            yield from _changed(f"{table}.{column.name}", before, column)
        elif not column.nullable:
            yield f"{table}.{column.name} is new in the contract and may not be NULL"
    yield from _laid_out(table, wanted, found)
    yield from _keyed(table, wanted, found, ours)


def _changed(name: str, before: ColumnShape, after: ColumnShape) -> Iterator[str]:
    for was, is_now in ((before.type, after.type), (before.mode, after.mode)):
        if was != is_now:
            yield f"{name} is {was}, in the contract {is_now}"


def _laid_out(table: str, wanted: Shape, found: Shape) -> Iterator[str]:
    if found.partitioning != wanted.partitioning:
        was, is_now = found.partitioning or "not", wanted.partitioning or "not"
        yield f"{table} is {was} partitioned, in the contract {is_now}"
    if found.clustering != wanted.clustering:
        was, is_now = (_listed(shape.clustering, "nothing") for shape in (found, wanted))
        yield f"{table} is clustered by {was}, in the contract by {is_now}"


def _keyed(table: str, wanted: Shape, found: Shape, ours: Collection[str]) -> Iterator[str]:
    if found.primary_key and found.primary_key != wanted.primary_key:
        was, is_now = _listed(found.primary_key, "none"), _listed(wanted.primary_key, "none")
        yield f"{table} has the primary key {was}, in the contract {is_now}"
    for reference in found.references:
        if reference.table in ours and reference not in wanted.references:
            yield f"{table} has the foreign key {reference.name}, which the contract has not"


def _listed(names: Sequence[str], otherwise: str) -> str:
    return ", ".join(names) or otherwise
