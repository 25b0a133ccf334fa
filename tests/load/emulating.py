"""The emulator's own program, at half of what it costs: run in its environment, with its arguments.

It looks for a table a dozen times a statement, and for that asks DuckDB for all columns of all tables of all projects:
here it asks DuckLake's own catalogue for the one. And a few rows are sooner done by one thread than handed to others.
"""

import sys
from typing import Any

import duckdb
from local_bigquery.cli import main
from local_bigquery.engine import database

_CONNECT, _FETCH = duckdb.connect, database.fetch
_SCHEMAS = """SELECT '{project}' AS database_name, * FROM {lake}.ducklake_schema WHERE end_snapshot IS NULL"""
_INSTEAD = {
    "duckdb_schemas()": _SCHEMAS,
    "duckdb_tables()": f"""
        SELECT database_name, schema_name, each.*, coalesce(record_count, 0)::BIGINT AS estimated_size
        FROM {{lake}}.ducklake_table AS each JOIN ({_SCHEMAS}) USING (schema_id)
        LEFT JOIN {{lake}}.ducklake_table_stats USING (table_id) WHERE each.end_snapshot IS NULL""",
    "duckdb_views()": f"""
        SELECT database_name, schema_name, each.*, false AS internal
        FROM {{lake}}.ducklake_view AS each JOIN ({_SCHEMAS}) USING (schema_id) WHERE each.end_snapshot IS NULL""",
    "duckdb_columns()": f"""
        SELECT database_name, schema_name, table_name, each.*, nulls_allowed AS is_nullable
        FROM {{lake}}.ducklake_column AS each JOIN {{lake}}.ducklake_table AS of USING (table_id)
        JOIN ({_SCHEMAS}) USING (schema_id)
        WHERE each.end_snapshot IS NULL AND of.end_snapshot IS NULL AND parent_column IS NULL""",
}


def connect(*given: Any, config: dict[str, Any] | None = None, **named: Any) -> Any:
    """Connect to a database that has one thread."""
    return _CONNECT(*given, config={"threads": 1} | (config or {}), **named)


def fetch(sql: str, given: list[Any] | None = None) -> Any:
    """Run a query, which names a project first where it asks for what there is."""
    project = given[0] if given else None
    if project in database._attached:
        lake = database.quote(f"__ducklake_metadata_{project}")
        for function, instead in _INSTEAD.items():
            sql = sql.replace(function, f"({instead.format(project=project, lake=lake)})")
    return _FETCH(sql, given)


if __name__ == "__main__":
    duckdb.connect, database.fetch = connect, fetch
    sys.exit(main())
