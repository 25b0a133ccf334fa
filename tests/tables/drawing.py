"""Star tables drawn in Markdown: inputs become typed frames as the engine gives them, results become rows again.

∅ is NULL, an empty cell an empty text, · a blank, times are UTC. A column's name tells its type, as in the queries.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from etl.company.tables import TableFile, read_tables
from etl.contract import Night
from etl.transform.check import Checked, Members, check, check_columns
from etl.transform.frames import arrow_backed
from tests.drawn import cells_of

NULL = "∅"
TONIGHT = Night(
    as_of=datetime(2030, 3, 15, 2, 30, tzinfo=UTC),
    business_date=date(2030, 3, 15),
    time_zone="Europe/Madrid",
    window_start=date(2027, 3, 15),
)
TABLES = Path(__file__).parent.parent.parent / "tables"

QUERIES = {
    "channels": "channel_code name is_digital",
    "contracts": "origin contract_id client_id product_id edition team_member_id channel_code instances unit_price"
    " status order_kind contracted_at returned_at contract_date_text return_date_text updated_at",
    "deployments": "product_id edition name unit_price opened_on closes_on",
    "digital_clients": "client_id given_name paternal_name maternal_name email country registered_at is_global",
    "global_clients": "client_id given_name paternal_name maternal_name email country registered_at",
    "movements": "movement_id usage_id product_id edition team_member_id movement_type instances moved_at",
    "office_changes": "team_member_id office_id changed_at",
    "offices": "office_id name region opened_on",
    "products": "product_id name category",
    "self_usage": "team_member_id product_id edition used_on instances",
    "special_members": "team_member_id role",
    "team_members": "team_member_id office_id given_name paternal_name maternal_name email joined_on left_on",
    "web_analytics": "product_id edition day visits sessions sign_ups orders loaded_at",
}

_NUMBERS = frozenset(
    [
        "edition",
        "instances",
        "status",
        "order_kind",
        "movement_type",
        "visits",
        "sessions",
        "sign_ups",
        "orders",
        "contracts",
        "returned_contracts",
        "allocations",
        "returns",
        "reallocations",
        "self_usage_instances",
        "days_before_close",
        "year",
        "quarter",
        "month",
        "day_of_month",
        "iso_week",
        "weekday",
        "contracts_to_date",
        "previous_contracts_to_date",
        "previous_visits",
        "previous_orders",
    ]
)
_DAYS = frozenset(["day", "date", "contract_date", "return_date", "movement_date"])
_FLAGS = frozenset(["returned_everything"])


def type_of(column: str) -> pa.DataType:
    """Tell a column's type by its name."""
    if column in _NUMBERS or column.endswith("_id"):
        return pa.int64()
    if column.endswith(("price", "revenue", "revenue_to_date")):
        return pa.decimal128(12, 2)
    if column.endswith("_at"):
        return pa.timestamp("us", "UTC")
    if column in _DAYS or column.endswith("_on"):
        return pa.date32()
    return pa.bool_() if column in _FLAGS or column.startswith(("is_", "has_")) else pa.string()


def drawn(table: str, query: str | None = None) -> pd.DataFrame:
    """Read a drawn table into a frame. query: what it delivers besides is NULL."""
    heads = [head.strip() for head in table.strip().splitlines()[0].strip().strip("|").split("|")]
    cells = list(zip(*cells_of(table), strict=True)) or [()] * len(heads)
    columns = {head: [_value(text, type_of(head)) for text in texts] for head, texts in zip(heads, cells, strict=True)}
    for name in QUERIES[query].split() if query else []:
        columns.setdefault(name, [None] * len(next(iter(columns.values()))))
    arrays = {name: pa.array(values, type_of(name)) for name, values in columns.items()}
    return pa.table(arrays).to_pandas(types_mapper=pd.ArrowDtype)


def nothing(query: str) -> pd.DataFrame:
    """Give the frame of a query that delivers no row."""
    return pa.table({name: pa.array([], type_of(name)) for name in QUERIES[query].split()}).to_pandas(
        types_mapper=pd.ArrowDtype
    )


def rows(frame: pd.DataFrame | pa.Table, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Give the rows of a frame as plain values."""
    table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
    found: list[dict[str, Any]] = table.select(list(columns or table.column_names)).to_pylist()
    return found


def table_file(name: str) -> TableFile:
    """Read a file of tables/."""
    return read_tables(TABLES)[name]


def judged(name: str, night: Night = TONIGHT, **inputs: pd.DataFrame) -> Checked:
    """Build a star table from its inputs and check it as the engine does; every member that is named is known."""
    table = table_file(name)
    given = inputs | {"night": night}
    for partial in table.partials:
        stream = partial.parameters[0]
        given[stream] = partial.call(*(given[p] for p in partial.parameters))
    frame = table.build.call(*(given[p] for p in table.build.parameters)).reset_index(drop=True)
    check_columns(frame, table.contract)
    everybody = Members(_Everybody(), np.ones(1, np.int64))
    members = {column.dimension: everybody for column in table.contract.relationships}
    return check(arrow_backed(frame, name), table.contract, members)


def assert_drawn(found: Checked | pd.DataFrame | pa.Table, expected: str) -> None:
    """Compare what was published with a drawn table, column by column of the drawing, in its order of rows."""
    wanted = drawn(expected)
    frame = found.sound.loc[:, list(wanted.columns)] if isinstance(found, Checked) else found
    order = list(wanted.columns)
    assert _sorted(rows(frame, order)) == _sorted(rows(wanted, order))


class _Everybody:
    """Stands for a dimension that has every member."""

    def positions(self, columns: Sequence[pd.Series]) -> Any:
        missing = np.logical_or.reduce([column.isna().to_numpy() for column in columns])
        return np.where(missing, -1, 0)


def _sorted(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: [str(value) for value in row.values()])


def _value(text: str, kind: pa.DataType) -> Any:
    if text == NULL:
        return None
    if pa.types.is_integer(kind):
        return int(text)
    if pa.types.is_decimal(kind):
        return Decimal(text)
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    if pa.types.is_date(kind):
        return date.fromisoformat(text)
    return {"yes": True, "no": False}[text] if pa.types.is_boolean(kind) else text.replace("·", " ")
