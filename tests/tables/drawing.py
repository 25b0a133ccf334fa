"""Star tables drawn in Markdown: inputs become typed frames as the engine gives them, results become rows again.

∅ is NULL, an empty cell an empty text, · a blank, times are UTC. A column's name tells its type, as in the queries.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from etl.company.tables import TableFile, read_tables
from etl.contract import Night
from etl.testing import NULL, TONIGHT
from etl.testing.company import built, in_order
from etl.testing.company import plain as rows
from etl.testing.drawing import frame_of
from etl.transform.check import Checked

__all__ = ["NULL", "TONIGHT", "assert_drawn", "drawn", "judged", "nothing", "rows", "table_file"]

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
        "days_to_close",
        "first_days_before_close",
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
        "version",
    ]
)
_DAYS = frozenset(
    ["day", "date", "contract_date", "return_date", "movement_date", "first_contract_date", "valid_from", "valid_to"]
)
_FLAGS = frozenset(["returned_everything"])


def type_of(column: str) -> pa.DataType:
    """Tell a column's type by its name."""
    if column in _NUMBERS or column.endswith("_id"):
        return pa.int64()
    if column.endswith(("price", "revenue", "revenue_to_date")) or column.startswith("largest_"):
        return pa.decimal128(12, 2)
    if column.endswith("_at"):
        return pa.timestamp("us", "UTC")
    if column in _DAYS or column.endswith("_on"):
        return pa.date32()
    return pa.bool_() if column in _FLAGS or column.startswith(("is_", "has_")) else pa.string()


def drawn(table: str, query: str | None = None) -> pd.DataFrame:
    """Read a drawn table into a frame. query: what it delivers besides is NULL."""
    heads = [head.strip() for head in table.strip().splitlines()[0].strip().strip("|").split("|")]
    frame = frame_of(table, {name: type_of(name) for name in heads})
    others = [name for name in (QUERIES[query].split() if query else []) if name not in heads]
    nulls = {name: pd.Series([None] * len(frame), dtype=pd.ArrowDtype(type_of(name))) for name in others}
    return frame.assign(**nulls)


def nothing(query: str) -> pd.DataFrame:
    """Give the frame of a query that delivers no row."""
    return pa.table({name: pa.array([], type_of(name)) for name in QUERIES[query].split()}).to_pandas(
        types_mapper=pd.ArrowDtype
    )


def table_file(name: str) -> TableFile:
    """Read a file of tables/."""
    return read_tables(TABLES)[name]


def judged(name: str, night: Night = TONIGHT, **inputs: pd.DataFrame) -> Checked:
    """Build a star table from its inputs and check it as the engine does; every member that is named is known."""
    return built(table_file(name), inputs, night)


def assert_drawn(found: Checked | pd.DataFrame | pa.Table, expected: str) -> None:
    """Compare what was published with a drawn table, column by column of the drawing, in its order of rows."""
    wanted = drawn(expected)
    order = list(wanted.columns)
    frame = found.sound.loc[:, order] if isinstance(found, Checked) else found
    assert in_order(rows(frame, order)) == in_order(rows(wanted, order))
