"""A table's contract: the class that a table file declares, and the plain description that the engine reads from it."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import UnionType
from typing import Any, ClassVar, get_origin, get_type_hints

import pandera.errors
import pandera.pandas as pa_check
import pyarrow as pa

from etl.contract.column import OF_THE_ENGINE, Column, Folded, Pii, Reference, Role, check_pii
from etl.contract.columns import attribute
from etl.contract.folding import check_folded, folding
from etl.contract.history import with_history
from etl.contract.options import Options, read_options
from etl.contract.types import check_rule, check_type, word_for
from etl.core.errors import ContractError
from etl.receipts.arrow import PERSONAL

_COMPARISONS = (
    *("equal_to", "not_equal_to", "greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"),
    *("in_range", "isin", "notin"),
)
"""pandera's names of the rules that compare a column with values of its own."""


class Table(pa_check.DataFrameModel):  # type: ignore[misc]  # pandera is untyped to us
    """Base of every contract. Its class arguments are `Options`: how the engine treats the table."""

    __options__: ClassVar[Options] = Options()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__()
        cls.__options__ = read_options(options)


class Dimension(Table):
    """A table of members with a surrogate key and an unknown member 0."""


class Fact(Table):
    """A table of events or measurements that refers to dimensions."""


@dataclass(frozen=True)
class Contract(Options):
    """What the engine knows of one table: its columns, and what the options say.

    dropped: columns of personal data that `build` may return, and that are not published.
    """

    name: str
    model: type[Table]
    columns: tuple[Column, ...]
    dropped: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, model: type[Table]) -> "Contract":
        """Read the description of table `name` from its contract class."""
        _check_annotations(model)
        fields = _fields(model)
        declared = [_column(field, issubclass(model, Dimension)) for field in fields.values()]
        columns = list(with_history(list(folding(declared))))
        dropped = tuple(column.name for column in columns if column.pii is Pii.DROP)
        left = [column for column in columns if column.name not in dropped]
        return cls(name, model, tuple(_activated(name, left)), dropped, **vars(model.__options__))

    @property
    def is_dimension(self) -> bool:
        """Whether the table has a surrogate key of its own."""
        return issubclass(self.model, Dimension)

    @property
    def description(self) -> str:
        """The whole docstring, its first line the grain."""
        return inspect.cleandoc(self.model.__doc__ or "")

    @property
    def grain(self) -> str:
        """What one row is."""
        return self.description.partition("\n")[0]

    @cached_property
    def schema(self) -> pa.Schema:
        """The published columns, in order; what may be NULL in the published table is nullable."""
        return pa.schema([pa.field(c.name, c.type, c.nullable, PERSONAL if c.pii else None) for c in self.columns])

    @cached_property
    def built(self) -> tuple[Column, ...]:
        """The columns that `build` returns; the engine fills the others."""
        return tuple(c for c in self.columns if c.role not in OF_THE_ENGINE)

    @cached_property
    def declared(self) -> tuple[Column, ...]:
        """The columns that people read: all but the folded ones, which the engine keeps beside them."""
        return tuple(c for c in self.columns if not isinstance(c, Folded))

    @cached_property
    def surrogate_key(self) -> str | None:
        """The name of the dimension's own key."""
        return next((c.name for c in self.columns if c.role is Role.SURROGATE_KEY), None)

    @cached_property
    def natural_key(self) -> tuple[str, ...]:
        """The columns that identify a row in the source."""
        return tuple(c.name for c in self.columns if c.role is Role.NATURAL_KEY)

    @cached_property
    def change_key(self) -> str | None:
        """The column that tells a member's versions apart, in a dimension with history."""
        return next((c.name for c in self.columns if c.role in (Role.CHANGE_KEY, Role.FIRST_SEEN)), None)

    @cached_property
    def is_seen(self) -> bool:
        """Whether its history is what the nights saw, and not what the source tells."""
        return any(c.role is Role.FIRST_SEEN for c in self.columns)

    @property
    def has_history(self) -> bool:
        """Whether the dimension has a row for each version of a member."""
        return self.change_key is not None

    @cached_property
    def row_key(self) -> tuple[str, ...]:
        """The columns that identify a row of a dimension: a member, or a version of one."""
        return (*self.natural_key, *([self.change_key] if self.change_key else []))

    @cached_property
    def durable_key(self) -> str | None:
        """The column with the number of the member, the same in all its versions."""
        return next((c.name for c in self.columns if c.role is Role.DURABLE_KEY), None)

    @cached_property
    def grain_key(self) -> tuple[str, ...]:
        """The columns that identify a row: natural key and the references that belong to the grain."""
        return tuple(
            c.name for c in self.columns if c.role is Role.NATURAL_KEY or (isinstance(c, Reference) and c.grain)
        )

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """What is declared as the warehouse's primary key."""
        return (self.surrogate_key,) if self.surrogate_key else self.grain_key

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The columns that hold surrogate keys: of other tables, or of other members of this one."""
        return tuple(c for c in self.columns if isinstance(c, Reference))

    @cached_property
    def own_references(self) -> tuple[Reference, ...]:
        """The references to other members of the same dimension, as from an employee to the manager."""
        return tuple(c for c in self.references if c.dimension == self.name)

    @cached_property
    def relationships(self) -> tuple[Reference, ...]:
        """The references to other tables: neither BigQuery nor Power BI relates a table to itself."""
        return tuple(c for c in self.references if c.dimension != self.name)

    @cached_property
    def active_references(self) -> tuple[Reference, ...]:
        """The references by which the table is filtered and joined: one to each dimension."""
        return tuple(c for c in self.relationships if c.is_active)

    @cached_property
    def found_by(self) -> tuple[str, ...]:
        """The columns of what `build` returns by which members are found."""
        return tuple(dict.fromkeys(name for c in self.references for name in c.on))

    @cached_property
    def built_key(self) -> tuple[str, ...]:
        """The columns of what `build` returns that identify a row: for a reference those by which it is found."""
        on = {c.name: c.on for c in self.references}
        identifying = (*self.grain_key, *([self.change_key] if self.change_key and not self.is_seen else []))
        return tuple(dict.fromkeys(part for name in identifying for part in on.get(name, (name,))))

    @cached_property
    def as_of(self) -> tuple[str, ...]:
        """The columns of what `build` returns on whose day versions of members are looked up."""
        return tuple(dict.fromkeys(c.as_of for c in self.references if c.as_of))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The columns that analysts add up."""
        return tuple(c.name for c in self.columns if c.role is Role.MEASURE)

    @cached_property
    def personal(self) -> frozenset[str]:
        """The columns of what `build` returns that hold personal data: marked, or finding a marked key."""
        marked = frozenset(c.name for c in self.columns if c.pii) | {*self.dropped}
        return marked | {name for c in self.references for name in c.personal}

    @cached_property
    def hashed(self) -> frozenset[str]:
        """The columns of what `build` returns for whose values pseudonyms stand in the star."""
        found = {name for c in self.references for name in c.hashed}
        return frozenset(c.name for c in self.columns if c.is_hashed) | found


