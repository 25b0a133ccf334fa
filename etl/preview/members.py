"""Which members of a longer dimension a slice refers to: a condition on its query, so that they are found."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from etl.company.tables import NIGHT, TableFile
from etl.contract.column import Reference
from etl.contract.table import Contract

_MOST = 5_000
"""Members that are asked for one by one."""


def query_of(table: TableFile, tables: Mapping[str, TableFile]) -> str | None:
    """Name the query whose rows a table's are, where it is one alone."""
    queries = [name for name in table.inputs - {NIGHT} if name not in tables]
    if len(table.contract.rows_of) == 1:
        return table.contract.rows_of[0]
    return queries[0] if len(queries) == 1 else None


def condition(references: Iterable[Reference], rows: pd.DataFrame, dimension: Contract, columns: Iterable[str]) -> str:
    """Write the condition by which a dimension's query gives what some rows refer to; "" where that cannot be told.

    references: of the rows' table to that dimension; columns: of its query. Names have to be those of the queries.
    """
    key, known = dimension.natural_key, set(columns)
    if not known.issuperset(key):
        return ""
    asked: dict[tuple[str, ...], None] = {}
    for reference in references:
        if not set(reference.on) <= set(rows.columns):
            return ""
        for values in rows[list(reference.on)].dropna().drop_duplicates().itertuples(index=False):
            literals = tuple(map(_literal, values))
            if None in literals:
                return ""
            asked[tuple(map(str, literals))] = None
    if not asked or len(asked) > _MOST:
        return ""
    if len(key) == 1:
        return f"{{0}} IN ({', '.join(values[0] for values in asked)})"
    each = (" AND ".join(f"{{{place}}} = {value}" for place, value in enumerate(values)) for values in asked)
    return " OR ".join(f"({one})" for one in each)


def _literal(value: Any) -> str | None:
    """Write a value in SQL; None for one that databases write differently."""
    kind = pa.scalar(value).type
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return str(value)
    if pa.types.is_date(kind):
        return f"'{value}'"
    if pa.types.is_string(kind) and "\\" not in value and "\x00" not in value and "{" not in value and "}" not in value:
        return "'" + str(value).replace("'", "''") + "'"
    return None
