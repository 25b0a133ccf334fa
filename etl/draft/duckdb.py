"""The catalogue of a DuckDB file, by its own functions: SQLAlchemy asks it what only PostgreSQL has."""

from collections.abc import Iterator
from typing import Any

from etl.draft.asking import Asking
from etl.draft.catalogue import Column, ForeignKey, Table, line

_MAIN = "main"
_COLUMNS = (
    "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()"
    " WHERE NOT internal AND database_name = current_database() ORDER BY table_oid, column_index"
)
_KEYS = (
    "SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table,"
    " referenced_column_names FROM duckdb_constraints() WHERE database_name = current_database()"
    " ORDER BY constraint_index"
)
_TABLES = (
    "SELECT schema_name, table_name, comment, estimated_size FROM duckdb_tables()"
    " WHERE database_name = current_database()"
    " UNION ALL SELECT schema_name, view_name, comment, NULL FROM duckdb_views() WHERE NOT internal"
)


def tables(asking: Asking) -> Iterator[Table]:
    """Read the tables and views."""
    about = {(schema, name): (comment, rows) for schema, name, comment, rows in asking.rows(_TABLES) or []}
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, name, column, kind, nullable, comment in asking.rows(_COLUMNS) or []:
        columns.setdefault((schema, name), []).append(Column(column, kind, bool(nullable), line(comment)))
    keys: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for schema, name, *told in asking.rows(_KEYS) or []:
        keys.setdefault((schema, name), []).append(tuple(told))
    for (schema, name), listed in columns.items():
        comment, rows = about.get((schema, name), ("", None))
        told = keys.get((schema, name), [])
        unique = tuple(tuple(names) for kind, names, *_ in told if kind == "UNIQUE")
        primary = next((tuple(names) for kind, names, *_ in told if kind == "PRIMARY KEY"), ())
        required = {column.name for column in listed if not column.nullable}
        where = "" if schema == _MAIN else schema
        yield Table(
            schema=where,
            name=name,
            columns=tuple(listed),
            key=primary or next((names for names in unique if required.issuperset(names)), ()),
            unique=unique,
            foreign_keys=tuple(
                ForeignKey(tuple(names), f"{where}.{table}" if where else table, tuple(theirs))
                for kind, names, table, theirs in told
                if kind == "FOREIGN KEY"
            ),
            comment=line(comment),
            rows=None if rows is None else int(rows),
            is_view=rows is None,
        )