Contracts = Mapping[str, Contract]
"""Tables' contracts by their names."""


def _check_annotations(model: type[Table]) -> None:
    """Refuse what looks like a column and would be none."""
    declared = {name for base in model.__mro__ if issubclass(base, Table) for name in inspect.get_annotations(base)}
    for name, value in vars(model).items():
        if isinstance(value, type(attribute(""))) and name not in declared:
            raise ContractError(f"The column {name} has no type.", f"Write e.g. {name}: Text = attribute(…).")
    hidden = [name for name in inspect.get_annotations(model) if name.startswith("_")]
    if hidden:
        raise ContractError(
            f"The column {hidden[0]} begins with an underscore, which is reserved for the columns that build may add.",
            f"Rename it {hidden[0].lstrip('_') or 'with a letter'}.",
        )
    for name, (kind, hint) in _kinds(model).items():
        if kind is not None:
            check_type(name, kind)
        elif isinstance(plain := get_origin(hint) or hint, type) and plain is not UnionType:
            raise _no_word(name, plain)


def _fields(model: type[Table]) -> dict[str, Any]:
    """Return pandera's description of the columns."""
    try:
        return dict(model.to_schema().columns)
    except (pandera.errors.SchemaInitError, TypeError, ValueError):
        for name, (kind, hint) in _kinds(model).items():
            if kind is None:
                raise _no_word(name, hint) from None
        raise


def _kinds(model: type[Table]) -> dict[str, tuple[pa.DataType | None, Any]]:
    """Return the Arrow types that the columns' annotations name, and these: pandera takes some of them for others."""
    return {
        name: (next((kind for kind in getattr(hint, "__metadata__", ()) if isinstance(kind, pa.DataType)), None), hint)
        for name, hint in get_type_hints(model, include_extras=True).items()
        if not name.startswith("_") and name != "Config"
    }


def _no_word(name: str, hint: object = None) -> ContractError:
    """Refuse a column whose annotation is not a type of the vocabulary."""
    return ContractError(
        f"The column {name} is not declared in the words of etl.contract.",
        word_for(hint) or f"Write e.g. {name}: Text = attribute(…).",
    )


def _column(field: Any, of_dimension: bool) -> Column:
    meta = dict(field.metadata or {})
    kind = getattr(field.dtype.type, "pyarrow_dtype", None) if field.dtype else None
    if "role" not in meta or kind is None:
        raise _no_word(field.name)
    if not field.required:
        raise ContractError(f"The column {field.name} is Optional.", "Write nullable=True instead.")
    check_type(field.name, kind)
    for rule in field.checks:
        told = {name: value for name, value in (rule.statistics or {}).items() if not name.startswith("include_")}
        several = told.pop("allowed_values", told.pop("forbidden_values", ()))
        values = [*told.values(), *several] if rule.name in _COMPARISONS else []
        check_rule(field.name, kind, rule.name, values)
    check_pii(field.name, kind, meta, has_rules=bool(field.checks))
    check_folded(field.name, kind, meta)
    may_be_null = field.nullable or (of_dimension and _unknown_is_null(meta))
    made = Reference if meta["role"] is Role.REFERENCE else Column
    return made(name=field.name, type=kind, description=field.description or "", nullable=may_be_null, **meta)


def _activated(table: str, columns: Iterable[Column]) -> Iterator[Column]:
    """Mark the active references: to each dimension the first that may be, and none to the table itself."""
    seen = {table}
    for column in columns:
        if isinstance(column, Reference):
            is_active = column.active and column.dimension not in seen
            yield replace(column, is_active=is_active)
            seen |= {column.dimension} if is_active else set()
        else:
            yield column


def _unknown_is_null(meta: dict[str, Any]) -> bool:
    return meta["role"] not in (Role.SURROGATE_KEY, Role.REFERENCE) and meta.get("unknown") is None
