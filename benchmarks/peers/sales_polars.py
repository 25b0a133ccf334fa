"""The sales fact by polars, lazily: folder of raw CSVs, of the star's CSVs, CSV to write, zone, the window's start.

Read twice, the first time the keys alone, so that no more than the rows of doubled keys are ever sorted: with a window
over all rows the whole lay in memory.
"""

import sys
from datetime import date
from pathlib import Path

import polars as pl
from sinks import write

raw, star, out, zone, start = sys.argv[1:]
SIGNED, PAID, RETURNED, TEST_ORDER = 2, 6, 9, 34
KEY, DEPLOYMENT = ["origin", "contract_id"], ["product_id", "edition"]
MONEY = pl.Decimal(18, 2)
TIMES = ["contracted_at", "returned_at", "updated_at"]
TYPES = {
    "origin": pl.String, "contract_id": pl.Int64, "client_id": pl.Int64, "product_id": pl.Int32, "edition": pl.Int32,
    "team_member_id": pl.Int32, "channel_code": pl.String, "instances": pl.Int32, "unit_price": pl.Decimal(12, 2),
    "status": pl.Int16, "order_kind": pl.Int16, "contracted_at": pl.String, "returned_at": pl.String,
    "contract_date_text": pl.String, "return_date_text": pl.String, "updated_at": pl.String,
}  # fmt: skip


def instant(name: str) -> pl.Expr:
    """Read a time as PostgreSQL writes it; NULL for one that is out of range."""
    return pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", strict=False)


def day(moment: str, text: str) -> pl.Expr:
    """Take the present system's instant in the business zone, or the outdated one's text."""
    typed = pl.col(text).str.strip_chars().str.to_date("%d/%m/%Y", strict=False)
    return pl.coalesce(instant(moment).dt.convert_time_zone(zone).dt.date(), typed)


def members(table: str, key: str, **columns: pl.DataType | type[pl.DataType]) -> pl.LazyFrame:
    """Read some columns of a dimension, its surrogate key under the name `key`, without the unknown member."""
    number = table.replace("dim", "", 1).strip("_") + "_key"
    frame = pl.scan_csv(f"{star}/{table}.*csv", schema_overrides={number: pl.Int64, **columns})
    return frame.filter(pl.col(number) != 0).select(pl.col(number).alias(key), *columns)


# A year of four digits; to read every time as one already here would cost each row three times as much.
readable = (pl.col(name).is_null() | (pl.col(name).str.slice(4, 1) == "-") for name in TIMES)
with Path(raw, "contracts.csv").open(encoding="utf-8") as file:
    columns = file.readline().strip().split(",")  # a query may give more than is read here
rows = pl.scan_csv(f"{raw}/contracts.csv", schema={name: TYPES.get(name, pl.String) for name in columns})
rows = rows.select(list(TYPES)).filter(pl.all_horizontal(readable))
doubled = rows.select(KEY).group_by(KEY).len().filter(pl.col("len") > 1).drop("len").drop_nulls()
order = [instant("updated_at"), "status", *(name for name in TYPES if name not in (*KEY, "updated_at", "status"))]
survivors = (
    rows.join(doubled, on=KEY, how="semi")
    .sort(order, descending=[True] + [False] * (len(order) - 1), nulls_last=True, maintain_order=True)
    .unique(KEY, keep="first", maintain_order=True)
)
counting = pl.concat([rows.join(doubled, on=KEY, how="anti"), survivors]).filter(
    pl.col("status").is_in([SIGNED, PAID, RETURNED]) & (pl.col("order_kind") != TEST_ORDER).fill_null(True)
)

returned = pl.col("status") == RETURNED
gross = pl.col("gross_revenue")
calendar = members("dim_date", "date_key", date=pl.Date)
deployments = members(
    "dim_deployment", "deployment_key", product_id=pl.Int32, edition=pl.Int32, closes_on=pl.Date, unit_price=MONEY
)
versions = members("dim_team_member", "team_member_key", team_member_id=pl.Int32, valid_from=pl.Date)
versions = versions.sort("valid_from")
sales = (
    counting.with_columns(
        channel_code=pl.col("channel_code").str.replace_all(r"\s+", " ").str.strip_chars().str.to_uppercase(),
        contract_date=day("contracted_at", "contract_date_text"),
        return_date=pl.when(returned).then(day("returned_at", "return_date_text")),
        is_returned=returned,
    )
    .join(deployments.rename({"unit_price": "list_price"}), on=DEPLOYMENT, how="left")
    .with_columns(unit_price=pl.coalesce("unit_price", "list_price").cast(MONEY))
    .with_columns(
        gross_revenue=(pl.col("instances").cast(MONEY) * pl.col("unit_price")).cast(MONEY),
        days_before_close=(pl.col("closes_on") - pl.col("contract_date")).dt.total_days(),
    )
    .filter(
        (pl.col("instances") >= 1) & (pl.col("unit_price") >= 0) & pl.col("contract_date").is_not_null()
        & pl.col("contract_id").is_not_null() & ~(pl.col("closes_on") < date.fromisoformat(start)).fill_null(False)
    )
    .join(calendar.rename({"date_key": "contract_date_key"}), left_on="contract_date", right_on="date", how="left")
    .join(calendar.rename({"date_key": "return_date_key"}), left_on="return_date", right_on="date", how="left")
    .join(members("dim_client", "client_key", client_id=pl.Int64), on="client_id", how="left")
    .join(members("dim_channel", "channel_key", channel_code=pl.String), on="channel_code", how="left")
    .sort("contract_date")
    .join_asof(versions, left_on="contract_date", right_on="valid_from", by="team_member_id", check_sortedness=False)
)  # fmt: skip
keys = ["contract_date_key", "return_date_key", "client_key", "deployment_key", "channel_key", "team_member_key"]
found = sales.select(
    *KEY,
    *(pl.col(key).fill_null(0) for key in keys),
    "contract_date", "return_date", "is_returned", "days_before_close", "instances", "unit_price", "gross_revenue",
    returned_revenue=pl.when(pl.col("is_returned")).then(-gross).otherwise(pl.lit(0).cast(MONEY)),
    net_revenue=pl.when(pl.col("is_returned")).then(pl.lit(0).cast(MONEY)).otherwise(gross),
)  # fmt: skip
write(found, out)
