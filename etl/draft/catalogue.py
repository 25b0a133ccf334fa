"""What a source's catalogue knows: tables with their columns, keys and foreign keys, by SQLAlchemy's inspector.

Row estimates, which it lacks, are asked by each database's own query.
"""

import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Inspector, exc
from sqlalchemy.engine.reflection import ObjectKind

from etl.core.errors import UsageError
from etl.core.names import guess
from etl.draft.asking import Asking

_SYSTEM = ("information_schema", "performance_schema", "mysql", "sys", "pg_catalog", "pg_toast")


@dataclass(frozen=True)
class Column:
    """A column. type: as the catalogue writes it."""

    name: str
    type: str
    nullable: bool
    comment: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """Columns that refer to a table's. table: its full name; guessed: why it is taken for one, "" if it is declared."""

    columns: tuple[str, ...]
    table: str
    referred: tuple[str, ...]
    guessed: str = ""


@dataclass(frozen=True)
class Table:
    """A table, or a view. schema: "" for the default one; key: primary, else the first unique key without NULL.

    rows: an estimate, None where there is none; guessed: why the columns of `key` are taken for one, "" if declared.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    comment: str = ""
    rows: int | None = None
    is_view: bool = False
    guessed: str = ""
    names: dict[str, Column] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.names.update({column.name: column for column in self.columns})

    @property
    def full(self) -> str:
        """The name with its schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


Catalogue = dict[str, Table]


def read_catalogue(asking: Asking) -> Catalogue:
    """Read the tables that the role may see, by their full names; the views besides."""
    if asking.backend == "duckdb":
        from etl.draft import duckdb

        return {table.full: table for table in duckdb.tables(asking)}
    tables: Catalogue = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)  # of types that only this database knows
        for schema in _schemas(asking.inspector, asking.backend):
            named = schema or asking.inspector.default_schema_name or ""
            estimates, refused = asking.estimates(named), asking.refused(named)
            for table in _tables(asking, schema):
                if table.name in refused:
                    continue
                rows = estimates.get(table.name)
                tables[table.full] = Table(**{**_plain(table), "rows": rows})
    return tables


def found(catalogue: Catalogue, name: str, default: str) -> Table:
    """Return the table of a name, with or without its schema. Raises UsageError where none or several have it.

    default: the schema whose tables are called by their name alone.
    """
    for each in (name, name.removeprefix(f"{default}.") if default else name):
        if each in catalogue:
            return catalogue[each]
    lower = name.lower()
    near = [t for t in catalogue.values() if lower in (t.full.lower(), t.name.lower())]
    if len(near) == 1:
        return near[0]
    if near:
        raise UsageError(f"{len(near)} tables are called {name}.", f"Write one of: {', '.join(t.full for t in near)}.")
    raise UsageError(f"The source has no table {name} that we may see.", guess(name, catalogue))


def _plain(table: Table) -> dict[str, Any]:
    return {name: getattr(table, name) for name in Table.__dataclass_fields__ if name != "names"}


def _schemas(inspector: Inspector, backend: str) -> list[str]:
    """Name the schemas, "" for the default one. MySQL's are other databases, which the URL does not name."""
    if backend in ("mysql", "mariadb", "sqlite"):
        return [""]
    default = inspector.default_schema_name
    names = {name.rpartition(".")[2].strip('"') for name in inspector.get_schema_names()}
    others = sorted(n for n in names - {default} if n not in _SYSTEM and not n.startswith("pg_"))
    return ["", *others]


def _columns(asking: Asking, of: dict[str, Any]) -> Mapping[Any, Any]:
    """Read the columns of all tables; where the role may not look at one, of the others, one by one."""
    inspector = asking.inspector
    try:
        return inspector.get_multi_columns(**of)
    except exc.DBAPIError as fault:
        asking.begin_again()
        found: dict[Any, Any] = {}
        for name in [*inspector.get_table_names(of["schema"]), *inspector.get_view_names(of["schema"])]:
            try:
                found |= {(of["schema"], name): inspector.get_columns(name, of["schema"])}
            except exc.DBAPIError:
                asking.begin_again()
        if not found:
            raise fault from None
        return found


def _tables(asking: Asking, schema: str) -> Iterable[Table]:
    """Read a schema's tables, with one question for each kind of thing."""
    inspector = asking.inspector
    of: dict[str, Any] = {"schema": schema or None, "kind": ObjectKind.ANY}
    columns = _columns(asking, of)
    of["filter_names"] = [name for _, name in columns]
    views = {*inspector.get_view_names(schema=schema or None)}
    with suppress(NotImplementedError):
        views |= {*inspector.get_materialized_view_names(schema=schema or None)}
    keys, uniques, indexes, foreign, comments = (
        _told(getattr(inspector, f"get_multi_{what}"), of)
        for what in ("pk_constraint", "unique_constraints", "indexes", "foreign_keys", "table_comment")
    )
    types = asking.types()
    for place, listed in sorted(columns.items(), key=lambda item: item[0][1]):
        unique = [tuple(each["column_names"]) for each in uniques.get(place) or ()]
        unique += [
            tuple(each["column_names"])
            for each in indexes.get(place) or ()
            if each.get("unique") and None not in each["column_names"] and not _is_partial(each)
        ]
        made = tuple(_column(asking, each, types.get((place[1], each["name"]), "")) for each in listed)
        required = {column.name for column in made if not column.nullable}
        unique = list(dict.fromkeys(u for u in unique if u))
        primary = tuple((keys.get(place) or {}).get("constrained_columns") or ())
        yield Table(
            schema=schema,
            name=place[1],
            columns=made,
            key=primary or next((u for u in unique if required.issuperset(u)), ()),
            unique=tuple(unique),
            foreign_keys=tuple(_foreign(each) for each in foreign.get(place) or ()),
            comment=line((comments.get(place) or {}).get("text")),
            is_view=place[1] in views,
        )


def _is_partial(index: Any) -> bool:
    return bool((index.get("dialect_options") or {}).get("postgresql_where") or index.get("expressions"))


def _told(ask: Any, of: dict[str, Any]) -> dict[Any, Any]:
    """Ask for what not every database has."""
    try:
        return dict(ask(**of))
    except (NotImplementedError, exc.SQLAlchemyError):
        return {}


def _column(asking: Asking, told: Any, own: str) -> Column:
    """Make a column. own: its type, where the database has a word for it that SQLAlchemy may not know."""
    try:
        kind = own or told["type"].compile(asking.dialect)
    except exc.SQLAlchemyError:
        kind = str(told["type"])
    return Column(told["name"], kind, bool(told.get("nullable", True)), line(told.get("comment")))


def _foreign(told: Any) -> ForeignKey:
    where = told.get("referred_schema") or ""
    table = f"{where}.{told['referred_table']}" if where else told["referred_table"]
    return ForeignKey(tuple(told["constrained_columns"]), table, tuple(told["referred_columns"]))


def line(text: object) -> str:
    """Write a comment in one line."""
    return " ".join(str(text or "").split())
