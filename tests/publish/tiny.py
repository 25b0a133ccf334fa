"""A star of three members a table, each of one version and with one row of every fact: all joins hold."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from etl.contract import Night
from etl.contract.column import Column, Folded, Role
from etl.contract.folding import fold
from etl.contract.history import IS_CURRENT
from etl.contract.table import Contract
from etl.load.etl_runs import ETL_RUNS
from tables import dim_date

_ROWS = 3
_DAY = dt.date(2025, 1, 1)
_AS_OF = dt.datetime(2025, 2, 1, 1, 2, 3, 456789, dt.UTC)


class Tiny:
    """The tables. Row 0 of a dimension is its unknown member."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        self._connection = duckdb.connect()
        for name, contract in contracts.items():
            rows = _runs(contracts) if name == ETL_RUNS.name else [_row(contract, number) for number in range(_ROWS)]
            schema = pa.schema([field.with_nullable(True) for field in contract.schema])
            given = pa.Table.from_pylist(rows, schema)
            self._connection.register("given", given)
            self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")

    def read(self, sql: str) -> pa.Table:
        """Run a query."""
        return self._connection.sql(sql).to_arrow_table()

    def spoil(self, sql: str) -> None:
        """Change the tables, as a faulty load would."""
        self._connection.execute(sql)


def _row(contract: Contract, number: int) -> dict[str, Any]:
    is_unknown = contract.is_dimension and number == 0
    row = {column.name: _value(column, number, is_unknown) for column in contract.columns}
    row |= _calendar().get(row.get("date"), {}) if contract.name == "dim_date" else {}
    return row | {column.name: fold(row[column.of]) for column in contract.columns if isinstance(column, Folded)}


@cache
def _calendar() -> dict[object, dict[str, Any]]:
    """Give the days of the year as the calendar has them: SQL and DAX ask it for a year later in ways of their own."""
    night = Night(_AS_OF, _DAY, "UTC", _DAY)
    days = dim_date.build(pd.DataFrame(columns=["opened_on", "closes_on"]), night)
    return {row["date"]: row for row in days.to_dict("records")}


def _value(column: Column, number: int, is_unknown: bool) -> object:
    kind = column.type
    if column.role in (Role.SURROGATE_KEY, Role.REFERENCE):
        return number
    if is_unknown:
        return None
    if pa.types.is_boolean(kind):
        return number == 1 or column.name == IS_CURRENT
    if pa.types.is_string(kind):
        return f"{column.name} {number}"
    if pa.types.is_date(kind):
        return _DAY + dt.timedelta(days=number)
    if pa.types.is_timestamp(kind):
        return _AS_OF
    return Decimal(number * 10) if pa.types.is_decimal(kind) else number


def _runs(contracts: Mapping[str, Contract]) -> list[dict[str, Any]]:
    row = {"run_id": "r", "star_run": "s", "as_of": _AS_OF, "published_at": _AS_OF, "rejected": 0, "receipt": ""}
    return [row | {"table_name": name, "row_count": _ROWS} for name in contracts if name != ETL_RUNS.name]
