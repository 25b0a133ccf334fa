"""What a person keeps in the DuckDB file that stands in the way of the published tables, each with its cure."""

from collections.abc import Iterator, Sequence

import duckdb


def of_database(connection: duckdb.DuckDBPyConnection, database: str, names: Sequence[str]) -> Iterator[str]:
    """Name the macros and foreign keys that would make a publish fail or lie. names: the published tables."""
    macros = (
        "SELECT DISTINCT function_name FROM duckdb_functions()"
        " WHERE database_name = ? AND schema_name = 'main' AND function_type LIKE '%macro'"
    )
    kept = connection.execute(macros, [database]).fetchall()
    if kept:  # to list functions takes long
        own = "SELECT function_name FROM duckdb_functions() WHERE internal AND function_type NOT LIKE 'table%'"
        kept = sorted({*kept} & {*connection.execute(own).fetchall()})
    for (macro,) in kept:
        yield f"{macro} is a macro, which is taken for DuckDB's own function {macro}: give it another name"
    ours = {name.casefold() for name in names}
    keys = (
        "SELECT table_name, referenced_table, constraint_text FROM duckdb_constraints()"
        " WHERE database_name = ? AND constraint_type = 'FOREIGN KEY'"
    )
    for table, referred, said in connection.execute(keys, [database]).fetchall():
        if referred.casefold() in ours:
            yield f"{table} has a {said}, but the rows of {referred} are replaced every night: make it without that key"
