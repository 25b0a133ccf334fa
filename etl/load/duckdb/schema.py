"""The shapes of DuckDB's tables, as contracts want them and as they are, and what makes the one of the other.

Partitioning, clustering and keys are left out: DuckDB would check keys row by row, and has nothing like the rest.
"""

from collections.abc import Mapping, Sequence

import duckdb

from etl.contract.table import Contract
from etl.load import shape
from etl.load.duckdb.sql import literal, quoted
from etl.load.duckdb.types import written
from etl.load.shape import ColumnShape, Difference, Shape

Shapes = Mapping[str, Shape]
"""By table or view."""


def wanted(contract: Contract) -> Shape:
    """Return what a contract wants."""
    return shape.wanted(contract, written)


def found(connection: duckdb.DuckDBPyConnection, database: str) -> Shapes:
    """Return what the tables and views of a database's main schema look like, of views only that they are there."""
    here = "WHERE database_name = ? AND schema_name = 'main'"
    views = f"SELECT view_name FROM duckdb_views() {here}"
    shapes = {view: Shape((), kind="a view") for (view,) in connection.execute(views, [database]).fetchall()}
    columns: dict[str, list[ColumnShape]] = {}
    every = f"SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() {here}"
    for table, column, kind, nullable, comment in connection.execute(every, [database]).fetchall():
        columns.setdefault(table, []).append(ColumnShape(column, kind, nullable, comment or ""))
    tables = f"SELECT table_name, comment FROM duckdb_tables() {here}"
    for table, comment in connection.execute(tables, [database]).fetchall():
        shapes[table] = Shape(tuple(columns[table]), comment or "")
    return shapes


def compare(contract: Contract, shapes: Shapes) -> Difference:
    """Find how a table differs from its contract. shapes: what is there; DuckDB's names do not differ by case alone."""
    there = {name.casefold(): shape for name, shape in shapes.items()}
    return shape.compare(contract.name, wanted(contract), there.get(contract.name.casefold()))


def change(difference: Difference) -> Sequence[str]:
    """Write the statements that make a contract's table, or add to it what it lacks, with the contract's comments."""
    table, columns = quoted(difference.table), difference.wanted.columns
    if not difference.additive:
        return []
    if difference.found is None:
        defined = ", ".join(f"{_defined(column)}{' NOT NULL' * (not column.nullable)}" for column in columns)
        shaping = [f"CREATE TABLE {table} ({defined})"]
    else:
        shaping = [f"ALTER TABLE {table} ADD COLUMN {_defined(column)}" for column in difference.new_columns]
    return [
        *shaping,
        f"COMMENT ON TABLE {table} IS {literal(difference.wanted.description)}",
        *(f"COMMENT ON COLUMN {table}.{quoted(c.name)} IS {literal(c.description)}" for c in columns),
    ]


def _defined(column: ColumnShape) -> str:
    return f"{quoted(column.name)} {column.type}"
