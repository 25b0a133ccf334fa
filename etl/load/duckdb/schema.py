"""A contract in DuckDB's words: the statements that make and change its table, and how a table differs from it."""

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from etl.contract import Contract
from etl.receipts.duckdb import DUCKDB

Tables = dict[str, tuple[str | None, dict[str, tuple[str, bool, str | None]]]]
"""By table: its comment, and by column its type, whether it may be NULL, and its comment."""

_TYPES = {
    pa.int64(): "BIGINT",
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us", "UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.float64(): "DOUBLE",
}


quoted = DUCKDB.quoted


def text(value: str) -> str:
    """Write a text."""
    return "'" + value.replace("'", "''") + "'"


def column_type(kind: pa.DataType) -> str:
    """Give the type's name as DuckDB prints it."""
    return f"DECIMAL({kind.precision},{kind.scale})" if pa.types.is_decimal(kind) else _TYPES[kind]


def mend(contract: Contract, found: Tables) -> list[str]:
    """Write the statements that make a contract's table, or add to it what it lacks, with the contract's comments."""
    table, there = quoted(contract.name), found[contract.name][1] if contract.name in found else None
    columns = {c.name: f"{quoted(c.name)} {column_type(c.type)}" for c in contract.columns}
    if there is None:
        required = {c.name for c in contract.columns if not c.nullable}
        defined = ", ".join(column + " NOT NULL" * (name in required) for name, column in columns.items())
        shape = [f"CREATE TABLE {table} ({defined})"]
    else:
        shape = [f"ALTER TABLE {table} ADD COLUMN {column}" for name, column in columns.items() if name not in there]
    if there is not None and mending(contract, found) is None:
        return []
    return [
        *shape,
        f"COMMENT ON TABLE {table} IS {text(contract.description)}",
        *(f"COMMENT ON COLUMN {table}.{quoted(c.name)} IS {text(c.description)}" for c in contract.columns),
    ]


def obstacles(connection: duckdb.DuckDBPyConnection, database: str, names: Sequence[str]) -> Iterator[str]:
    """Name what a person keeps in a database that stands in the way of the published tables."""
    here, ours = "WHERE database_name = ? AND schema_name = 'main'", {name.casefold() for name in names}
    views = f"SELECT view_name FROM duckdb_views() {here}"
    for (view,) in connection.execute(views, [database]).fetchall():
        if view.casefold() in ours:
            yield f"{view} is a view, in the contracts a table"
    macros = (
        "SELECT DISTINCT function_name FROM duckdb_functions()"
        f" {here} AND function_type LIKE '%macro' AND function_name IN (SELECT function_name FROM duckdb_functions()"
        " WHERE internal AND function_type NOT LIKE 'table%')"
    )
    for (macro,) in connection.execute(macros, [database]).fetchall():
        yield f"{macro} is a macro, which is taken for DuckDB's own function {macro}: give it another name"
    keys = (
        "SELECT table_name, referenced_table, constraint_text FROM duckdb_constraints()"
        " WHERE database_name = ? AND constraint_type = 'FOREIGN KEY'"
    )
    for table, referred, said in connection.execute(keys, [database]).fetchall():
        if referred.casefold() in ours:
            yield f"{table} has a {said}, but the rows of {referred} are replaced every night: make it without that key"


def tables(connection: duckdb.DuckDBPyConnection, database: str) -> Tables:
    """Read what the tables of a database's main schema look like."""
    found: Tables = {}
    here = "WHERE database_name = ? AND schema_name = 'main'"
    tables = f"SELECT table_name, comment FROM duckdb_tables() {here}"
    for name, comment in connection.execute(tables, [database]).fetchall():
        found[name] = (comment, {})
    columns = f"SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() {here}"
    for table, column, kind, nullable, comment in connection.execute(columns, [database]).fetchall():
        if table in found:
            found[table][1][column] = (kind, nullable, comment)
    return found


def differences(contract: Contract, found: Tables) -> Iterator[str]:
    """Name what a person has to fix: columns gone, of another type or mode, or new and REQUIRED."""
    if contract.name not in found:
        return
    columns, table = found[contract.name][1], contract.name
    wanted = {column.name: column for column in contract.columns}
    for name in columns:
        if name not in wanted:
            yield f"{table}.{name} is no longer in the contract"
    for name, column in wanted.items():
        if name not in columns:
            if not column.nullable:
                yield f"{table}.{name} is new in the contract and may not be NULL"
            continue
        kind, nullable, _ = columns[name]
        if kind != column_type(column.type):
            yield f"{table}.{name} is {kind}, in the contract {column_type(column.type)}"
        if nullable != column.nullable:
            yield f"{table}.{name} is {_mode(nullable)}, in the contract {_mode(column.nullable)}"


def mending(contract: Contract, found: Tables) -> str | None:
    """Say in a sentence what is created, or what is added and renewed; nothing where all is as in the contract."""
    if contract.name not in found:
        return f"The table {contract.name} is created."
    comment, columns = found[contract.name]
    gets = [f"the column {c.name} {column_type(c.type)}" for c in contract.columns if c.name not in columns]
    told = {c.name: c.description for c in contract.columns if c.name in columns}
    if comment != contract.description or told != {name: columns[name][2] for name in told}:
        gets.append("its contract's descriptions")
    return f"{contract.name} gets {', '.join(gets)}." if gets else None


def _mode(nullable: bool) -> str:
    return "NULLABLE" if nullable else "REQUIRED"
